//! `relation-ids`, `relation-list`, `relation-get`, `relation-set`

use serde_json::{Value, json};

use super::{Answer, Call, pairs};
use crate::events::Hook;
use crate::hook::context::Owner;
use crate::hook::server::Reply;
use crate::model::{Bag, Relation, merge};

impl Call<'_> {
    pub(super) fn relation_ids(&self) -> Answer {
        let endpoint = match (self.options.rest.first(), &self.context.hook) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Hook::Relation { relation, .. }) => {
                self.model.relations.get(relation).map(|one| one.endpoint.clone()).unwrap_or_default()
            }
            (None, _) => return Err(Reply::error(2, "no endpoint name specified")),
        };
        let broken = match &self.context.hook {
            Hook::Relation { kind: "broken", relation, .. } => Some(*relation),
            _ => None,
        };
        let listed = |(id, one): &(&u64, &Relation)| {
            one.endpoint == endpoint && Some(**id) != broken && one.is_entered(self)
        };
        let mut ids: Vec<String> =
            self.model.relations.iter().filter(listed).map(|(id, _)| format!("{endpoint}:{id}")).collect();
        ids.sort();
        self.print(&json!(ids))
    }

    /// The relation that the command is about: `-r`, or that of the running hook.
    fn relation(&self) -> Result<u64, Reply> {
        let Some(text) = &self.options.relation else {
            return match &self.context.hook {
                Hook::Relation { relation, .. } => Ok(*relation),
                _ => Err(Reply::error(2, "no relation id specified")),
            };
        };
        let wrong = |cause: &str| Reply::error(2, &format!("invalid value {text:?} for option -r: {cause}"));
        let number = text.rsplit_once(':').map_or(text.as_str(), |(_, number)| number);
        let id = number.parse().map_err(|_| wrong("invalid relation id"))?;
        if self.model.relations.contains_key(&id) { Ok(id) } else { Err(wrong("relation not found")) }
    }

    pub(super) fn relation_list(&self) -> Answer {
        let id = self.relation()?;
        let one = &self.model.relations[&id];
        if self.options.has("app") {
            return self.print(&json!(one.app));
        }
        let (kind, subject) = match &self.context.hook {
            Hook::Relation { kind, relation, unit } if *relation == id => (*kind, unit.clone()),
            _ => ("", None),
        };
        let mut units: Vec<String> = one.told.members.keys().cloned().collect();
        match (kind, subject) {
            ("departed", Some(unit)) => units.retain(|one| *one != unit),
            (_, Some(unit)) if !units.contains(&unit) => units.push(unit),
            _ => {}
        }
        units.sort();
        self.print(&json!(units))
    }

    pub(super) fn relation_get(&self) -> Answer {
        let id = self.relation()?;
        let key = self.options.rest.first().map_or("-", String::as_str);
        let (default_unit, default_app) = match &self.context.hook {
            Hook::Relation { relation, unit, .. } if *relation == id => (unit.clone(), true),
            _ => (None, false),
        };
        let one = &self.model.relations[&id];
        let named = self
            .options
            .rest
            .get(1)
            .cloned()
            .or(default_unit)
            .or_else(|| default_app.then(|| one.app.clone()));
        let target = named.ok_or_else(|| Reply::error(2, "no unit or application specified"))?;
        let bag = if self.options.has("app") || (self.options.rest.len() < 2 && !target.contains('/')) {
            self.app_bag(id, one, target.split('/').next().unwrap_or_default())?
        } else {
            self.unit_bag(id, one, &target)?
        };
        match key {
            "-" | "" => self.print(&json!(bag)),
            key => self.print(&bag.get(key).map_or(Value::Null, |value| json!(value))),
        }
    }

    fn app_bag(&self, id: u64, one: &Relation, app: &str) -> Result<Bag, Reply> {
        if app == self.model.app {
            if !self.model.leader && !one.peer {
                return Err(Reply::error(1, "permission denied"));
            }
            return Ok(self.with_pending(id, Owner::Application, &one.local_app));
        }
        if app == one.app {
            Ok(one.remote_app.bag.clone())
        } else {
            Err(Reply::error(1, "permission denied"))
        }
    }

    fn unit_bag(&self, id: u64, one: &Relation, unit: &str) -> Result<Bag, Reply> {
        if !unit.contains('/') {
            return Err(Reply::error(2, &format!("expected unit name, got application name {unit:?}")));
        }
        if unit == self.model.unit {
            return Ok(self.with_pending(id, Owner::Unit, &one.local_unit));
        }
        one.units.get(unit).map(|bag| bag.bag.clone()).ok_or_else(|| Reply::error(1, "permission denied"))
    }

    fn with_pending(&self, id: u64, owner: Owner, bag: &Bag) -> Bag {
        let mut bag = bag.clone();
        if let Some(pending) = self.context.bags.get(&(id, owner)) {
            merge(&mut bag, pending);
        }
        bag
    }

    pub(super) fn relation_set(&mut self) -> Answer {
        let id = self.relation()?;
        let owner = if self.options.has("app") { Owner::Application } else { Owner::Unit };
        let mut changes = self.file()?;
        changes.extend(pairs(&self.options.rest)?);
        if owner == Owner::Application && !self.model.leader {
            return Err(Reply::error(1, "cannot write relation settings"));
        }
        self.context.bags.entry((id, owner)).or_default().extend(changes);
        Ok(Reply::default())
    }
}

impl Relation {
    /// Whether the agent lists the relation. All new relations are entered before the first `relation-created`.
    fn is_entered(&self, call: &Call<'_>) -> bool {
        self.told.created || matches!(call.context.hook, Hook::Relation { kind: "created", .. })
    }
}
