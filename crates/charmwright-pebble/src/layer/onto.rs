//! What a plan becomes when a layer is added to it.

use super::Layer;
use super::merge::fold;
use super::stack::normalise;
use crate::daemon::only_new_items;

impl Layer {
    /// The plan that `plan` becomes when this layer is added, as [`Client::add_layer`](crate::Client::add_layer) adds
    /// layers: what stands in a plan already does not grow it. Nothing is checked: see [`Layers`](super::Layers).
    ///
    /// Pebble writes down what an entry does not say (how many failures make a check down), cuts a check's timeout to its
    /// period, and keeps of a merged entry what the layer does not name. So a layer is in effect if this gives the plan
    /// again, and not only if its entries stand there literally.
    ///
    /// ```
    /// use charmwright_pebble::{Layer, Override, Service};
    ///
    /// let plan = Layer::new().service("web", Service::new("/bin/web").env("FROM", "image"));
    /// let more = Service::default().override_by(Override::Merge).env("LEVEL", "debug");
    /// let after = Layer::new().service("web", more.clone()).onto(&plan);
    /// assert_eq!(after.services["web"].environment.len(), 2);
    /// assert_eq!(Layer::new().service("web", more).onto(&after), after);
    /// ```
    #[must_use]
    pub fn onto(&self, plan: &Self) -> Self {
        let new = only_new_items(self, plan);
        let mut after = plan.clone();
        fold(&mut after.services, &new.services);
        fold(&mut after.checks, &new.checks);
        fold(&mut after.log_targets, &new.log_targets);
        fold(&mut after.workloads, &new.workloads);
        normalise(&mut after);
        after
    }
}
