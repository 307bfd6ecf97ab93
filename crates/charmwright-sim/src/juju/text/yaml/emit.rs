//! Writing YAML.

use super::order;
use super::scalar::{Found, Style, is_break, is_printable, look, style};
use crate::juju::bytes;
use crate::juju::text::number;
use crate::juju::text::value::Value;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// Lines are folded at the first blank beyond this column.
const WIDTH: usize = 80;
/// By how much what is inside of something is moved.
const STEP: usize = 2;
/// The longest key, in bytes, that stands on one line with its value.
const LONGEST_SIMPLE_KEY: usize = 128;
/// Bytes of base64 on one line.
const BASE64_LINE: usize = 70;

/// `value` as a document.
pub fn encode(value: &Value) -> String {
    let mut emitter = Emitter { out: String::new(), column: 0, blank: true, indented: true };
    emitter.node(value, None, Place::Root);
    emitter.start_line(0);
    emitter.out
}

/// What a node is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Sequence,
    Mapping,
    SimpleKey,
}

/// A text on its way out.
struct Scalar<'a> {
    text: &'a str,
    binary: bool,
    found: Found,
}

impl<'a> Scalar<'a> {
    fn new(text: &'a str, binary: bool) -> Self {
        Self { text, binary, found: look(text) }
    }
}

struct Emitter {
    out: String,
    column: usize,
    /// Whether what is written next needs no blank before it.
    blank: bool,
    /// Whether nothing but indentation and its marks are on this line yet.
    indented: bool,
}

impl Emitter {
    fn put(&mut self, letter: char) {
        self.out.push(letter);
        self.column += 1;
    }

    fn put_line_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn put_break(&mut self, letter: char) {
        self.out.push(letter);
        self.column = 0;
    }

    /// Goes to column `indent`, on a new line unless this one can take it.
    fn start_line(&mut self, indent: usize) {
        if !self.indented || self.column > indent || (self.column == indent && !self.blank) {
            self.put_line_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.blank = true;
        self.indented = true;
    }

    fn mark(&mut self, mark: &str, apart: bool, opens: bool, indents: bool) {
        if apart && !self.blank {
            self.put(' ');
        }
        for letter in mark.chars() {
            self.put(letter);
        }
        self.blank = opens;
        self.indented = self.indented && indents;
    }

    /// Writes a value. `indent` is where the entries of what it is in begin; at the root there is none.
    fn node(&mut self, value: &Value, indent: Option<usize>, place: Place) {
        match value {
            Value::Absent => self.bare("null", indent),
            Value::Bool(value) => self.bare(if *value { "true" } else { "false" }, indent),
            Value::Int(number) => self.bare(&number.to_string(), indent),
            Value::Float(number) => self.bare(&number::in_yaml(*number), indent),
            Value::Time(text) => self.bare(text, indent),
            Value::Text(text) if !bytes::is_utf8(text) => {
                self.scalar(&Scalar::new(&in_base64(&bytes::of(text)), true), indent, place);
            }
            Value::Text(text) => self.scalar(&Scalar::new(text, false), indent, place),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => self.scalar(&Scalar::new(text, false), indent, place),
                Err(_) => self.scalar(&Scalar::new(&in_base64(bytes), true), indent, place),
            },
            Value::Texts(texts) => {
                let texts: Vec<Value> =
                    texts.iter().flatten().map(|text| Value::from(text.as_str())).collect();
                self.sequence(&texts, indent, place);
            }
            Value::List(items) => self.sequence(items, indent, place),
            Value::Map(entries) => {
                let entries = order::sorted(entries.iter().flatten());
                self.mapping(entries.into_iter().map(|(key, value)| (key.as_str(), value)), indent);
            }
            Value::Record(fields) => {
                self.mapping(fields.iter().filter_map(|field| Some((field.in_yaml?, &field.value))), indent);
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: Option<usize>, place: Place) {
        if items.is_empty() {
            self.mark("[", true, true, false);
            self.mark("]", false, false, false);
            return;
        }
        let inner = match indent {
            None => 0,
            // A list that is the value of a key is not moved to the right of it.
            Some(indent) if place == Place::Mapping && !self.indented => indent,
            Some(indent) => indent + STEP,
        };
        for item in items {
            self.start_line(inner);
            self.mark("-", true, false, true);
            self.node(item, Some(inner), Place::Sequence);
        }
    }

    fn mapping<'v>(&mut self, entries: impl Iterator<Item = (&'v str, &'v Value)>, indent: Option<usize>) {
        let mut entries = entries.peekable();
        if entries.peek().is_none() {
            self.mark("{", true, true, false);
            self.mark("}", false, false, false);
            return;
        }
        let inner = indent.map_or(0, |indent| indent + STEP);
        for (key, value) in entries {
            let encoded = (!bytes::is_utf8(key)).then(|| in_base64(&bytes::of(key)));
            let key = Scalar::new(encoded.as_deref().unwrap_or(key), encoded.is_some());
            self.start_line(inner);
            if !key.found.lines && key.text.len() <= LONGEST_SIMPLE_KEY {
                self.scalar(&key, Some(inner), Place::SimpleKey);
                self.mark(":", false, false, false);
            } else {
                self.mark("?", true, false, true);
                self.scalar(&key, Some(inner), Place::Mapping);
                self.start_line(inner);
                self.mark(":", true, false, true);
            }
            self.node(value, Some(inner), Place::Mapping);
        }
    }

    /// Something that needs no style.
    fn bare(&mut self, text: &str, indent: Option<usize>) {
        self.plain(text, indent.unwrap_or_default() + STEP, true);
    }

    fn scalar(&mut self, scalar: &Scalar<'_>, indent: Option<usize>, place: Place) {
        let simple_key = place == Place::SimpleKey;
        let style = style(scalar.text, scalar.found, scalar.binary, simple_key);
        if scalar.binary {
            self.mark("!!binary", true, false, false);
        }
        let indent = indent.map_or(STEP, |indent| indent + STEP);
        match style {
            Style::Plain => self.plain(scalar.text, indent, !simple_key),
            Style::Single => self.single(scalar.text, indent, !simple_key),
            Style::Double => self.double(scalar.text, indent, !simple_key),
            Style::Literal => self.literal(scalar.text, indent),
        }
    }

    fn plain(&mut self, text: &str, indent: usize, folds: bool) {
        if !self.blank {
            self.put(' ');
        }
        self.flow(text, indent, folds, false);
        self.blank = false;
        self.indented = false;
    }

    fn single(&mut self, text: &str, indent: usize, folds: bool) {
        self.mark("'", true, false, false);
        self.flow(text, indent, folds, true);
        self.mark("'", false, false, false);
        self.blank = false;
        self.indented = false;
    }

    /// A text that is written as it is, folded where it is long.
    fn flow(&mut self, text: &str, indent: usize, folds: bool, quotes: bool) {
        let (mut spaces, mut breaks) = (false, false);
        let mut letters = text.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter == ' ' {
                let inside = !quotes || (at > 0 && letters.peek().is_some());
                let next_is_space = letters.peek().is_some_and(|(_, next)| *next == ' ');
                if folds && !spaces && self.column > WIDTH && inside && !next_is_space {
                    self.start_line(indent);
                } else {
                    self.put(letter);
                }
                spaces = true;
            } else if is_break(letter) {
                if !breaks && letter == '\n' {
                    self.put_line_break();
                }
                self.put_break(letter);
                self.indented = true;
                breaks = true;
            } else {
                if breaks {
                    self.start_line(indent);
                }
                if quotes && letter == '\'' {
                    self.put('\'');
                }
                self.put(letter);
                self.indented = false;
                spaces = false;
                breaks = false;
            }
        }
    }

