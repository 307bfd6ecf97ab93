//! Scenarios that nobody thought of: a number names each.

use serde_json::{Value, json};

use crate::scenario::Scenario;

/// Hooks and actions that may fail, by the names of their files.
const MAY_FAIL: [&str; 12] = [
    "config-changed",
    "start",
    "leader-elected",
    "update-status",
    "db-relation-created",
    "db-relation-joined",
    "db-relation-changed",
    "db-relation-departed",
    "data-storage-attached",
    "secret-changed",
    "one-pebble-ready",
    "backup",
];
/// Endpoints, and the applications at their other ends.
const ENDS: [(&str, &str); 3] = [("db", "pg"), ("cache", "redis"), ("web", "proxy")];
const SECRET: &str = "aaaaaaaaaaaaaaaaaaa0";

/// The scenario of that number. It has one relation, one storage, one secret and one container at most, so little in it
/// is left to chance.
pub(crate) fn scenario(number: u64) -> Scenario {
    let mut world = World { dice: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, ..World::default() };
    world.machine = world.one_of(3) == 0;
    let mut steps = vec![world.begin()];
    for _ in 0..8 + world.one_of(14) {
        steps.extend(world.step());
        if world.dying {
            break;
        }
    }
    if world.busy {
        steps.push(json!("free"));
    }
    steps.extend([json!("settle"), json!({"advance": 60_000}), json!("settle")]);
    Scenario {
        name: format!("chance-{number}"),
        rows: Vec::new(),
        random: Some("nobody thought of it".to_owned()),
        steps,
    }
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of the world, and all go together")]
struct World {
    dice: u64,
    machine: bool,
    leader: bool,
    busy: bool,
    dying: bool,
    suspended: bool,
    storage: bool,
    relation: u64,
    related: bool,
    writes: u64,
    actions: u64,
    charms: u64,
}

impl World {
    /// A number below `many`.
    fn one_of(&mut self, many: u64) -> u64 {
        // Marsaglia's xorshift.
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 11) % many
    }

    fn begin(&mut self) -> Value {
        self.leader = self.one_of(2) == 0;
        let secrets = json!([{"id": SECRET, "owner": "pg", "revisions": [{"content": {"k": "a"}}],
            "grants": [{"subject": "app"}], "consumers": {"app/0": {"current_revision": 1}}}]);
        let mut model = json!({"leader": self.leader, "secrets": secrets});
        if self.machine {
            model["type"] = json!("iaas");
            model["containers"] = json!([]);
        }
        if self.one_of(2) == 0 {
            self.related = true;
            self.relation = 1;
            model["relations"] = json!([{"id": 1, "endpoint": "db", "units": {"pg/0": {}}}]);
        }
        json!({"up": model})
    }

    fn step(&mut self) -> Vec<Value> {
        let kind = self.one_of(20);
        if self.busy && self.one_of(4) == 0 {
            self.busy = false;
            return vec![json!("free"), json!("settle")];
        }
        let mut out = match kind {
            0 | 1 if !self.busy => {
                self.busy = true;
                return vec![json!("busy")];
            }
            2 | 3 => {
                let hook = MAY_FAIL[usize::try_from(self.one_of(MAY_FAIL.len() as u64)).unwrap()];
                return vec![json!({"fail": {hook: 1 + self.one_of(2)}})];
            }
            4 | 5 => vec![json!({"advance": 5000 << self.one_of(3)})],
            6 if !self.busy => match self.one_of(4) {
                0 => vec![json!("stop"), json!("start")],
                1 => vec![json!("crash"), json!("start")],
                2 if !self.machine => vec![json!("terminate"), json!("settle"), json!("start")],
                _ if self.machine => vec![json!("stop"), json!({"start": {"reboot": true}})],
                _ => vec![json!("stop"), json!({"start": {"new_pod": true}})],
            },
            _ => vec![json!({"change": self.change(kind)})],
        };
        out.push(json!("settle"));
        out
    }

    fn change(&mut self, kind: u64) -> Value {
        self.writes += 1;
        let write = self.writes.to_string();
        match kind {
            7 => json!({"config": {"name": write}}),
            8 => {
                self.leader = !self.leader;
                json!({"leader": self.leader})
            }
            9 => json!({"secret": {"id": SECRET, "new_revision": {"k": write}}}),
            10 if !self.storage => {
                self.storage = true;
                json!({"storage": {"id": "data/0", "location": "/d"}})
            }
            10 => json!({"storage": {"id": "data/0", "life": "dying"}}),
            11 => {
                self.actions += 1;
                json!({"action": {"id": self.actions.to_string(), "name": "backup"}})
            }
            12 if !self.machine => json!({"pebble": {"container": "one", "notice": "example.com/a"}}),
            13 if !self.machine => json!({"pebble": {"container": "one", "restart": true}}),
            14 => json!({"resolved": if self.one_of(2) == 0 { "retry-hooks" } else { "no-hooks" }}),
            15 if self.machine => {
                self.charms += 1;
                json!({"charm": {"url": format!("local:app-{}", self.charms)}})
            }
            16 if self.writes > 6 => {
                self.dying = true;
                json!({"unit": "dying"})
            }
            _ => json!({"relation": self.relation(&write)}),
        }
    }

    /// Two relations never have the same two ends, not even while the first one is going.
    fn relation(&mut self, write: &str) -> Value {
        if !self.related {
            let Some((endpoint, _)) = usize::try_from(self.relation).ok().and_then(|at| ENDS.get(at)) else {
                return json!({"id": self.relation, "removed": true});
            };
            self.related = true;
            self.suspended = false;
            self.relation += 1;
            return json!({"id": self.relation, "endpoint": endpoint, "units": {self.remote(0): {"a": write}}});
        }
        let id = self.relation;
        match self.one_of(8) {
            0 => {
                self.related = false;
                json!({"id": id, "life": "dying"})
            }
            1 => {
                self.suspended = !self.suspended;
                json!({"id": id, "suspended": self.suspended})
            }
            2 => json!({"id": id, "units": {self.remote(0): null}}),
            3 => json!({"id": id, "remote_app_bag": {"a": write}}),
            4 | 5 => json!({"id": id, "units": {self.remote(1): {"a": write}}}),
            _ => json!({"id": id, "units": {self.remote(0): {"a": write}}}),
        }
    }

    /// A unit at the other end of the newest relation.
    fn remote(&self, number: u64) -> String {
        let at = usize::try_from(self.relation).unwrap().saturating_sub(1);
        format!("{}/{number}", ENDS.get(at).map_or("pg", |(_, app)| app))
    }
}
