//! What tests need beyond Cargo, and which test needs what.
//!
//! A package says so in `[package.metadata.needs]` of its Cargo.toml; `crates/charmwright-peers` describes how.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// What builds or runs the real programs that tests compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Need {
    Go,
    Python,
}

impl Need {
    pub(crate) const ALL: [Self; 2] = [Self::Go, Self::Python];

    /// As Cargo.toml and the variable `CHARMWRIGHT_WITHOUT` name it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Python => "python",
        }
    }

    /// As people name it, with what it is for.
    pub(crate) fn described(self) -> &'static str {
        match self {
            Self::Go => "Go (real Pebble, Juju's own code)",
            Self::Python => "Python (ops)",
        }
    }
}

/// Which tests of a package need what: `target` for all of a target, `target::the_beginning_of_their_names` for some, and
/// with `!` before it for those that do not although another entry says so.
pub(crate) type Declared = BTreeMap<Need, Vec<String>>;

/// What one test needs.
pub(crate) type Needs = BTreeSet<Need>;

/// What the packages of the workspace declare, by the folder of their Cargo.toml.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Workspace(BTreeMap<PathBuf, Declared>);

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    metadata: Option<PackageMetadata>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct PackageMetadata {
    #[serde(default)]
    needs: Declared,
}

impl Workspace {
    /// Reads what `cargo metadata` says. A declaration of a target that is not there is an error.
    pub(crate) fn parse(metadata: &[u8]) -> anyhow::Result<Self> {
        let metadata: Metadata =
            serde_json::from_slice(metadata).context("cargo metadata cannot be understood")?;
        let mut all = BTreeMap::new();
        for package in metadata.packages {
            let needs = package.metadata.map(|metadata| metadata.needs).unwrap_or_default();
            for entry in needs.values().flatten() {
                let target = Entry::parse(entry).target;
                if !package.targets.iter().any(|own| underscored(&own.name) == target) {
                    bail!("Cargo.toml of {} says what {entry} needs, and has no such target", package.name);
                }
            }
            if !needs.is_empty() {
                all.insert(package.manifest_path.parent().map(Path::to_owned).unwrap_or_default(), needs);
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("cannot understand {}", file.display()))
    }

    /// Puts the tests of a target into groups, by what they need. A declaration that no test meets is an error.
    pub(crate) fn groups(
        &self,
        package: &Path,
        target: &str,
        tests: &[String],
    ) -> anyhow::Result<BTreeMap<Needs, Vec<String>>> {
        let mut needed: BTreeMap<&str, Needs> =
            tests.iter().map(|test| (test.as_str(), Needs::new())).collect();
        for (need, entries) in self.0.get(package).into_iter().flatten() {
            let entries: Vec<Entry<'_>> = entries.iter().map(|entry| Entry::parse(entry)).collect();
            let of_target: Vec<_> = entries.iter().filter(|entry| entry.target == target).collect();
            for entry in &of_target {
                if !tests.iter().any(|test| test.starts_with(entry.beginning)) {
                    let (file, text) = (package.join("Cargo.toml"), entry.text);
                    bail!("{} says what {text} needs, and there is no such test", file.display());
                }
            }
            for (test, needs) in &mut needed {
                let meant = |takes_back| {
                    let mut kind = of_target.iter().filter(|entry| entry.takes_back == takes_back);
                    kind.any(|entry| test.starts_with(entry.beginning))
                };
                if meant(false) && !meant(true) {
                    needs.insert(*need);
                }
            }
        }
        let mut groups: BTreeMap<Needs, Vec<String>> = BTreeMap::new();
        for (test, needs) in needed {
            groups.entry(needs).or_default().push(test.to_owned());
        }
        Ok(groups)
    }

    /// Whether anything is declared for a target.
    pub(crate) fn declares(&self, package: &Path, target: &str) -> bool {
        let mut entries = self.0.get(package).into_iter().flat_map(BTreeMap::values).flatten();
        entries.any(|entry| Entry::parse(entry).target == target)
    }
}

/// One line of a declaration.
struct Entry<'a> {
    text: &'a str,
    takes_back: bool,
    /// As the target's file is named.
    target: String,
    beginning: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(text: &'a str) -> Self {
        let (takes_back, tests) = text.strip_prefix('!').map_or((false, text), |tests| (true, tests));
        let (target, beginning) = tests.split_once("::").unwrap_or((tests, ""));
        Self { text, takes_back, target: underscored(target), beginning }
    }
}

fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workspace(needs: &serde_json::Value) -> anyhow::Result<Workspace> {
        let package = json!({
            "name": "one", "manifest_path": "/w/one/Cargo.toml",
            "targets": [{"name": "one"}, {"name": "real-pebble"}], "metadata": {"needs": needs},
        });
        let bare =
            json!({"name": "two", "manifest_path": "/w/two/Cargo.toml", "targets": [], "metadata": null});
        Workspace::parse(&serde_json::to_vec(&json!({"packages": [package, bare]})).unwrap())
    }

    fn groups(needs: &serde_json::Value, tests: &[&str]) -> anyhow::Result<BTreeMap<Needs, Vec<String>>> {
        let tests: Vec<_> = tests.iter().map(|&test| test.to_owned()).collect();
        workspace(needs)?.groups(Path::new("/w/one"), "real_pebble", &tests)
    }

    #[test]
    fn tests_are_grouped_by_all_that_they_need() {
        let needs =
            json!({"go": ["real-pebble::a::", "real-pebble::b"], "python": ["real-pebble::b", "one"]});
        let groups = groups(&needs, &["a::first", "a::second", "b", "c"]).unwrap();
        let wanted = [
            (Needs::new(), vec!["c".to_owned()]),
            (Needs::from([Need::Go]), vec!["a::first".to_owned(), "a::second".to_owned()]),
            (Needs::from([Need::Go, Need::Python]), vec!["b".to_owned()]),
        ];
        assert_eq!(groups, wanted.into());
    }

    #[test]
    fn a_whole_target_may_need_something() {
        let groups = groups(&json!({"go": ["real-pebble"]}), &["a", "b"]).unwrap();
        assert_eq!(groups.keys().collect::<Vec<_>>(), [&Needs::from([Need::Go])]);
    }

    #[test]
    fn some_tests_of_a_target_may_be_taken_back() {
        let groups = groups(&json!({"go": ["real-pebble", "!real-pebble::a"]}), &["a", "b"]).unwrap();
        let wanted = [(Needs::new(), vec!["a".to_owned()]), (Needs::from([Need::Go]), vec!["b".to_owned()])];
        assert_eq!(groups, wanted.into());
    }

    #[test]
    fn a_declaration_of_a_test_that_is_gone_is_an_error() {
        let error = groups(&json!({"go": ["real-pebble::gone"]}), &["a"]).unwrap_err().to_string();
        assert_eq!(error, "/w/one/Cargo.toml says what real-pebble::gone needs, and there is no such test");
    }

    #[test]
    fn a_declaration_of_a_target_that_is_gone_is_an_error() {
        let error = workspace(&json!({"go": ["gone::a"]})).unwrap_err().to_string();
        assert_eq!(error, "Cargo.toml of one says what gone::a needs, and has no such target");
    }

    #[test]
    fn a_need_that_is_not_known_is_an_error() {
        assert!(workspace(&json!({"ruby": ["one"]})).is_err());
    }
}
