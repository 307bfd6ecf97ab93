//! In which order services start and stop.

use std::collections::{BTreeMap, BTreeSet};

use charmwright_pebble::Service;

use crate::text::quoted;

type Services = BTreeMap<String, Service>;

/// These services and all that they require, in lanes that do not depend on one another, each in its order.
pub(crate) fn start_order(services: &Services, names: &[String]) -> Result<Vec<Vec<String>>, String> {
    lanes(services, &order(services, names, false)?)
}

/// These services and all that require them, in lanes that do not depend on one another, each in its order.
pub(crate) fn stop_order(services: &Services, names: &[String]) -> Result<Vec<Vec<String>>, String> {
    lanes(services, &order(services, names, true)?)
}

fn order(services: &Services, names: &[String], is_stop: bool) -> Result<Vec<String>, String> {
    let find =
        |name: &String| services.get(name).ok_or_else(|| format!("service {} does not exist", quoted(name)));
    let mut all = BTreeSet::new();
    let mut pending: Vec<&String> = names.iter().collect();
    let mut next = 0;
    while let Some(name) = pending.get(next).copied() {
        next += 1;
        if !all.insert(name.clone()) {
            continue;
        }
        if is_stop {
            let requires_it = |service: &Service| service.requires.contains(name);
            pending.extend(services.iter().filter(|(_, service)| requires_it(service)).map(|(name, _)| name));
        } else {
            pending.extend(&find(name)?.requires);
        }
    }
    // What must come before each, of those that take part.
    let mut before: BTreeMap<&String, Vec<&String>> = all.iter().map(|name| (name, Vec::new())).collect();
    for name in &all {
        let service = find(name)?;
        let (after, ahead) =
            if is_stop { (&service.before, &service.after) } else { (&service.after, &service.before) };
        if let Some(list) = before.get_mut(name) {
            list.extend(after.iter().filter(|other| all.contains(*other)));
        }
        for other in ahead {
            if let Some(list) = before.get_mut(other) {
                list.push(name);
            }
        }
    }
    let mut walk = Walk { before: &before, state: BTreeMap::new(), path: Vec::new(), order: Vec::new() };
    for name in &all {
        walk.visit(name)?;
    }
    Ok(walk.order)
}

/// Goes through what comes before, depth first.
struct Walk<'a> {
    before: &'a BTreeMap<&'a String, Vec<&'a String>>,
    /// Whether it is done with.
    state: BTreeMap<&'a String, bool>,
    path: Vec<&'a String>,
    order: Vec<String>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, name: &'a String) -> Result<(), String> {
        match self.state.get(name) {
            Some(true) => return Ok(()),
            Some(false) => return self.closes(name),
            None => {}
        }
        self.state.insert(name, false);
        self.path.push(name);
        for other in self.before.get(name).into_iter().flatten() {
            self.visit(other)?;
        }
        self.path.pop();
        self.state.insert(name, true);
        self.order.push(name.clone());
        Ok(())
    }

    /// A service after itself alone is no loop to Pebble.
    fn closes(&self, name: &String) -> Result<(), String> {
        if self.path.last() == Some(&name) {
            return Ok(());
        }
        let from = self.path.iter().position(|other| *other == name).unwrap_or(0);
        let mut names: Vec<&str> =
            self.path.get(from..).unwrap_or_default().iter().map(|name| name.as_str()).collect();
        names.sort_unstable();
        Err(format!("services in before/after loop: {}", names.join(", ")))
    }
}

/// Those that require one another share a lane. A service that requires nothing of the lanes so far opens one beside that
/// of the service before it, as Pebble's does, whatever is there.
fn lanes(services: &Services, names: &[String]) -> Result<Vec<Vec<String>>, String> {
    let mut lane_of: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut last, mut count) = (None, 1);
    for name in names {
        let service = services.get(name).ok_or_else(|| format!("service {} does not exist", quoted(name)))?;
        let known = lane_of
            .get(name.as_str())
            .or_else(|| service.requires.iter().find_map(|required| lane_of.get(required.as_str())));
        let lane = known.copied().unwrap_or_else(|| last.map_or(0, |last| last + 1));
        lane_of.insert(name, lane);
        for required in &service.requires {
            lane_of.insert(required, lane);
        }
        last = Some(lane);
        count = count.max(lane + 1);
    }
    let mut lanes = vec![Vec::new(); count];
    for name in names {
        if let Some(lane) = lane_of.get(name.as_str()).and_then(|lane| lanes.get_mut(*lane)) {
            lane.push(name.clone());
        }
    }
    Ok(lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services(list: &[(&str, Service)]) -> Services {
        list.iter().map(|(name, service)| ((*name).to_owned(), service.clone())).collect()
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_requires_nothing_starts_beside_and_what_does_in_one_lane() {
        let web = Service::new("web").requires(["db"]).after(["db"]);
        let all = services(&[("db", Service::new("db")), ("log", Service::new("log")), ("web", web)]);
        let lanes = start_order(&all, &names(&["log", "web"])).unwrap();
        assert_eq!(lanes, [names(&["db", "web"]), names(&["log"])]);
        assert_eq!(stop_order(&all, &names(&["db"])).unwrap(), [names(&["web", "db"])]);
        let error = start_order(&all, &names(&["nope"])).unwrap_err();
        assert_eq!(error, "service \"nope\" does not exist");
    }

    #[test]
    fn a_loop_is_told() {
        let all = services(&[("a", Service::new("a").after(["b"])), ("b", Service::new("b").after(["a"]))]);
        let error = start_order(&all, &names(&["a", "b"])).unwrap_err();
        assert_eq!(error, "services in before/after loop: a, b");
    }
}
