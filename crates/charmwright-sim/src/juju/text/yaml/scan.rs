//! From letters to tokens. Keys need no mark of their own in YAML: a token that a `:` follows turns out to be one, so
//! tokens are held back as long as that may happen.

use super::input::{Input, Mark, Problem, is_blank, is_break, is_space};
use std::collections::VecDeque;

/// The longest key, in letters, that needs no mark.
const LONGEST_KEY: usize = 1024;

/// A part of a document, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: Mark,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    Version { major: u8, minor: u8 },
    TagPrefix { handle: Vec<u8>, prefix: Vec<u8> },
    DocumentStart,
    DocumentEnd,
    BlockSequence,
    BlockMapping,
    BlockEnd,
    FlowSequence,
    FlowSequenceEnd,
    FlowMapping,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Vec<u8>),
    Anchor(Vec<u8>),
    Tag { handle: Vec<u8>, suffix: Vec<u8> },
    Scalar { value: Vec<u8>, plain: bool },
}

/// A token that may turn out to be a key.
#[derive(Debug, Clone, Copy)]
struct MaybeKey {
    /// Whether nothing else can stand where it stands.
    required: bool,
    /// The how manieth token it is.
    number: usize,
    at: Mark,
}

/// Tokens on demand.
#[derive(Debug)]
pub(super) struct Scanner {
    pub(super) input: Input,
    started: bool,
    tokens: VecDeque<Token>,
    /// How many tokens were taken.
    taken: usize,
    /// Whether the first of the tokens cannot change any more.
    ready: bool,
    /// The column of the block that is open; -1 outside of any.
    pub(super) indent: isize,
    indents: Vec<isize>,
    /// Whether a key can begin here.
    pub(super) key_allowed: bool,
    /// What may be a key, outside of all brackets and in each of them.
    keys: Vec<Option<MaybeKey>>,
}

