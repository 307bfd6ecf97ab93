//! What charmcraft.yaml declares.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use serde::Deserialize;
use serde_json::Value;

/// The parts of charmcraft.yaml that a charm's types must agree with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Charmcraft {
    config: Config,
    actions: BTreeMap<String, Action>,
    provides: BTreeMap<String, Value>,
    requires: BTreeMap<String, Value>,
    peers: BTreeMap<String, Value>,
    containers: BTreeMap<String, Value>,
    #[serde(skip)]
    path: PathBuf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    options: BTreeMap<String, Typed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Action {
    params: BTreeMap<String, Typed>,
    required: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    r#type: Option<String>,
    default: Option<Value>,
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
    #[expect(clippy::disallowed_methods, reason = "Cargo tells a macro where the crate is by environment")]
    pub(crate) fn load(span: Span) -> syn::Result<Self> {
        let source = span.unwrap().local_file();
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let start =
            source.and_then(|file| Some(std::path::absolute(file).ok()?.parent()?.to_owned())).or(manifest);
        let start = start.unwrap_or_else(|| PathBuf::from("."));
        let path = start.ancestors().map(|folder| folder.join("charmcraft.yaml")).find(|path| path.is_file());
        let Some(path) = path else {
            let message = format!("there is no charmcraft.yaml in or above {}", start.display());
            return Err(syn::Error::new(span, message));
        };
        let wrong = |cause: String| syn::Error::new(span, format!("cannot read {}: {cause}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        let read: Self = serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { path, ..read })
    }

    /// Makes the compiler build the crate again when the file changes.
    pub(crate) fn watch(&self) -> TokenStream {
        let path = self.path.display().to_string();
        quote! { const _: &[u8] = ::core::include_bytes!(#path); }
    }

    /// The function that reads an option of its type.
    pub(crate) fn option_reader(&self, name: &str, span: Span) -> syn::Result<Ident> {
        let options = &self.config.options;
        let option =
            options.get(name).ok_or_else(|| unknown("option", "options", name, options.keys(), span))?;
        reader(option, "option", name, span)
    }

    /// The interface of an endpoint, which must have this role.
    pub(crate) fn interface(&self, role: Role, name: &str, span: Span) -> syn::Result<String> {
        let endpoints = self.endpoints(role);
        if let Some(endpoint) = endpoints.get(name) {
            let interface = endpoint.as_str().or_else(|| endpoint.get("interface")?.as_str());
            return Ok(interface.unwrap_or_default().to_owned());
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
    /// The function that reads a parameter of its type, and whether it is always there.
    pub(crate) fn parameter(&self, name: &str, span: Span) -> syn::Result<(Ident, bool)> {
        let parameter = self.params.get(name);
        let parameter =
            parameter.ok_or_else(|| unknown("parameter", "parameters", name, self.params.keys(), span))?;
        let always = parameter.default.is_some() || self.required.iter().any(|required| required == name);
        Ok((reader(parameter, "parameter", name, span)?, always))
    }
}

fn reader(typed: &Typed, kind: &str, name: &str, span: Span) -> syn::Result<Ident> {
    let rust = match typed.r#type.as_deref().unwrap_or("string") {
        "string" => "string",
        "int" | "integer" => "int",
        "float" | "number" => "float",
        "boolean" => "boolean",
        "secret" => "secret",
        other => {
            let message = format!(
                "{kind} `{name}` has the type `{other}` in charmcraft.yaml, which cannot be read into a field"
            );
            return Err(syn::Error::new(span, message));
        }
    };
    Ok(format_ident!("{rust}"))
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
        serde_yaml::from_str(text).unwrap()
    }

    fn message<T: std::fmt::Debug>(result: syn::Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_with_all() {
        let charmcraft = parse(TEXT);
        assert_eq!(
            message(charmcraft.option_reader("sever-port", Span::call_site())),
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
            message(parse(TEXT).interface(Role::Requires, "metrics-endpoint", Span::call_site())),
            "`metrics-endpoint` is a `provides` endpoint in charmcraft.yaml, not a `requires` one; \
             write `#[provides(\"metrics-endpoint\")]`\nits `requires` endpoints: `database`"
        );
    }

    #[test]
    fn both_forms_of_an_endpoint_have_an_interface() {
        let charmcraft = parse(TEXT);
        let interface = |role, name| charmcraft.interface(role, name, Span::call_site()).unwrap();
        assert_eq!(interface(Role::Requires, "database"), "postgresql_client");
        assert_eq!(interface(Role::Provides, "metrics-endpoint"), "prometheus_scrape");
    }

    #[test]
    fn an_option_without_a_type_is_a_string() {
        assert_eq!(parse(TEXT).option_reader("greeting", Span::call_site()).unwrap(), "string");
    }

    #[test]
    fn a_parameter_with_a_default_is_always_there() {
        let charmcraft = parse(TEXT);
        let action = charmcraft.action("show-database", Span::call_site()).unwrap();
        assert!(action.parameter("show-password", Span::call_site()).unwrap().1);
        assert!(!action.parameter("format", Span::call_site()).unwrap().1);
    }
}
