//! Reading charmcraft.yaml: where it is, how large it may be, and which forms of YAML stand for what.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::charmcraft::Charmcraft;

/// The most bytes of a charmcraft.yaml, 1 MiB: the largest that charms have are of some 100 KiB, and the compiler reads
/// the file once for each derive.
pub(crate) const BYTES_MAX: u64 = 1 << 20;

/// The nearest charmcraft.yaml in or above the folder of the source file that `span` is in.
#[expect(clippy::disallowed_methods, reason = "Cargo tells a macro where the crate is by environment")]
pub(crate) fn nearest(span: Span) -> syn::Result<PathBuf> {
    let source = span.unwrap().local_file();
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start =
        source.and_then(|file| Some(std::path::absolute(file).ok()?.parent()?.to_owned())).or(manifest);
    let start = start.unwrap_or_else(|| PathBuf::from("."));
    let path = start.ancestors().map(|folder| folder.join("charmcraft.yaml")).find(|path| path.is_file());
    path.ok_or_else(|| {
        let message = format!("there is no charmcraft.yaml in or above {}", start.display());
        syn::Error::new(span, message)
    })
}

/// The file's text, or what is wrong with it.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    // One byte more than allowed tells that there are more.
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(format!("it has more than {BYTES_MAX} bytes; a charmcraft.yaml has a few thousand"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })
}

/// What the text declares, or what is wrong with it and in which line.
pub(crate) fn parse(text: &str) -> Result<Charmcraft, String> {
    // A file of comments only declares nothing.
    let read: Option<Charmcraft> = serde_yaml::from_str(text).map_err(|error| {
        let cause = error.without_snippet().to_string();
        match error.location() {
            Some(at) if !cause.contains("line ") => format!("line {}: {cause}", at.line()),
            _ => cause,
        }
    })?;
    Ok(read.unwrap_or_default())
}

/// A section that may be there and empty: YAML calls that null, as with a `requires:` that has only comments below.
pub(crate) fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A section of named entries. Both the section and each entry may be there and empty.
pub(crate) fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let entries: BTreeMap<String, Option<T>> = or_empty(from)?;
    Ok(entries.into_iter().map(|(name, entry)| (name, entry.unwrap_or_default())).collect())
}