    fn double(&mut self, text: &str, indent: usize, folds: bool) {
        self.mark("\"", true, false, false);
        // An oddity: the library looks for a byte order mark at the start only, and then takes every letter for one.
        let marked = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut letters = text.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if !is_printable(letter) || marked || is_break(letter) || matches!(letter, '"' | '\\') {
                self.escaped(letter);
                spaces = false;
            } else if letter == ' ' {
                if folds && !spaces && self.column > WIDTH && at > 0 && letters.peek().is_some() {
                    self.start_line(indent);
                    if letters.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(letter);
                }
                spaces = true;
            } else {
                self.put(letter);
                spaces = false;
            }
        }
        self.mark("\"", false, false, false);
        self.blank = false;
        self.indented = false;
    }

    fn escaped(&mut self, letter: char) {
        let mut escape = String::from("\\");
        let code = u32::from(letter);
        // Writing to a String cannot fail.
        let _ = match letter {
            '\0' => write!(escape, "0"),
            '\u{7}' => write!(escape, "a"),
            '\u{8}' => write!(escape, "b"),
            '\t' => write!(escape, "t"),
            '\n' => write!(escape, "n"),
            '\u{b}' => write!(escape, "v"),
            '\u{c}' => write!(escape, "f"),
            '\r' => write!(escape, "r"),
            '\u{1b}' => write!(escape, "e"),
            '"' => write!(escape, "\""),
            '\\' => write!(escape, "\\"),
            '\u{85}' => write!(escape, "N"),
            '\u{a0}' => write!(escape, "_"),
            '\u{2028}' => write!(escape, "L"),
            '\u{2029}' => write!(escape, "P"),
            '\0'..='\u{ff}' => write!(escape, "x{code:02X}"),
            '\0'..='\u{ffff}' => write!(escape, "u{code:04X}"),
            _ => write!(escape, "U{code:08X}"),
        };
        for letter in escape.chars() {
            self.put(letter);
        }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.mark("|", true, false, false);
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.mark(&STEP.to_string(), false, false, false);
        }
        let mut end = text.chars().rev();
        let keep = match (end.next().map(is_break), end.next().map(is_break)) {
            (Some(true), None | Some(true)) => "+",
            (Some(true), Some(false)) => "",
            _ => "-",
        };
        if !keep.is_empty() {
            self.mark(keep, false, false, false);
        }
        self.put_line_break();
        self.indented = true;
        self.blank = true;
        let mut breaks = true;
        for letter in text.chars() {
            if is_break(letter) {
                self.put_break(letter);
                self.indented = true;
                breaks = true;
            } else {
                if breaks {
                    self.start_line(indent);
                }
                self.put(letter);
                self.indented = false;
                breaks = false;
            }
        }
    }
}

fn in_base64(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < BASE64_LINE {
        return encoded;
    }
    let mut lines = String::new();
    for line in encoded.as_bytes().chunks(BASE64_LINE) {
        lines.push_str(std::str::from_utf8(line).unwrap_or_default());
        lines.push('\n');
    }
    lines
}
