//! One entry over another, as Pebble folds them.

use std::collections::BTreeMap;

use super::{Check, ExecCheck, HttpCheck, LogTarget, Override, Service, TcpCheck, Workload};

/// An entry of a layer.
pub(super) trait Entry: Clone {
    /// How it meets one of the same name.
    fn rule(&self) -> Override;

    /// Takes over all that is set in `above`. What is unset there stays; lists grow; its own rule stays.
    fn merge(&mut self, above: &Self);
}

/// Folds the entries of one layer over those below.
pub(super) fn fold<E: Entry>(below: &mut BTreeMap<String, E>, above: &BTreeMap<String, E>) {
    for (name, entry) in above {
        match below.get_mut(name) {
            Some(old) if entry.rule() == Override::Merge => old.merge(entry),
            _ => drop(below.insert(name.clone(), entry.clone())),
        }
    }
}

fn text(below: &mut String, above: &str) {
    if !above.is_empty() {
        above.clone_into(below);
    }
}

fn option<T: Clone>(below: &mut Option<T>, above: Option<&T>) {
    if let Some(above) = above {
        *below = Some(above.clone());
    }
}

fn map<V: Clone>(below: &mut BTreeMap<String, V>, above: &BTreeMap<String, V>) {
    below.extend(above.iter().map(|(name, value)| (name.clone(), value.clone())));
}

impl Entry for Service {
    fn rule(&self) -> Override {
        self.r#override
    }

    fn merge(&mut self, above: &Self) {
        text(&mut self.command, &above.command);
        text(&mut self.summary, &above.summary);
        text(&mut self.description, &above.description);
        option(&mut self.startup, above.startup.as_ref());
        self.after.extend_from_slice(&above.after);
        self.before.extend_from_slice(&above.before);
        self.requires.extend_from_slice(&above.requires);
        map(&mut self.environment, &above.environment);
        text(&mut self.user, &above.user);
        option(&mut self.user_id, above.user_id.as_ref());
        text(&mut self.group, &above.group);
        option(&mut self.group_id, above.group_id.as_ref());
        text(&mut self.workload, &above.workload);
        text(&mut self.working_dir, &above.working_dir);
        option(&mut self.on_success, above.on_success.as_ref());
        option(&mut self.on_failure, above.on_failure.as_ref());
        map(&mut self.on_check_failure, &above.on_check_failure);
        option(&mut self.backoff_delay, above.backoff_delay.as_ref());
        option(&mut self.backoff_factor, above.backoff_factor.as_ref());
        option(&mut self.backoff_limit, above.backoff_limit.as_ref());
        option(&mut self.kill_delay, above.kill_delay.as_ref());
    }
}

impl Entry for Check {
    fn rule(&self) -> Override {
        self.r#override
    }

    fn merge(&mut self, above: &Self) {
        option(&mut self.level, above.level.as_ref());
        option(&mut self.startup, above.startup.as_ref());
        option(&mut self.period, above.period.as_ref());
        option(&mut self.timeout, above.timeout.as_ref());
        option(&mut self.threshold, above.threshold.as_ref().filter(|threshold| **threshold != 0));
        if let Some(above) = &above.http {
            self.http.get_or_insert_with(HttpCheck::default).merge(above);
        }
        if let Some(above) = &above.tcp {
            self.tcp.get_or_insert_with(TcpCheck::default).merge(above);
        }
        if let Some(above) = &above.exec {
            self.exec.get_or_insert_with(ExecCheck::default).merge(above);
        }
    }
}

impl HttpCheck {
    fn merge(&mut self, above: &Self) {
        text(&mut self.url, &above.url);
        map(&mut self.headers, &above.headers);
    }
}

impl TcpCheck {
    fn merge(&mut self, above: &Self) {
        if above.port != 0 {
            self.port = above.port;
        }
        text(&mut self.host, &above.host);
    }
}

impl ExecCheck {
    fn merge(&mut self, above: &Self) {
        text(&mut self.command, &above.command);
        text(&mut self.service_context, &above.service_context);
        map(&mut self.environment, &above.environment);
        text(&mut self.user, &above.user);
        option(&mut self.user_id, above.user_id.as_ref());
        text(&mut self.group, &above.group);
        option(&mut self.group_id, above.group_id.as_ref());
        text(&mut self.working_dir, &above.working_dir);
    }
}

impl Entry for LogTarget {
    fn rule(&self) -> Override {
        self.r#override
    }

    fn merge(&mut self, above: &Self) {
        option(&mut self.kind, above.kind.as_ref());
        text(&mut self.location, &above.location);
        self.services.extend_from_slice(&above.services);
        map(&mut self.labels, &above.labels);
    }
}

impl Entry for Workload {
    fn rule(&self) -> Override {
        self.r#override
    }

    fn merge(&mut self, above: &Self) {
        map(&mut self.environment, &above.environment);
        text(&mut self.user, &above.user);
        option(&mut self.user_id, above.user_id.as_ref());
        text(&mut self.group, &above.group);
        option(&mut self.group_id, above.group_id.as_ref());
    }
}
