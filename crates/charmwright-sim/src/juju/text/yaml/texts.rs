//! Reading a map of texts, as `--file` of `relation-set`, `state-set` and `secret-add` does.

use super::parse::{Content, Document, Id, Node, parse};
use super::resolve::{Kind, resolve};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// How many merged entries are read before it is given up: aliases of aliases grow without end.
const MOST_STEPS: usize = 1_000_000;
/// How deep merges may be in each other.
const DEEPEST: usize = 500;

/// What a map is read into, by the name that error texts give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Settings of a relation, or the state of a charm.
    Settings,
    /// The content of a secret.
    Secret,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Settings => "map[string]string",
            Self::Secret => "secrets.SecretData",
        }
    }
}

/// Reads a map of texts. Whatever is not in quotes is taken by its letters, and `null` for an empty text.
///
/// # Errors
///
/// Juju's text, if it is no YAML or no such map.
pub fn texts(text: &[u8], target: Target) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, String> {
    let document = parse(text).map_err(failed)?;
    let mut reader = Reader {
        document: &document,
        target,
        read: BTreeMap::new(),
        wrong: Vec::new(),
        steps: 0,
        within: Vec::new(),
    };
    if let Some(root) = document.root {
        reader.map(root, 0).map_err(failed)?;
    }
    if reader.wrong.is_empty() {
        return Ok(reader.read);
    }
    Err(failed(format!("unmarshal errors:\n  {}", reader.wrong.join("\n  "))))
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("yaml: {error}")
}

struct Reader<'a> {
    document: &'a Document,
    target: Target,
    read: BTreeMap<Vec<u8>, Vec<u8>>,
    wrong: Vec<String>,
    steps: usize,
    /// The aliases that are being followed.
    within: Vec<Id>,
}

impl<'a> Reader<'a> {
    /// The node behind aliases.
    fn node(&self, id: Id) -> Option<&'a Node> {
        let mut node = self.document.node(id)?;
        // What has a name is no alias itself, so this ends.
        while let Content::Alias { to, .. } = node.content {
            node = self.document.node(to)?;
        }
        Some(node)
    }

    fn map(&mut self, id: Id, depth: usize) -> Result<(), String> {
        let Some(node) = self.node(id) else { return Ok(()) };
        match &node.content {
            Content::Mapping(children) => self.entries(children, depth),
            Content::Sequence(_) => {
                self.mistake(node, "!!seq", self.target.name());
                Ok(())
            }
            Content::Scalar { .. } => {
                match scalar(node)? {
                    (Kind::Null, _) => self.read.clear(),
                    (kind, _) => self.mistake(node, kind.tag(), self.target.name()),
                }
                Ok(())
            }
            Content::Alias { .. } => Ok(()),
        }
    }

    fn entries(&mut self, children: &[Id], depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err("too many merges".to_owned());
        }
        for pair in children.chunks_exact(2) {
            let [key, value] = pair else { continue };
            self.steps += 1;
            if self.steps > MOST_STEPS {
                return Err("document contains excessive aliasing".to_owned());
            }
            if self.document.node(*key).is_some_and(is_merge) {
                self.merge(*value, depth)?;
                continue;
            }
            let Some(key) = self.text(*key)? else { continue };
            if let Some(value) = self.text(*value)? {
                self.read.insert(key, value);
            }
        }
        Ok(())
    }

    fn merge(&mut self, id: Id, depth: usize) -> Result<(), String> {
        let wanted = || "map merge requires map or sequence of maps as the value".to_owned();
        let direct = self.document.node(id).ok_or_else(wanted)?;
        match &direct.content {
            Content::Sequence(items) => {
                // The first of them counts most, so it is read last.
                for item in items.iter().rev() {
                    self.merge_one(*item, depth)?;
                }
                Ok(())
            }
            _ => self.merge_one(id, depth),
        }
    }

    fn merge_one(&mut self, id: Id, depth: usize) -> Result<(), String> {
        let Some(Content::Mapping(children)) = self.node(id).map(|node| &node.content) else {
            return Err("map merge requires map or sequence of maps as the value".to_owned());
        };
        let content = self.document.node(id).map(|node| &node.content);
        let Some(Content::Alias { name, .. }) = content else {
            return self.entries(children, depth + 1);
        };
        if self.within.contains(&id) {
            return Err(format!("anchor '{name}' value contains itself"));
        }
        self.within.push(id);
        self.entries(children, depth + 1)?;
        self.within.pop();
        Ok(())
    }

    fn text(&mut self, id: Id) -> Result<Option<Vec<u8>>, String> {
        let Some(node) = self.node(id) else { return Ok(None) };
        Ok(match &node.content {
            Content::Scalar { .. } => Some(scalar(node)?.1),
            Content::Sequence(_) => {
                self.mistake(node, "!!seq", "string");
                None
            }
            Content::Mapping(_) | Content::Alias { .. } => {
                self.mistake(node, "!!map", "string");
                None
            }
        })
    }

    fn mistake(&mut self, node: &Node, kind: &str, target: &str) {
        let tag = if node.tag.is_empty() { kind.to_owned() } else { short(&node.tag) };
        let value = match &node.content {
            Content::Scalar { value, .. } => value.as_slice(),
            _ => &[],
        };
        let value = if matches!(tag.as_str(), "!!seq" | "!!map") {
            String::new()
        } else if value.len() > 10 {
            format!(" `{}...`", replaced(value.get(..7).unwrap_or_default()))
        } else {
            format!(" `{}`", replaced(value))
        };
        let line = node.line.saturating_add(1);
        self.wrong.push(format!("line {line}: cannot unmarshal {tag}{value} into {target}"));
    }
}

/// A text with a sign in place of every byte that is no letter.
fn replaced(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

fn is_merge(node: &Node) -> bool {
    let tagged = short(&node.tag) == "!!merge";
    matches!(&node.content, Content::Scalar { value, bare } if value == b"<<" && (*bare || tagged))
}

/// The kind of a scalar, and its text: nothing for `null`.
fn scalar(node: &Node) -> Result<(Kind, Vec<u8>), String> {
    let Content::Scalar { value, bare } = &node.content else { return Ok((Kind::Null, Vec::new())) };
    let shown = || String::from_utf8_lossy(value);
    if node.tag.is_empty() {
        return Ok(match if *bare { resolve(&shown(), true) } else { Kind::Text } {
            Kind::Null => (Kind::Null, Vec::new()),
            kind => (kind, value.clone()),
        });
    }
    let tag = short(&node.tag);
    match tag.as_str() {
        "!!binary" => {
            let bytes = decoded(&shown()).ok_or("!!binary value contains invalid base64 data")?;
            Ok((Kind::Binary, bytes))
        }
        "!!bool" | "!!int" | "!!float" | "!!null" | "!!timestamp" => {
            let kind = resolve(&shown(), tag == "!!timestamp");
            let fits = kind.tag() == tag || (kind == Kind::Int && tag == "!!float");
            if !fits {
                return Err(format!("cannot decode {} `{}` as a {tag}", kind.tag(), replaced(value)));
            }
            Ok((kind, if kind == Kind::Null { Vec::new() } else { value.clone() }))
        }
        _ => Ok((Kind::Text, value.clone())),
    }
}

/// Go's decoder passes over line breaks.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect();
    STANDARD.decode(text).ok()
}

fn short(tag: &str) -> String {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => format!("!!{name}"),
        None => tag.to_owned(),
    }
}
