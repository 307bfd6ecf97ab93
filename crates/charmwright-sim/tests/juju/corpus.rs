//! The corpus: files of cases, each a model of the controller and what happens to the unit one after the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// One file of `corpus/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// What this file is about.
    #[expect(dead_code, reason = "for its reader")]
    about: String,
    /// The model of every case that does not say otherwise, key by key.
    model: Map<String, Value>,
    cases: Vec<Case>,
}

/// One unit and what happens to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    model: Map<String, Value>,
    /// Files of the charm that differ from the common ones; `null` removes one. What starts with `#!` can be run.
    #[serde(default)]
    files: BTreeMap<String, Option<String>>,
    /// Of these, the ones that cannot be run all the same.
    #[serde(default)]
    not_executable: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// A run of the charm, or a change under the running agent.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    /// The kind of a hook.
    hook: Option<String>,
    /// The name of an action.
    action: Option<String>,
    /// A script, run as juju-exec does.
    exec: Option<String>,
    /// Keys of the model to replace.
    update: Option<Map<String, Value>>,
    /// What the charm does.
    #[serde(default)]
    pub(crate) script: String,
    /// Everything else that the request says.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The corpus' folder.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/juju/corpus")
}

/// The cases of a file, each with its whole model.
pub(crate) fn read(name: &str) -> Vec<Case> {
    let path = folder().join(format!("{name}.yaml"));
    let text = fs::read_to_string(&path).unwrap();
    let file: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let file: File = serde_json::from_value(file).unwrap_or_else(|error| panic!("{name}: {error}"));
    let whole = |mut case: Case| {
        let mut model = file.model.clone();
        model.append(&mut case.model);
        case.model = model;
        case
    };
    file.cases.into_iter().map(whole).collect()
}

impl Case {
    /// What is compared: the answer to its model, its steps, and the model afterwards.
    pub(crate) fn titles(&self) -> impl Iterator<Item = String> {
        let afterwards = "the model afterwards".to_owned();
        ["the model".to_owned()].into_iter().chain(self.steps.iter().map(Step::title)).chain([afterwards])
    }

    /// The request that sets its model, for a side whose files are in `root`.
    pub(crate) fn model(&self, root: &Path) -> Value {
        placed(json!({"op": "model", "model": self.model}), root)
    }

    /// Lays out its charm in `root/charm`.
    pub(crate) fn lay_out(&self, root: &Path) {
        let charm = root.join("charm");
        let _ = fs::remove_dir_all(&charm);
        fs::create_dir_all(charm.join("calls")).unwrap();
        let common = folder().with_file_name("charm");
        for entry in fs::read_dir(common).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            self.put(&charm.join(path.file_name().unwrap()), &text);
        }
        for (name, text) in &self.files {
            match text {
                Some(text) => self.put(&charm.join(name), &text.replace("{ROOT}", &root.to_string_lossy())),
                None => fs::remove_file(charm.join(name)).unwrap(),
            }
        }
    }

    fn put(&self, path: &Path, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        let runs = text.starts_with("#!") && !self.not_executable.iter().any(|name| path.ends_with(name));
        let mode = if runs { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// All of it as text: what stands here is no accident of a run.
    pub(crate) fn text(&self) -> String {
        format!("{:?}", (&self.model, &self.files, &self.steps))
    }
}

impl Step {
    /// The request, with its script laid out where the charm finds it.
    pub(crate) fn request(&self, root: &Path) -> Value {
        let charm = root.join("charm");
        let calls = charm.join("calls");
        let _ = fs::remove_dir_all(&calls);
        fs::create_dir(&calls).unwrap();
        fs::write(charm.join("script"), self.script.replace("{ROOT}", &root.to_string_lossy())).unwrap();
        let mut request = match (&self.hook, &self.action, &self.exec, &self.update) {
            (Some(kind), None, None, None) => json!({"op": "hook", "kind": kind}),
            (None, Some(name), None, None) => json!({"op": "action", "name": name}),
            (None, None, Some(script), None) => json!({"op": "exec", "script": script}),
            (None, None, None, Some(model)) => json!({"op": "update", "model": model}),
            _ => panic!("a step is one of hook, action, exec and update: {self:?}"),
        };
        for (key, value) in &self.rest {
            request[key] = value.clone();
        }
        placed(request, root)
    }

    /// What is run, for people.
    fn title(&self) -> String {
        let rest: Vec<String> = self.rest.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let what = match (&self.hook, &self.action, &self.exec) {
            (Some(kind), ..) => format!("hook {kind}"),
            (_, Some(name), _) => format!("action {name}"),
            (.., Some(_)) => "exec".to_owned(),
            _ => "update".to_owned(),
        };
        format!("{what} {}", rest.join(" "))
    }

    /// The kind of hook that it runs.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.hook.as_deref()
    }

    /// Every script in it.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = &str> {
        self.exec.as_deref().into_iter().chain([self.script.as_str()])
    }
}

/// Puts the side's own folder in place of `{ROOT}`.
fn placed(value: Value, root: &Path) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace("{ROOT}", &root.to_string_lossy())),
        Value::Array(items) => items.into_iter().map(|item| placed(item, root)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, placed(value, root))).collect(),
        other => other,
    }
}
