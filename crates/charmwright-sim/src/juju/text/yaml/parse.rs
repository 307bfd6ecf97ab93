//! From tokens to a tree: the first document of a text.

use super::input::{Mark, Problem};
use super::scan::{Kind, Scanner, Token};
use std::collections::HashMap;

/// Where a node is in its document.
pub(super) type Id = usize;

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    /// Its line, from 0.
    pub(super) line: usize,
    /// Its tag; empty if it has none.
    pub(super) tag: String,
    pub(super) content: Content,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Content {
    /// `bare` if it stands without quotes and without a tag.
    Scalar {
        value: Vec<u8>,
        bare: bool,
    },
    Sequence(Vec<Id>),
    /// Keys and values by turns.
    Mapping(Vec<Id>),
    /// Another node, by the name that it was given.
    Alias {
        to: Id,
        name: String,
    },
}

/// A document. Nodes name each other by number, so that a deep one needs no deep stack.
#[derive(Debug, Default)]
pub(super) struct Document {
    nodes: Vec<Node>,
    pub(super) root: Option<Id>,
}

impl Document {
    pub(super) fn node(&self, id: Id) -> Option<&Node> {
        self.nodes.get(id)
    }
}

/// What is expected inside of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    DocumentEnd,
    BlockEntry,
    IndentlessEntry,
    BlockKey,
    BlockValue,
    FlowEntry { first: bool },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowKey { first: bool },
    FlowValue { empty: bool },
}

/// What is open: what is expected next in it, its node, and where it began.
#[derive(Debug, Clone, Copy)]
struct Open {
    state: State,
    node: Id,
    began: Mark,
}

struct Parser {
    scanner: Scanner,
    document: Document,
    anchors: HashMap<Vec<u8>, Id>,
    tags: Vec<(Vec<u8>, Vec<u8>)>,
    open: Vec<Open>,
}

/// Reads the first document.
pub(super) fn parse(text: &[u8]) -> Result<Document, String> {
    let mut parser = Parser {
        scanner: Scanner::new(if text.is_empty() { b"\n" } else { text }),
        document: Document::default(),
        anchors: HashMap::new(),
        tags: Vec::new(),
        open: Vec::new(),
    };
    parser.read().map_err(|failure| match failure {
        Failure::Problem(problem) => told(&problem),
        Failure::UnknownAnchor(name) => format!("unknown anchor '{name}' referenced"),
    })?;
    Ok(parser.document)
}

/// A problem in the words of yaml.v2, which names lines in a way of its own.
fn told(problem: &Problem) -> String {
    let at = problem.at.map_or(0, |mark| mark.line);
    let line = match at {
        0 => problem.began.map_or(0, |mark| mark.line),
        _ => at + usize::from(problem.in_letters),
    };
    if line == 0 { problem.text.to_owned() } else { format!("line {line}: {}", problem.text) }
}

enum Failure {
    Problem(Problem),
    UnknownAnchor(String),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// A problem with how tokens go together.
fn misplaced(began: Option<Mark>, at: Mark, text: &'static str) -> Failure {
    Failure::Problem(Problem { text, at: Some(at), began, in_letters: false })
}

impl Parser {
    fn read(&mut self) -> Result<(), Failure> {
        self.scanner.next()?;
        let first = self.scanner.peek()?.clone();
        match first.kind {
            Kind::StreamEnd => return Ok(()),
            Kind::Version { .. } | Kind::TagPrefix { .. } | Kind::DocumentStart => {
                self.directives()?;
                let start = self.scanner.next()?;
                if start.kind != Kind::DocumentStart {
                    return Err(misplaced(None, start.at, "did not find expected <document start>"));
                }
                let content = self.scanner.peek()?;
                let at = content.at;
                let empty = matches!(
                    content.kind,
                    Kind::Version { .. }
                        | Kind::TagPrefix { .. }
                        | Kind::DocumentStart
                        | Kind::DocumentEnd
                        | Kind::StreamEnd
                );
                if empty {
                    self.empty(at);
                    return Ok(());
                }
            }
            _ => self.directives()?,
        }
        self.open.push(Open { state: State::DocumentEnd, node: 0, began: first.at });
        self.node(true, false)?;
        while let Some(open) = self.open.pop() {
            if open.state == State::DocumentEnd {
                self.scanner.peek()?;
                return Ok(());
            }
            self.inside(open)?;
        }
        Ok(())
    }

