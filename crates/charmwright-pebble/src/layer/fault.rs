//! What Pebble takes, and what can never go well: it may even kill the daemon.

use super::merge::fold;
use super::{Check, Command, Layer, Override, Service, url};

impl Check {
    /// Why this check can never succeed, whatever the workload does, and the cure; none if it can.
    ///
    /// Pebble takes such a check. Every version up to 1.32 ends with a panic when it runs one whose command has no words
    /// or whose period is negative, and 1.19 when it runs one whose URL it cannot take apart, such as `0.0.0.0:8080/up`.
    /// So [`add_layer`](crate::Client::add_layer) refuses them.
    ///
    /// ```
    /// use charmwright_pebble::Check;
    ///
    /// assert_eq!(Check::http("http://localhost:8080/up").fault(), None);
    /// let fault = Check::http("0.0.0.0:8080/up").fault().unwrap();
    /// assert_eq!(fault, "its URL has no scheme, begin it with http:// or https://");
    /// ```
    pub fn fault(&self) -> Option<String> {
        // What is empty is merged in from below, or refused by Pebble.
        let url = self
            .http
            .as_ref()
            .map(|http| http.url.as_str())
            .filter(|url| !url.is_empty())
            .and_then(url::fault);
        let command = self.exec.as_ref().is_some_and(|exec| is_blank(&exec.command));
        let is_negative = self.period.as_ref().is_some_and(|period| period.as_str().starts_with('-'));
        let fault = match url {
            Some(fault) => fault,
            None if command => NO_WORDS,
            None if is_negative => "its period is negative, write one as in 10s",
            None => return None,
        };
        Some(fault.to_owned())
    }
}

const NO_WORDS: &str = "its command has no words, write a program and its arguments";

impl Service {
    /// Why this service can never start, and the cure; none if it can. Pebble takes such a service, and every version up to
    /// 1.32 ends with a panic when it is started.
    pub fn fault(&self) -> Option<String> {
        is_blank(&self.command).then(|| NO_WORDS.to_owned())
    }
}

fn is_blank(command: &str) -> bool {
    !command.is_empty() && Command::words(command).is_ok_and(|words| words.is_empty())
}

/// What is wrong with an entry of the layer.
pub(crate) fn of_layer(layer: &Layer) -> Option<String> {
    let of_check =
        |(name, check): (&String, &Check)| check.fault().map(|fault| format!("check {name:?}: {fault}"));
    let of_service = |(name, service): (&String, &Service)| {
        service.fault().map(|fault| format!("service {name:?}: {fault}"))
    };
    layer.checks.iter().find_map(of_check).or_else(|| layer.services.iter().find_map(of_service))
}

/// Whether an entry of the layer becomes what the plan makes of it.
pub(crate) fn is_merged(layer: &Layer) -> bool {
    layer.checks.values().any(|check| check.r#override == Override::Merge)
        || layer.services.values().any(|service| service.r#override == Override::Merge)
}

/// What is wrong with an entry of the layer as it will stand in the plan.
pub(crate) fn of_merged(layer: &Layer, plan: &Layer) -> Option<String> {
    let mut all = Layer::new();
    all.checks = plan.checks.clone();
    all.services = plan.services.clone();
    fold(&mut all.checks, &layer.checks);
    fold(&mut all.services, &layer.services);
    all.checks.retain(|name, _| layer.checks.contains_key(name));
    all.services.retain(|name, _| layer.services.contains_key(name));
    of_layer(&all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{ExecCheck, Startup};

    #[test]
    fn a_command_without_words_is_a_fault() {
        for command in [" ", "\t", "# x", " \n# x"] {
            assert_eq!(Check::exec(command).fault().as_deref(), Some(NO_WORDS), "{command:?}");
            assert_eq!(Service::new(command).fault().as_deref(), Some(NO_WORDS), "{command:?}");
        }
        // The first is refused by Pebble, and the others do no harm.
        for command in ["", "''", "x", "[ x ]", "'"] {
            assert_eq!(Check::exec(command).fault(), None, "{command:?}");
            assert_eq!(Service::new(command).fault(), None, "{command:?}");
        }
    }

    #[test]
    fn a_negative_period_is_a_fault() {
        let mut check = Check::tcp(80);
        check.period = Some("-1s".into());
        assert!(check.fault().unwrap().contains("period"));
    }

    #[test]
    fn a_fault_that_is_merged_in_is_found_where_the_layer_touches_it() {
        let bad = Check::http(":80").startup(Startup::Disabled);
        let plan = Layer::new().check("bad", bad).check("good", Check::exec(ExecCheck::new("x")));
        let enabled = Check::default().override_by(Override::Merge).startup(Startup::Enabled);
        let touches = Layer::new().check("bad", enabled.clone());
        assert!(is_merged(&touches));
        assert_eq!(of_layer(&touches), None);
        assert!(of_merged(&touches, &plan).unwrap().starts_with("check \"bad\": its URL has no scheme"));
        assert_eq!(of_merged(&Layer::new().check("good", enabled), &plan), None);
        let replaced = Layer::new().check("bad", Check::http("http://h/"));
        assert_eq!(of_merged(&replaced, &plan), None);
    }
}
