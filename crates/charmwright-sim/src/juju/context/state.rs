//! What the charm stores with the controller: read once, then changed here.

use super::{Failure, Run};
use crate::juju::controller::{Bag, check_state_value, quoted};

impl Run<'_> {
    fn loaded_state(&mut self) -> Result<&mut Bag, Failure> {
        if self.context.charm_state.is_none() {
            let read = self.controller().charm_state();
            let state =
                read.map_err(|error| Failure::from(error).while_doing("loading unit state from database"))?;
            self.context.charm_state = Some(state);
            self.context.charm_state_changed = false;
        }
        Ok(self.context.charm_state.get_or_insert_default())
    }

    /// All that is stored; `None` if that is nothing.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn charm_state(&mut self) -> Result<Option<Bag>, Failure> {
        let state = self.loaded_state()?;
        Ok((!state.is_empty()).then(|| state.clone()))
    }

    /// One value that is stored.
    ///
    /// # Errors
    ///
    /// There is none under that key.
    pub fn charm_state_value(&mut self, key: &str) -> Result<String, Failure> {
        self.loaded_state()?.get(key).cloned().ok_or_else(|| Failure::not_found(quoted(key)))
    }

    /// Stores a value.
    ///
    /// # Errors
    ///
    /// The key or the value is too long.
    pub fn set_charm_state_value(&mut self, key: &str, value: &str) -> Result<(), Failure> {
        self.loaded_state()?;
        check_state_value(key, value)?;
        let state = self.loaded_state()?;
        if state.get(key).is_none_or(|have| have != value) {
            state.insert(key.to_owned(), value.to_owned());
            self.context.charm_state_changed = true;
        }
        Ok(())
    }

    /// Forgets a value.
    ///
    /// # Errors
    ///
    /// The controller does not answer.
    pub fn delete_charm_state_value(&mut self, key: &str) -> Result<(), Failure> {
        if self.loaded_state()?.remove(key).is_some() {
            self.context.charm_state_changed = true;
        }
        Ok(())
    }
}
