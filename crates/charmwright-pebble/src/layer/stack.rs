//! Layers over layers, and the plan that they make.

use super::{GoDuration, Layer};
use std::time::Duration;

use super::merge::fold;
use super::validate::{self, LayerError};

/// How many failures in a row Pebble takes for a check that is down, unless the check says.
const THRESHOLD: u64 = 3;
/// How often Pebble tries a check, unless the check says.
const PERIOD: Duration = Duration::from_secs(10);

/// The layers of a daemon, in their order: what the plan would be, without asking.
///
/// It folds and refuses as Pebble 1.19 to 1.32 does, but for what only a container knows: the users of checks are not
/// looked up.
///
/// ```
/// use charmwright_pebble::{Layer, Layers, Override, Service};
///
/// let mut layers = Layers::new();
/// layers.append("base", Layer::new().service("web", Service::new("/bin/web")))?;
/// let more = Service::default().override_by(Override::Merge).env("LEVEL", "debug");
/// layers.combine("charm", Layer::new().service("web", more))?;
/// assert_eq!(layers.plan().services["web"].command, "/bin/web");
/// assert_eq!(layers.plan().services["web"].environment["LEVEL"], "debug");
/// # Ok::<(), charmwright_pebble::LayerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers(Vec<(String, Layer)>);

impl Layers {
    /// No layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The labels, lowest first.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(label, _)| label.as_str())
    }

    /// Adds a layer, or folds it into the one of the same label, which stays where it is: as
    /// [`Client::add_layer`](crate::Client::add_layer) does.
    ///
    /// # Errors
    ///
    /// If Pebble would refuse it. The layers are then as they were.
    pub fn combine(&mut self, label: &str, layer: Layer) -> Result<(), LayerError> {
        self.combine_within(label, layer, false)
    }

    /// The same; `inner` allows a label `folder/name` to be put after the others of that folder, below layers above
    /// (Pebble 1.17 and later).
    ///
    /// # Errors
    ///
    /// As for [`combine`](Self::combine).
    pub fn combine_within(&mut self, label: &str, layer: Layer, inner: bool) -> Result<(), LayerError> {
        let Some(at) = self.0.iter().position(|(known, _)| known == label) else {
            return self.append_within(label, layer, inner);
        };
        validate::layer(label, &layer)?;
        let mut layers = self.clone();
        if let Some((_, old)) = layers.0.get_mut(at) {
            *old = folded([&*old, &layer]);
        }
        layers.checked().map(|layers| *self = layers)
    }

    /// Adds a layer of a new label.
    ///
    /// # Errors
    ///
    /// If there is one of that label, or Pebble would refuse it. The layers are then as they were.
    pub fn append(&mut self, label: &str, layer: Layer) -> Result<(), LayerError> {
        self.append_within(label, layer, false)
    }

    /// The same; see [`combine_within`](Self::combine_within).
    ///
    /// # Errors
    ///
    /// As for [`append`](Self::append).
    pub fn append_within(&mut self, label: &str, layer: Layer, inner: bool) -> Result<(), LayerError> {
        validate::layer(label, &layer)?;
        if self.labels().any(|known| known == label) {
            return Err(LayerError::exists(label));
        }
        let folder = |label: &str| label.split('/').next().map(str::to_owned);
        let last_of_folder = self.0.iter().rposition(|(known, _)| folder(known) == folder(label));
        let at = last_of_folder.map_or(self.0.len(), |at| at + 1);
        if at != self.0.len() && !inner {
            return Err(LayerError::not_inner(label));
        }
        let mut layers = self.clone();
        layers.0.insert(at, (label.to_owned(), layer));
        layers.checked().map(|layers| *self = layers)
    }

    /// The plan, as [`Client::plan`](crate::Client::plan) reads it.
    pub fn plan(&self) -> Layer {
        let mut plan = folded(self.0.iter().map(|(_, layer)| layer));
        plan.summary.clear();
        plan.description.clear();
        plan
    }

    fn checked(self) -> Result<Self, LayerError> {
        validate::plan(&self.plan())?;
        Ok(self)
    }
}

/// One layer made of several, the lowest first.
fn folded<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Layer {
    let mut all = Layer::new();
    for layer in layers {
        all.summary.clone_from(&layer.summary);
        all.description.clone_from(&layer.description);
        fold(&mut all.services, &layer.services);
        fold(&mut all.checks, &layer.checks);
        fold(&mut all.log_targets, &layer.log_targets);
        fold(&mut all.workloads, &layer.workloads);
    }
    normalise(&mut all);
    all
}

