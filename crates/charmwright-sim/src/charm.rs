//! What a charm declares, and its folder as Juju lays it out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

/// A charm that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CharmError {
    /// A file could not be read or written.
    #[error("cannot read or write {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A declaration is not what Juju would take.
    #[error("{path}: {cause}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        cause: String,
    },
    /// There is nothing to run.
    #[error("{path}: no executable `dispatch`; build the charm and name it with --dispatch")]
    NoDispatch {
        /// The charm's folder.
        path: PathBuf,
    },
}

/// What a charm declares.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Declared {
    /// The charm's name.
    pub name: String,
    /// `provides:`
    pub provides: BTreeMap<String, Endpoint>,
    /// `requires:`
    pub requires: BTreeMap<String, Endpoint>,
    /// `peers:`
    pub peers: BTreeMap<String, Endpoint>,
    /// `containers:`
    pub containers: BTreeMap<String, Value>,
    /// `config:`
    pub config: ConfigDeclared,
    /// `actions:`
    pub actions: BTreeMap<String, ActionDeclared>,
}

/// `config:` of charmcraft.yaml, or config.yaml.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ConfigDeclared {
    /// `options:`
    pub options: BTreeMap<String, OptionDeclared>,
}

/// An option, or a parameter of an action.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct OptionDeclared {
    /// Its type; a string if none is given.
    pub r#type: Option<String>,
    /// Its default.
    pub default: Option<Value>,
}

/// An action.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ActionDeclared {
    /// Its parameters.
    pub params: BTreeMap<String, OptionDeclared>,
    /// Those that must be given.
    pub required: Vec<String>,
}

/// An endpoint: the name of its interface, or a map that holds it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Endpoint {
    /// `database: postgresql_client`
    Short(String),
    /// `database: {interface: postgresql_client}`
    Long {
        /// The interface.
        interface: String,
    },
}

impl OptionDeclared {
    /// Its type's name.
    pub fn type_name(&self) -> &str {
        self.r#type.as_deref().unwrap_or("string")
    }

    /// Whether Juju would take the value for it; types that Juju knows no better are taken.
    pub fn takes(&self, value: &Value) -> bool {
        match self.type_name() {
            "string" | "secret" => value.is_string(),
            "int" | "integer" => value.is_i64() || value.is_u64(),
            "float" | "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => true,
        }
    }
}

impl Endpoint {
    /// The interface.
    pub fn interface(&self) -> &str {
        match self {
            Self::Short(interface) | Self::Long { interface } => interface,
        }
    }
}

impl Declared {
    /// Reads charmcraft.yaml, or metadata.yaml with config.yaml and actions.yaml, in `folder`.
    ///
    /// # Errors
    ///
    /// If they are not there or malformed.
    pub fn read(folder: &Path) -> Result<Self, CharmError> {
        let charmcraft = folder.join("charmcraft.yaml");
        if charmcraft.is_file() {
            return parse(&charmcraft);
        }
        let mut declared: Self = parse(&folder.join("metadata.yaml"))?;
        if folder.join("config.yaml").is_file() {
            declared.config = parse(&folder.join("config.yaml"))?;
        }
        if folder.join("actions.yaml").is_file() {
            declared.actions = parse(&folder.join("actions.yaml"))?;
        }
        Ok(declared)
    }

    /// The role and interface of an endpoint.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.provides.get(name).or_else(|| self.requires.get(name)).or_else(|| self.peers.get(name))
    }

    /// The value of an option, its default if it is not set.
    pub fn option(&self, name: &str, set: &BTreeMap<String, Value>) -> Option<Value> {
        set.get(name)
            .cloned()
            .or_else(|| self.config.options.get(name)?.default.clone())
            .filter(|value| !value.is_null())
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, CharmError> {
    let text =
        fs::read_to_string(path).map_err(|source| CharmError::File { path: path.to_owned(), source })?;
    serde_yaml::from_str(&text)
        .map_err(|error| CharmError::Malformed { path: path.to_owned(), cause: error.to_string() })
}

/// Copies a charm to where the agent runs it, as charmcraft and Juju would leave it there.
///
/// `dispatch` is the program; without it, the folder must hold an executable `dispatch`, and is copied whole.
///
/// # Errors
///
/// If there is nothing to run, or a file cannot be copied.
pub fn install(folder: &Path, dispatch: Option<&Path>, to: &Path) -> Result<(), CharmError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| CharmError::File { path, source }
    };
    fs::create_dir_all(to).map_err(at(to))?;
    if let Some(dispatch) = dispatch {
        describe(folder, to)?;
        // A link keeps large programs out of the way; Juju's charm folder has the file itself.
        fs::copy(dispatch, to.join("dispatch")).map_err(at(dispatch))?;
    } else {
        copy_tree(folder, to)?;
        split(to)?;
    }
    let program = to.join("dispatch");
    let executable =
        fs::metadata(&program).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    if executable { Ok(()) } else { Err(CharmError::NoDispatch { path: folder.to_owned() }) }
}

