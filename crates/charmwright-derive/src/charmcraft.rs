//! What charmcraft.yaml declares.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use serde::Deserialize;
use serde_json::Value;

use crate::file::{self, entries, is_true, or_empty};

/// The parts of charmcraft.yaml that a charm's types must agree with.
///
/// Every section and every entry may be there and empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Charmcraft {
    name: Option<String>,
    #[serde(deserialize_with = "or_empty")]
    config: Config,
    #[serde(deserialize_with = "entries")]
    actions: BTreeMap<String, Action>,
    #[serde(deserialize_with = "entries")]
    provides: BTreeMap<String, Value>,
    #[serde(deserialize_with = "entries")]
    requires: BTreeMap<String, Value>,
    #[serde(deserialize_with = "entries")]
    peers: BTreeMap<String, Value>,
    #[serde(deserialize_with = "entries")]
    containers: BTreeMap<String, Value>,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    #[serde(deserialize_with = "entries")]
    options: BTreeMap<String, Typed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Action {
    #[serde(deserialize_with = "entries")]
    params: BTreeMap<String, Typed>,
    #[serde(deserialize_with = "or_empty")]
    required: Vec<String>,
}

/// An option or a parameter. The type is of any form: a parameter's is a JSON schema's, which may be a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    r#type: Option<Value>,
    default: Option<Value>,
}

/// An endpoint as charmcraft.yaml has it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Its interface.
    pub(crate) interface: String,
    /// Whether it says `optional: true`.
    pub(crate) optional: bool,
}

/// How a value is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    /// The function that reads its type.
    pub(crate) function: Ident,
    /// Whether it comes as a text, which can be empty.
    pub(crate) text: bool,
    /// Whether it is always there.
    pub(crate) always: bool,
}

/// The role of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Provides,
    Requires,
    Peers,
}

impl Role {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Provides => "provides",
            Self::Requires => "requires",
            Self::Peers => "peers",
        }
    }
}

impl Charmcraft {
    /// Reads the nearest charmcraft.yaml in or above the folder of the source file that `span` is in.
    pub(crate) fn load(span: Span) -> syn::Result<Self> {
        let path = file::nearest(span)?;
        let read = file::text(&path)
            .and_then(|text| file::parse(&text))
            .map_err(|cause| syn::Error::new(span, format!("cannot read {}: {cause}", path.display())))?;
        Ok(Self { path, ..read })
    }