    fn directives(&mut self) -> Result<(), Failure> {
        let mut version = false;
        loop {
            let token = self.scanner.peek()?.clone();
            match token.kind {
                Kind::Version { .. } if version => {
                    return Err(misplaced(None, token.at, "found duplicate %YAML directive"));
                }
                Kind::Version { major: 1, minor: 1 } => version = true,
                Kind::Version { .. } => {
                    return Err(misplaced(None, token.at, "found incompatible YAML document"));
                }
                Kind::TagPrefix { handle, prefix } => {
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(misplaced(None, token.at, "found duplicate %TAG directive"));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => break,
            }
            self.scanner.next()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tags.iter().any(|(known, _)| known == handle.as_bytes()) {
                self.tags.push((handle.into(), prefix.into()));
            }
        }
        Ok(())
    }

    /// Adds a node to what is open.
    fn add(&mut self, line: usize, tag: String, content: Content) -> Id {
        let id = self.document.nodes.len();
        self.document.nodes.push(Node { line, tag, content });
        let parent = self.open.last().filter(|open| open.state != State::DocumentEnd).map(|open| open.node);
        match parent.and_then(|parent| self.document.nodes.get_mut(parent)) {
            Some(Node { content: Content::Sequence(children) | Content::Mapping(children), .. }) => {
                children.push(id);
            }
            _ => self.document.root = Some(id),
        }
        id
    }

    fn empty(&mut self, at: Mark) {
        self.add(at.line, String::new(), Content::Scalar { value: Vec::new(), bare: true });
    }

    /// Goes on with what is open, and expects `state` in it next.
    fn expect(&mut self, open: Open, state: State) {
        self.open.push(Open { state, ..open });
    }

    /// Reads a node into what is open.
    fn node(&mut self, block: bool, indentless: bool) -> Result<(), Failure> {
        let mut token = self.scanner.peek()?.clone();
        let began = token.at;
        if let Kind::Alias(name) = token.kind {
            self.scanner.next()?;
            let shown = String::from_utf8_lossy(&name).into_owned();
            let Some(to) = self.anchors.get(&name).copied() else {
                return Err(Failure::UnknownAnchor(shown));
            };
            self.add(began.line, String::new(), Content::Alias { to, name: shown });
            return Ok(());
        }
        let (mut anchor, mut tag): (Option<Vec<u8>>, Option<Vec<u8>>) = (None, None);
        loop {
            match token.kind {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(name),
                Kind::Tag { handle, suffix } if tag.is_none() => {
                    tag = Some(self.tag(&handle, suffix, began, token.at)?);
                }
                kind => {
                    token = Token { kind, ..token };
                    break;
                }
            }
            self.scanner.next()?;
            token = self.scanner.peek()?.clone();
        }
        let described = anchor.is_some() || tag.is_some();
        let tag = tag.unwrap_or_default();
        let (content, state) = match token.kind {
            Kind::BlockEntry if indentless => (Content::Sequence(Vec::new()), Some(State::IndentlessEntry)),
            Kind::Scalar { value, plain } => {
                self.scanner.next()?;
                let bare = (tag.is_empty() && plain) || tag == b"!";
                (Content::Scalar { value, bare }, None)
            }
            Kind::FlowSequence => (Content::Sequence(Vec::new()), Some(State::FlowEntry { first: true })),
            Kind::FlowMapping => (Content::Mapping(Vec::new()), Some(State::FlowKey { first: true })),
            Kind::BlockSequence if block => (Content::Sequence(Vec::new()), Some(State::BlockEntry)),
            Kind::BlockMapping if block => (Content::Mapping(Vec::new()), Some(State::BlockKey)),
            _ if described => (Content::Scalar { value: Vec::new(), bare: tag.is_empty() }, None),
            _ => return Err(misplaced(Some(began), token.at, "did not find expected node content")),
        };
        // The library keeps the tags of texts only.
        let tag = match content {
            Content::Scalar { .. } => String::from_utf8_lossy(&tag).into_owned(),
            _ => String::new(),
        };
        let id = self.add(began.line, tag, content);
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        if let Some(state) = state {
            if state != State::IndentlessEntry {
                self.scanner.next()?;
            }
            self.open.push(Open { state, node: id, began: token.at });
        }
        Ok(())
    }

    fn tag(&self, handle: &[u8], suffix: Vec<u8>, began: Mark, at: Mark) -> Result<Vec<u8>, Failure> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let prefix = self.tags.iter().find(|(known, _)| known == handle);
        let tag = prefix.map(|(_, prefix)| [prefix.as_slice(), &suffix].concat()).unwrap_or_default();
        if tag.is_empty() {
            return Err(misplaced(Some(began), at, "found undefined tag handle"));
        }
        Ok(tag)
    }

    /// Goes on inside of something.
    fn inside(&mut self, open: Open) -> Result<(), Failure> {
        match open.state {
            State::DocumentEnd | State::FlowPairEnd => Ok(()),
            State::BlockEntry => self.block_entry(open),
            State::IndentlessEntry => self.indentless_entry(open),
            State::BlockKey => self.block_key(open),
            State::BlockValue => self.block_value(open),
            State::FlowEntry { first } => self.flow_entry(open, first),
            State::FlowPairKey => self.flow_pair_key(open),
            State::FlowPairValue => self.flow_pair_value(open),
            State::FlowKey { first } => self.flow_key(open, first),
            State::FlowValue { empty } => self.flow_value(open, empty),
        }
    }

    /// A node of a block, or an empty one if one of `none` follows.
    fn block_node(&mut self, mark: &Token, none: &[Kind], indentless: bool) -> Result<(), Failure> {
        if none.contains(&self.scanner.peek()?.kind) {
            // Marks of blocks are one letter, and what is empty is behind it on the same line.
            self.empty(mark.at);
            return Ok(());
        }
        self.node(true, indentless)
    }