/// Writes down what checks do not say. Pebble does so whenever it folds, also two layers of one label: the default is then
/// as good as written.
pub(super) fn normalise(plan: &mut Layer) {
    for check in plan.checks.values_mut() {
        check.threshold = check.threshold.filter(|threshold| *threshold != 0).or(Some(THRESHOLD));
        // A timeout that is longer than the period is written down, too.
        let period = check.period.as_ref().and_then(GoDuration::to_duration).unwrap_or(PERIOD);
        if check.timeout.as_ref().and_then(GoDuration::to_duration).is_some_and(|timeout| timeout > period) {
            check.timeout = Some(period.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Check, Override, Service};
    use super::*;

    fn web() -> Layer {
        Layer::new().service("web", Service::new("/bin/web"))
    }

    #[test]
    fn a_layer_is_folded_where_it_stands() {
        let mut layers = Layers::new();
        layers.append("a", web()).unwrap();
        layers.append("b", Layer::new().service("web", Service::new("/bin/other"))).unwrap();
        layers.combine("a", Layer::new().service("web", Service::new("/bin/new"))).unwrap();
        assert_eq!(layers.plan().services["web"].command, "/bin/other");
        assert_eq!(layers.labels().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn lists_grow_under_merge_and_the_older_rule_stays() {
        let mut layers = Layers::new();
        layers.append("a", Layer::new().service("web", Service::new("x").after(["b"]))).unwrap();
        let more = Service::default().override_by(Override::Merge).after(["b"]);
        for _ in 0..2 {
            layers.combine("c", Layer::new().service("web", more.clone())).unwrap();
        }
        let plan = layers.plan();
        assert_eq!(plan.services["web"].after, ["b", "b", "b"]);
        assert_eq!(plan.services["web"].r#override, Override::Replace);
    }

    #[test]
    fn folding_writes_the_default_threshold_down() {
        let check = |threshold| Check { threshold, ..Check::tcp(1).override_by(Override::Merge) };
        let mut layers = Layers::new();
        layers.append("a", Layer::new().check("up", check(Some(5)))).unwrap();
        layers.append("b", Layer::new().check("up", check(None))).unwrap();
        assert_eq!(layers.plan().checks["up"].threshold, Some(5));
        layers.combine("b", Layer::new().check("up", check(None))).unwrap();
        assert_eq!(layers.plan().checks["up"].threshold, Some(3));
    }

    #[test]
    fn a_timeout_is_never_longer_than_the_period() {
        let timeout = |check: Check| {
            let mut layers = Layers::new();
            layers.append("a", Layer::new().check("up", check)).unwrap();
            layers.plan().checks["up"].timeout.as_ref().map(ToString::to_string)
        };
        let hour = Duration::from_hours(1);
        assert_eq!(timeout(Check::tcp(1).timeout(hour)).as_deref(), Some("10s"));
        assert_eq!(timeout(Check::tcp(1).timeout(hour).period(hour)).as_deref(), Some("1h0m0s"));
        assert_eq!(timeout(Check::tcp(1).period(Duration::from_secs(1))), None);
    }

    #[test]
    fn a_folder_of_layers_stays_together() {
        let mut layers = Layers::new();
        for label in ["a/1", "b"] {
            layers.append(label, Layer::new()).unwrap();
        }
        let error = layers.append("a/2", Layer::new()).unwrap_err();
        assert!(error.to_string().contains("'inner'"), "{error}");
        layers.append_within("a/2", Layer::new(), true).unwrap();
        layers.append("b/1", Layer::new()).unwrap();
        assert_eq!(layers.labels().collect::<Vec<_>>(), ["a/1", "a/2", "b", "b/1"]);
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let mut layers = Layers::new();
        layers.append("a", web()).unwrap();
        let before = layers.clone();
        for bad in [
            Layer::new().service("web", Service::new("'")),
            Layer::new().service("web", Service::new("x").requires(["none"])),
            Layer::new().service("x", Service::default()),
            Layer::new().check("up", Check::default()),
        ] {
            layers.combine("a", bad.clone()).unwrap_err();
            layers.append("b", bad).unwrap_err();
            assert_eq!(layers, before);
        }
        assert!(layers.append("a", web()).is_err());
        assert!(layers.append("pebble-x", web()).is_err());
    }
}