    /// Makes the compiler build the crate again when the file changes.
    pub(crate) fn watch(&self) -> TokenStream {
        let path = self.path.display().to_string();
        quote! { const _: &[u8] = ::core::include_bytes!(#path); }
    }

    /// The charm's name, if it is given.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// How an option of its type is read.
    pub(crate) fn option(&self, name: &str, span: Span) -> syn::Result<Reader> {
        let options = &self.config.options;
        let option =
            options.get(name).ok_or_else(|| unknown("option", "options", name, options.keys(), span))?;
        reader(option, "option", name, span)
    }

    /// An endpoint, which must have this role.
    pub(crate) fn endpoint(&self, role: Role, name: &str, span: Span) -> syn::Result<Endpoint> {
        let endpoints = self.endpoints(role);
        if let Some(endpoint) = endpoints.get(name) {
            let interface = endpoint.as_str().or_else(|| endpoint.get("interface")?.as_str());
            let interface = interface.ok_or_else(|| {
                let message = format!(
                    "endpoint `{name}` has no interface in charmcraft.yaml; write `{name}: {{interface: …}}` there"
                );
                syn::Error::new(span, message)
            })?;
            let optional = endpoint.get("optional").is_some_and(is_true);
            return Ok(Endpoint { interface: interface.to_owned(), optional });
        }
        let others = [Role::Provides, Role::Requires, Role::Peers];
        if let Some(other) = others.into_iter().find(|role| self.endpoints(*role).contains_key(name)) {
            let (key, mine) = (other.key(), role.key());
            let mut message = format!(
                "`{name}` is a `{key}` endpoint in charmcraft.yaml, not a `{mine}` one; write `#[{key}(\"{name}\")]`"
            );
            message += &choices(&format!("`{mine}` endpoints"), endpoints.keys());
            return Err(syn::Error::new(span, message));
        }
        let (kind, kinds) = (format!("`{}` endpoint", role.key()), format!("`{}` endpoints", role.key()));
        Err(unknown(&kind, &kinds, name, endpoints.keys(), span))
    }

    fn endpoints(&self, role: Role) -> &BTreeMap<String, Value> {
        match role {
            Role::Provides => &self.provides,
            Role::Requires => &self.requires,
            Role::Peers => &self.peers,
        }
    }

    pub(crate) fn check_container(&self, name: &str, span: Span) -> syn::Result<()> {
        if self.containers.contains_key(name) {
            return Ok(());
        }
        Err(unknown("container", "containers", name, self.containers.keys(), span))
    }

    pub(crate) fn action(&self, name: &str, span: Span) -> syn::Result<&Action> {
        self.actions.get(name).ok_or_else(|| unknown("action", "actions", name, self.actions.keys(), span))
    }
}

impl Action {
    /// How a parameter of its type is read.
    pub(crate) fn parameter(&self, name: &str, span: Span) -> syn::Result<Reader> {
        let parameter = self.params.get(name);
        let parameter =
            parameter.ok_or_else(|| unknown("parameter", "parameters", name, self.params.keys(), span))?;
        let required = self.required.iter().any(|required| required == name);
        let read = reader(parameter, "parameter", name, span)?;
        Ok(Reader { always: read.always || required, ..read })
    }
}

fn reader(typed: &Typed, kind: &str, name: &str, span: Span) -> syn::Result<Reader> {
    let written = typed.r#type.as_ref().map_or("string", |written| written.as_str().unwrap_or_default());
    let function = match written {
        "string" => "string",
        "int" | "integer" => "int",
        "float" | "number" => "float",
        "boolean" => "boolean",
        "secret" => "secret",
        other => {
            let other = typed.r#type.as_ref().filter(|_| other.is_empty()).map(Value::to_string);
            let message = format!(
                "{kind} `{name}` has the type `{}` in charmcraft.yaml, which cannot be read into a field",
                other.as_deref().unwrap_or(written)
            );
            return Err(syn::Error::new(span, message));
        }
    };
    Ok(Reader {
        function: format_ident!("{function}"),
        text: matches!(function, "string" | "secret"),
        always: typed.default.is_some(),
    })
}

fn unknown<'a>(
    kind: &str,
    kinds: &str,
    name: &str,
    known: impl Iterator<Item = &'a String> + Clone,
    span: Span,
) -> syn::Error {
    let nearest =
        known.clone().map(|one| (strsim::jaro_winkler(name, one), one)).max_by(|a, b| a.0.total_cmp(&b.0));
    let mut message = format!("no {kind} `{name}` in charmcraft.yaml");
    if let Some((_, nearest)) = nearest.filter(|(likeness, _)| *likeness > 0.8) {
        message.extend(["; did you mean `", nearest, "`?"]);
    }
    message += &choices(kinds, known);
    syn::Error::new(span, message)
}

fn choices<'a>(kinds: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<_> = known.map(|name| format!("`{name}`")).collect();
    if known.is_empty() {
        format!("\nit has no {kinds}")
    } else {
        format!("\nits {kinds}: {}", known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
name: guestbook
config:
  options:
    server-port: {type: int, default: 8080}
    greeting: {default: hello}
provides: {metrics-endpoint: {interface: prometheus_scrape}}
requires:
  database: postgresql_client
actions:
  show-database:
    params: {show-password: {type: boolean, default: false}, format: {type: string}}
parts: {charm: {plugin: rust}}
";

    fn parse(text: &str) -> Charmcraft {
        file::parse(text).unwrap()
    }

    fn message<T: std::fmt::Debug>(result: syn::Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_with_all() {
        let charmcraft = parse(TEXT);
        assert_eq!(
            message(charmcraft.option("sever-port", Span::call_site())),
            "no option `sever-port` in charmcraft.yaml; did you mean `server-port`?\nits options: `greeting`, `server-port`"
        );
        assert_eq!(
            message(charmcraft.check_container("web", Span::call_site())),
            "no container `web` in charmcraft.yaml\nit has no containers"
        );
    }

    #[test]
    fn an_endpoint_of_another_role_is_told_with_its_role() {
        assert_eq!(
            message(parse(TEXT).endpoint(Role::Requires, "metrics-endpoint", Span::call_site())),
            "`metrics-endpoint` is a `provides` endpoint in charmcraft.yaml, not a `requires` one; \
             write `#[provides(\"metrics-endpoint\")]`\nits `requires` endpoints: `database`"
        );
    }

    #[test]
    fn both_forms_of_an_endpoint_have_an_interface() {
        let charmcraft = parse(TEXT);
        let interface = |role, name| charmcraft.endpoint(role, name, Span::call_site()).unwrap().interface;
        assert_eq!(interface(Role::Requires, "database"), "postgresql_client");
        assert_eq!(interface(Role::Provides, "metrics-endpoint"), "prometheus_scrape");
    }

    #[test]
    fn an_option_without_a_type_is_a_string() {
        assert_eq!(parse(TEXT).option("greeting", Span::call_site()).unwrap().function, "string");
    }

    #[test]
    fn a_parameter_with_a_default_is_always_there() {
        let charmcraft = parse(TEXT);
        let action = charmcraft.action("show-database", Span::call_site()).unwrap();
        assert!(action.parameter("show-password", Span::call_site()).unwrap().always);
        assert!(!action.parameter("format", Span::call_site()).unwrap().always);
    }

    #[test]
    fn a_type_that_no_field_has_is_told_only_to_who_reads_it() {
        let charmcraft = parse(
            "actions: {run: {params: {list: {type: [string, 'null']}, all: {type: array}, name: {type: string}}}}",
        );
        let action = charmcraft.action("run", Span::call_site()).unwrap();
        assert!(action.parameter("name", Span::call_site()).is_ok());
        for (name, of) in [("list", "[\"string\",\"null\"]"), ("all", "array")] {
            assert_eq!(
                message(action.parameter(name, Span::call_site())),
                format!(
                    "parameter `{name}` has the type `{of}` in charmcraft.yaml, which cannot be read into a field"
                )
            );
        }
    }

    #[test]
    fn an_endpoint_is_optional_only_if_it_says_so() {
        let charmcraft = parse(
            "requires: {a: {interface: i, optional: true}, b: {interface: i, optional: yes}, \
             c: {interface: i, optional: false}, d: {interface: i}, e: i, f: {interface: i, optional: null}}",
        );
        let optional = |name| charmcraft.endpoint(Role::Requires, name, Span::call_site()).unwrap().optional;
        assert_eq!(["a", "b", "c", "d", "e", "f"].map(optional), [true, true, false, false, false, false]);
    }

    #[test]
    fn an_endpoint_without_an_interface_is_told() {
        for text in ["requires: {database: }", "requires: {database: {limit: 1}}"] {
            assert_eq!(
                message(parse(text).endpoint(Role::Requires, "database", Span::call_site())),
                "endpoint `database` has no interface in charmcraft.yaml; write `database: {interface: …}` there"
            );
        }
    }
}