/// What YAML 1.1, which Juju and charmcraft read, takes for true.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(truth) => *truth,
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "y"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charmcraft::Role;

    fn here() -> Span {
        Span::call_site()
    }

    /// What is wrong with the text.
    fn wrong(text: &str) -> String {
        parse(text).unwrap_err()
    }

    #[test]
    fn a_section_may_be_there_and_empty() {
        for section in ["config", "actions", "provides", "requires", "peers", "containers"] {
            for empty in ["", "\n  # nothing yet", "~", "null", "{}"] {
                let text = format!("name: web\n{section}: {empty}\n");
                parse(&text).unwrap_or_else(|cause| panic!("{text}: {cause}"));
            }
        }
        for text in ["", "# nothing", "---\n", "name: web\nconfig:\n  options:\n", "config: {options: null}"]
        {
            parse(text).unwrap_or_else(|cause| panic!("{text}: {cause}"));
        }
    }

    #[test]
    fn an_entry_may_be_there_and_empty() {
        let text = "
config:
  options:
    greeting:
actions:
  backup:
  restore:
    params:
    required:
  check:
    params:
      name:
containers:
  web:
";
        let charmcraft = parse(text).unwrap();
        assert_eq!(charmcraft.option("greeting", here()).unwrap().function, "string");
        for name in ["backup", "restore"] {
            let action = charmcraft.action(name, here()).unwrap();
            let message = action.parameter("name", here()).unwrap_err().to_string();
            assert_eq!(message, "no parameter `name` in charmcraft.yaml\nit has no parameters");
        }
        let check = charmcraft.action("check", here()).unwrap().parameter("name", here()).unwrap();
        assert_eq!((check.function.to_string(), check.always), ("string".to_owned(), false));
        charmcraft.check_container("web", here()).unwrap();
    }

    #[test]
    fn anchors_and_merge_keys_stand_for_what_they_name() {
        let text = "
x-text: &text {type: string, default: a}
x-database: &database
  interface: postgresql_client
x-more: &more {limit: 1, optional: true}
config:
  options: &options
    greeting: *text
    farewell: {<<: *text, default: b}
    port: {<<: *text, type: int}
requires:
  database: {<<: *database, optional: true}
  replica: *database
  store: {<<: [*database, *more]}
containers: {web: &web {resource: image}, proxy: *web}
actions:
  set: {params: {<<: *options, extra: {type: boolean}}}
";
        let charmcraft = parse(text).unwrap();
        let option = |name| charmcraft.option(name, here()).unwrap().function.to_string();
        assert_eq!(["greeting", "farewell", "port"].map(option), ["string", "string", "int"]);
        let optional = |name| {
            let endpoint = charmcraft.endpoint(Role::Requires, name, here()).unwrap();
            assert_eq!(endpoint.interface, "postgresql_client");
            endpoint.optional
        };
        assert_eq!(["database", "replica", "store"].map(optional), [true, false, true]);
        charmcraft.check_container("proxy", here()).unwrap();
        let set = charmcraft.action("set", here()).unwrap();
        for name in ["greeting", "port", "extra"] {
            assert!(set.parameter(name, here()).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_no_type_of_the_charm_must_agree_with_may_have_any_form() {
        let text = "
type: charm
bases: [{build-on: [{name: ubuntu, channel: '22.04'}], run-on: []}]
platforms: {amd64: , arm64: null}
links: {1: a, contact: [a, b]}
parts: {charm: {plugin: rust, 2: 3}}
assumes: [juju >= 3.6, {any-of: [k8s-api]}]
storage: {data: {type: filesystem}}
actions: {run: {execution-group: a, parallel: true, additionalProperties: false, params: {x: {enum: [1], type: integer}}}}
config:
  options:
    x:
      type: float
      description: >-
        A number: any.
containers: {web: {mounts: [{storage: data}], uid: 584792}}
charm-user: non-root
";
        let charmcraft = parse(text).unwrap();
        assert_eq!(charmcraft.option("x", here()).unwrap().function, "float");
        charmcraft.check_container("web", here()).unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, line) in [
            ("name: web\nparts: [\n", "line 2"),
            ("name: web\nrequires: {}\n\tpeers: {}\n", "line 3"),
            ("name: web\nrequires: database\n", "line 2"),
            ("name: web\nconfig:\n  options: [a]\n", "line 3"),
            ("name: web\nactions:\n  run:\n    required: name\n", "line 4"),
            ("requires:\n  a: {interface: b}\n  a: {interface: c}\n", "line 3"),
            ("- name: web\n", "line 1"),
            ("<html>", "line 1"),
            ("name: *nowhere\n", "line 1"),
        ] {
            let cause = wrong(text);
            assert!(cause.contains(line), "{text}\n{cause}");
            assert!(!cause.contains('\n'), "{cause}");
        }
    }

    #[test]
    fn a_file_of_more_than_the_bound_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("charmcraft.yaml");
        let most = usize::try_from(BYTES_MAX).unwrap();
        std::fs::write(&path, "#".repeat(most)).unwrap();
        assert_eq!(text(&path).unwrap().len(), most);
        std::fs::write(&path, "#".repeat(most + 1)).unwrap();
        assert_eq!(
            text(&path).unwrap_err(),
            "it has more than 1048576 bytes; a charmcraft.yaml has a few thousand"
        );
    }

    #[test]
    fn a_file_that_is_not_text_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("charmcraft.yaml");
        std::fs::write(&path, b"name: web\n# \xff\n").unwrap();
        assert_eq!(text(&path).unwrap_err(), "line 2 is not UTF-8");
    }
}