/// Copies what describes a charm, as charmcraft leaves it: metadata.yaml, config.yaml, actions.yaml, manifest.yaml.
///
/// # Errors
///
/// If a file cannot be copied or made.
pub fn describe(folder: &Path, to: &Path) -> Result<(), CharmError> {
    for file in ["charmcraft.yaml", "metadata.yaml", "config.yaml", "actions.yaml", "manifest.yaml"] {
        let from = folder.join(file);
        if from.is_file() {
            fs::copy(&from, to.join(file))
                .map_err(|source| CharmError::File { path: from.clone(), source })?;
        }
    }
    split(to)
}

/// The parts of charmcraft.yaml that charmcraft puts into files of their own.
const PARTS: [(&str, &str); 2] = [("config", "config.yaml"), ("actions", "actions.yaml")];

/// Splits charmcraft.yaml into the files that Juju reads, where they are not there already.
fn split(folder: &Path) -> Result<(), CharmError> {
    let charmcraft = folder.join("charmcraft.yaml");
    if !charmcraft.is_file() || folder.join("metadata.yaml").is_file() {
        return Ok(());
    }
    let whole: Value = parse(&charmcraft)?;
    let Value::Object(mut metadata) = whole else {
        return Err(CharmError::Malformed { path: charmcraft, cause: "it is no map".to_owned() });
    };
    let write = |name: &str, value: &Value| {
        let path = folder.join(name);
        // What is JSON is YAML, too.
        fs::write(&path, value.to_string()).map_err(|source| CharmError::File { path, source })
    };
    for (key, name) in PARTS {
        if let Some(value) = metadata.remove(key) {
            write(name, &value)?;
        }
    }
    let base = metadata.get("base").and_then(Value::as_str).unwrap_or("ubuntu@24.04");
    let (name, channel) = base.split_once('@').unwrap_or((base, "24.04"));
    write("manifest.yaml", &json!({"bases": [{"name": name, "channel": format!("{channel}/stable")}]}))?;
    for key in [
        "type",
        "base",
        "build-base",
        "bases",
        "platforms",
        "parts",
        "charm-libs",
        "links",
        "title",
        "charmhub",
    ] {
        metadata.remove(key);
    }
    let name = metadata.get("name").cloned().unwrap_or_default();
    for key in ["summary", "description"] {
        metadata.entry(key).or_insert_with(|| name.clone());
    }
    write("metadata.yaml", &Value::Object(metadata))
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), CharmError> {
    let at = |source| CharmError::File { path: from.to_owned(), source };
    for entry in fs::read_dir(from).map_err(at)? {
        let entry = entry.map_err(at)?;
        if matches!(entry.file_name().to_str(), Some(".git" | "target" | ".tox" | "__pycache__")) {
            continue;
        }
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(at)?;
        let failed = |error| CharmError::File { path: source.clone(), source: error };
        if kind.is_dir() {
            fs::create_dir_all(&target).map_err(failed)?;
            copy_tree(&source, &target)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).map_err(failed)?;
            std::os::unix::fs::symlink(link, &target).map_err(failed)?;
        } else if kind.is_file() {
            fs::copy(&source, &target).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_layouts_of_a_charm_are_read_alike() {
        let new = tempfile::tempdir().unwrap();
        fs::write(
            new.path().join("charmcraft.yaml"),
            "{name: a, requires: {db: pg}, config: {options: {x: {default: 1}}}, actions: {go: {}}}",
        )
        .unwrap();
        let old = tempfile::tempdir().unwrap();
        fs::write(old.path().join("metadata.yaml"), "{name: a, requires: {db: {interface: pg}}}").unwrap();
        fs::write(old.path().join("config.yaml"), "{options: {x: {default: 1}}}").unwrap();
        fs::write(old.path().join("actions.yaml"), "{go: {}}").unwrap();
        for folder in [new.path(), old.path()] {
            let declared = Declared::read(folder).unwrap();
            assert_eq!(declared.endpoint("db").unwrap().interface(), "pg");
            assert_eq!(declared.option("x", &BTreeMap::new()), Some(Value::from(1)));
            assert!(declared.actions.contains_key("go"));
        }
    }

    #[test]
    fn a_charm_without_a_program_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        let error = install(folder.path(), None, to.path()).unwrap_err();
        assert!(error.to_string().ends_with("build the charm and name it with --dispatch"), "{error}");
    }
}