impl Scanner {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self {
            input: Input::new(bytes),
            started: false,
            tokens: VecDeque::new(),
            taken: 0,
            ready: false,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![None],
        }
    }

    /// Whether the place is within brackets.
    pub(super) fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    pub(super) fn column(&self) -> isize {
        isize::try_from(self.input.mark().column).unwrap_or(isize::MAX)
    }

    /// The next token. Behind the last one comes the last again.
    pub(super) fn peek(&mut self) -> Result<&Token, Problem> {
        const END: &Token = &Token { kind: Kind::StreamEnd, at: Mark { index: 0, line: 0, column: 0 } };
        if !self.ready {
            self.fetch()?;
            self.ready = true;
        }
        Ok(self.tokens.front().unwrap_or(END))
    }

    /// Takes the next token.
    pub(super) fn next(&mut self) -> Result<Token, Problem> {
        let token = self.peek()?.clone();
        self.tokens.pop_front();
        self.taken += 1;
        self.ready = false;
        Ok(token)
    }

    /// Reads on until the first token is certain.
    fn fetch(&mut self) -> Result<(), Problem> {
        loop {
            if !self.tokens.is_empty() {
                self.drop_stale_keys()?;
                if !self.keys.iter().flatten().any(|key| key.number == self.taken) {
                    return Ok(());
                }
            }
            self.scan()?;
        }
    }

    fn push(&mut self, kind: Kind, at: Mark) {
        self.tokens.push_back(Token { kind, at });
    }

    fn scan(&mut self) -> Result<(), Problem> {
        self.input.want(1)?;
        if !self.started {
            self.started = true;
            self.push(Kind::StreamStart, self.input.mark());
            return Ok(());
        }
        self.skip_to_token()?;
        self.drop_stale_keys()?;
        self.close_blocks(self.column());
        self.input.want(4)?;
        let (here, next, column) = (self.input.here(), self.input.peek(1), self.input.mark().column);
        let flow = self.in_flow();
        match here {
            '\0' => self.stream_end(),
            '%' if column == 0 => self.directive(),
            '-' if self.input.is_indicator('-') => self.document(Kind::DocumentStart),
            '.' if self.input.is_indicator('.') => self.document(Kind::DocumentEnd),
            '[' => self.open(Kind::FlowSequence),
            '{' => self.open(Kind::FlowMapping),
            ']' => self.close(Kind::FlowSequenceEnd),
            '}' => self.close(Kind::FlowMappingEnd),
            ',' => self.flow_entry(),
            '-' if is_space(next) => self.block_entry(),
            '?' if flow || is_space(next) => self.key(),
            ':' if flow || is_space(next) => self.value(),
            '*' => self.anchor(Kind::Alias),
            '&' => self.anchor(Kind::Anchor),
            '!' => {
                let at = self.begin()?;
                let kind = self.scan_tag(at)?;
                self.push(kind, at);
                Ok(())
            }
            '|' | '>' if !flow => {
                self.no_key()?;
                self.key_allowed = true;
                let at = self.input.mark();
                let value = self.scan_block(here == '|')?;
                self.push(Kind::Scalar { value, plain: false }, at);
                Ok(())
            }
            '\'' | '"' => {
                let at = self.begin()?;
                let value = self.scan_quoted(here)?;
                self.push(Kind::Scalar { value, plain: false }, at);
                Ok(())
            }
            '-' if !is_blank(next) => self.plain(),
            '?' | ':' if !flow && !is_space(next) => self.plain(),
            '-' | '?' | ':' | '#' | '|' | '>' | '%' | '@' | '`' | ' ' | '\t' => self.no_token(),
            _ if is_break(here) => self.no_token(),
            _ => self.plain(),
        }
    }

    fn no_token(&self) -> Result<(), Problem> {
        Err(self.input.problem(self.input.mark(), "found character that cannot start any token"))
    }

    /// Passes over blanks, comments and line breaks. A tab is no blank where it could be taken for indentation.
    fn skip_to_token(&mut self) -> Result<(), Problem> {
        loop {
            if self.input.mark().index == 0 && self.input.here() == '\u{feff}' {
                self.input.step()?;
            }
            while self.input.here() == ' '
                || (self.input.here() == '\t' && (self.in_flow() || !self.key_allowed))
            {
                self.input.step()?;
            }
            self.input.skip_comment()?;
            if !is_break(self.input.here()) {
                return Ok(());
            }
            self.input.take_break(&mut Vec::new())?;
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    /// A key is on one line and not too long.
    fn drop_stale_keys(&mut self) -> Result<(), Problem> {
        let here = self.input.mark();
        for slot in &mut self.keys {
            let Some(key) = slot else { continue };
            if key.at.line < here.line || key.at.index + LONGEST_KEY < here.index {
                if key.required {
                    return Err(self.input.problem(key.at, "could not find expected ':'"));
                }
                *slot = None;
            }
        }
        Ok(())
    }

    /// What comes now may be a key.
    fn maybe_key(&mut self) -> Result<(), Problem> {
        if self.key_allowed {
            let at = self.input.mark();
            let required = !self.in_flow() && self.indent == self.column();
            self.no_key()?;
            let number = self.taken + self.tokens.len();
            if let Some(slot) = self.keys.last_mut() {
                *slot = Some(MaybeKey { required, number, at });
            }
        }
        Ok(())
    }

    /// What came before is no key.
    fn no_key(&mut self) -> Result<(), Problem> {
        match self.keys.last_mut().and_then(Option::take) {
            Some(key) if key.required => Err(self.input.problem(key.at, "could not find expected ':'")),
            _ => Ok(()),
        }
    }

    /// A token begins that may be a key, and behind which none can begin.
    fn begin(&mut self) -> Result<Mark, Problem> {
        self.maybe_key()?;
        self.key_allowed = false;
        Ok(self.input.mark())
    }

    /// Opens a block at `column`, if it is deeper than the one that is open; its token stands before token `number`.
    fn open_block(&mut self, column: isize, number: Option<usize>, kind: Kind, at: Mark) {
        if self.in_flow() || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        self.insert(number, Token { kind, at });
    }

    fn insert(&mut self, number: Option<usize>, token: Token) {
        let place = number.map_or(self.tokens.len(), |number| number.saturating_sub(self.taken));
        self.tokens.insert(place.min(self.tokens.len()), token);
    }

    fn close_blocks(&mut self, column: isize) {
        while !self.in_flow() && self.indent > column {
            self.push(Kind::BlockEnd, self.input.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn stream_end(&mut self) -> Result<(), Problem> {
        self.input.end_line();
        self.close_blocks(-1);
        self.no_key()?;
        self.key_allowed = false;
        self.push(Kind::StreamEnd, self.input.mark());
        Ok(())
    }

    fn directive(&mut self) -> Result<(), Problem> {
        self.close_blocks(-1);
        self.no_key()?;
        self.key_allowed = false;
        let at = self.input.mark();
        let kind = self.scan_directive(at)?;
        self.push(kind, at);
        Ok(())
    }

    fn document(&mut self, kind: Kind) -> Result<(), Problem> {
        self.close_blocks(-1);
        self.no_key()?;
        self.key_allowed = false;
        let at = self.input.mark();
        for _ in 0..3 {
            self.input.step()?;
        }
        self.push(kind, at);
        Ok(())
    }

    /// A mark of one letter.
    fn mark(&mut self, kind: Kind) -> Result<(), Problem> {
        let at = self.input.mark();
        self.push(kind, at);
        self.input.step()
    }

    fn open(&mut self, kind: Kind) -> Result<(), Problem> {
        self.maybe_key()?;
        self.keys.push(None);
        self.key_allowed = true;
        self.mark(kind)
    }

    fn close(&mut self, kind: Kind) -> Result<(), Problem> {
        self.no_key()?;
        if self.in_flow() {
            self.keys.pop();
        }
        self.key_allowed = false;
        self.mark(kind)
    }

    fn flow_entry(&mut self) -> Result<(), Problem> {
        self.no_key()?;
        self.key_allowed = true;
        self.mark(Kind::FlowEntry)
    }

    fn block_entry(&mut self) -> Result<(), Problem> {
        self.block_mark(Kind::BlockSequence, "block sequence entries are not allowed in this context")?;
        self.no_key()?;
        self.key_allowed = true;
        self.mark(Kind::BlockEntry)
    }

    fn key(&mut self) -> Result<(), Problem> {
        self.block_mark(Kind::BlockMapping, "mapping keys are not allowed in this context")?;
        self.no_key()?;
        self.key_allowed = !self.in_flow();
        self.mark(Kind::Key)
    }

    /// A mark that may open a block, and can stand only where a key can.
    fn block_mark(&mut self, block: Kind, otherwise: &'static str) -> Result<(), Problem> {
        if self.in_flow() {
            return Ok(());
        }
        let at = self.input.mark();
        if !self.key_allowed {
            return Err(self.input.problem(at, otherwise));
        }
        self.open_block(self.column(), None, block, at);
        Ok(())
    }

    fn value(&mut self) -> Result<(), Problem> {
        if let Some(key) = self.keys.last_mut().and_then(Option::take) {
            self.insert(Some(key.number), Token { kind: Kind::Key, at: key.at });
            let column = isize::try_from(key.at.column).unwrap_or(isize::MAX);
            self.open_block(column, Some(key.number), Kind::BlockMapping, key.at);
            self.key_allowed = false;
        } else {
            self.block_mark(Kind::BlockMapping, "mapping values are not allowed in this context")?;
            self.key_allowed = !self.in_flow();
        }
        self.mark(Kind::Value)
    }

    fn anchor(&mut self, kind: fn(Vec<u8>) -> Kind) -> Result<(), Problem> {
        let at = self.begin()?;
        let name = self.scan_anchor(at)?;
        self.push(kind(name), at);
        Ok(())
    }

    fn plain(&mut self) -> Result<(), Problem> {
        let at = self.begin()?;
        let value = self.scan_plain()?;
        self.push(Kind::Scalar { value, plain: true }, at);
        Ok(())
    }
}