    fn block_entry(&mut self, open: Open) -> Result<(), Failure> {
        let token = self.scanner.next()?;
        match token.kind {
            Kind::BlockEntry => {
                self.expect(open, State::BlockEntry);
                self.block_node(&token, &[Kind::BlockEntry, Kind::BlockEnd], false)
            }
            Kind::BlockEnd => Ok(()),
            _ => Err(misplaced(Some(open.began), token.at, "did not find expected '-' indicator")),
        }
    }

    fn indentless_entry(&mut self, open: Open) -> Result<(), Failure> {
        if self.scanner.peek()?.kind != Kind::BlockEntry {
            return Ok(());
        }
        let token = self.scanner.next()?;
        self.expect(open, State::IndentlessEntry);
        self.block_node(&token, &[Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd], false)
    }

    fn block_key(&mut self, open: Open) -> Result<(), Failure> {
        let token = self.scanner.next()?;
        match token.kind {
            Kind::Key => {
                self.expect(open, State::BlockValue);
                self.block_node(&token, &[Kind::Key, Kind::Value, Kind::BlockEnd], true)
            }
            Kind::BlockEnd => Ok(()),
            _ => Err(misplaced(Some(open.began), token.at, "did not find expected key")),
        }
    }

    fn block_value(&mut self, open: Open) -> Result<(), Failure> {
        self.expect(open, State::BlockKey);
        let token = self.scanner.peek()?.clone();
        if token.kind != Kind::Value {
            self.empty(token.at);
            return Ok(());
        }
        self.scanner.next()?;
        self.block_node(&token, &[Kind::Key, Kind::Value, Kind::BlockEnd], true)
    }

    fn flow_entry(&mut self, open: Open, first: bool) -> Result<(), Failure> {
        let mut token = self.scanner.peek()?.clone();
        if token.kind != Kind::FlowSequenceEnd && !first {
            if token.kind != Kind::FlowEntry {
                return Err(misplaced(Some(open.began), token.at, "did not find expected ',' or ']'"));
            }
            self.scanner.next()?;
            token = self.scanner.peek()?.clone();
        }
        match token.kind {
            Kind::FlowSequenceEnd => {
                self.scanner.next()?;
                Ok(())
            }
            Kind::Key => {
                self.scanner.next()?;
                self.expect(open, State::FlowEntry { first: false });
                let node = self.add(token.at.line, String::new(), Content::Mapping(Vec::new()));
                self.open.push(Open { state: State::FlowPairKey, node, began: token.at });
                Ok(())
            }
            _ => {
                self.expect(open, State::FlowEntry { first: false });
                self.node(false, false)
            }
        }
    }

    fn flow_pair_key(&mut self, open: Open) -> Result<(), Failure> {
        self.expect(open, State::FlowPairValue);
        let token = self.scanner.peek()?.clone();
        if matches!(token.kind, Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd) {
            // An oddity: what ends the empty key is passed over, were it the `:`.
            self.scanner.next()?;
            self.empty(token.at);
            return Ok(());
        }
        self.node(false, false)
    }

    fn flow_pair_value(&mut self, open: Open) -> Result<(), Failure> {
        self.expect(open, State::FlowPairEnd);
        let token = self.scanner.peek()?.clone();
        if token.kind == Kind::Value {
            self.scanner.next()?;
            if !matches!(self.scanner.peek()?.kind, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                return self.node(false, false);
            }
        }
        self.empty(token.at);
        Ok(())
    }

    fn flow_key(&mut self, open: Open, first: bool) -> Result<(), Failure> {
        let mut token = self.scanner.peek()?.clone();
        if token.kind != Kind::FlowMappingEnd && !first {
            if token.kind != Kind::FlowEntry {
                return Err(misplaced(Some(open.began), token.at, "did not find expected ',' or '}'"));
            }
            self.scanner.next()?;
            token = self.scanner.peek()?.clone();
        }
        match token.kind {
            Kind::FlowMappingEnd => {
                self.scanner.next()?;
                Ok(())
            }
            Kind::Key => {
                self.scanner.next()?;
                self.expect(open, State::FlowValue { empty: false });
                self.flow_node()
            }
            _ => {
                self.expect(open, State::FlowValue { empty: true });
                self.node(false, false)
            }
        }
    }

    fn flow_value(&mut self, open: Open, empty: bool) -> Result<(), Failure> {
        self.expect(open, State::FlowKey { first: false });
        let token = self.scanner.peek()?.clone();
        if !empty && token.kind == Kind::Value {
            self.scanner.next()?;
            if !matches!(self.scanner.peek()?.kind, Kind::FlowEntry | Kind::FlowMappingEnd) {
                return self.node(false, false);
            }
        }
        self.empty(token.at);
        Ok(())
    }

    /// A key within braces, or an empty one.
    fn flow_node(&mut self) -> Result<(), Failure> {
        let token = self.scanner.peek()?;
        let at = token.at;
        if matches!(token.kind, Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd) {
            self.empty(at);
            return Ok(());
        }
        self.node(false, false)
    }
}
