//! The characters of a document, and the place that has been reached in them.

/// Bytes are read by as many at a time, and a mistake anywhere in them is told before any of them is looked at.
const CHUNK: usize = 512;

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) text: &'static str,
    /// Where it was noticed, if that is known.
    pub(super) at: Option<Mark>,
    /// Where what is wrong began, if that is known.
    pub(super) began: Option<Mark>,
    /// Whether it was found in the letters, and not in how they go together.
    pub(super) in_letters: bool,
}

/// A place in a document, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A document that is being read.
#[derive(Debug)]
pub(super) struct Input {
    letters: Vec<char>,
    mark: Mark,
    /// How far it can be read, and what is wrong there.
    end: Option<(usize, &'static str)>,
}

pub(super) fn is_break(letter: char) -> bool {
    super::scalar::is_break(letter)
}

pub(super) fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t')
}

/// The end of the document reads as a zero.
pub(super) fn is_break_or_end(letter: char) -> bool {
    letter == '\0' || is_break(letter)
}

pub(super) fn is_space(letter: char) -> bool {
    is_blank(letter) || is_break_or_end(letter)
}

pub(super) fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

impl Input {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let (letters, end) = decode(bytes);
        Self { letters, mark: Mark::default(), end }
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    /// The letter that is `ahead` of the place; a zero behind the last.
    pub(super) fn peek(&self, ahead: usize) -> char {
        let at = self.mark.index.saturating_add(ahead);
        let beyond = self.end.is_some_and(|(end, _)| at >= end);
        if beyond { '\0' } else { self.letters.get(at).copied().unwrap_or('\0') }
    }

    /// The letter at the place.
    pub(super) fn here(&self) -> char {
        self.peek(0)
    }

    /// Makes sure that as many letters can be looked at.
    pub(super) fn want(&self, count: usize) -> Result<(), Problem> {
        match self.end {
            Some((end, text)) if self.mark.index.saturating_add(count) > end => {
                Err(Problem { text, at: None, began: None, in_letters: false })
            }
            _ => Ok(()),
        }
    }

    /// Goes on by a letter.
    pub(super) fn step(&mut self) -> Result<(), Problem> {
        self.mark.index += 1;
        self.mark.column += 1;
        self.want(1)
    }

    /// Goes on by a letter, and keeps it.
    pub(super) fn take(&mut self, text: &mut Vec<u8>) -> Result<(), Problem> {
        push(text, self.here());
        self.step()
    }

    /// Goes on by a line break, if there is one, and keeps it in the form that it has in texts.
    pub(super) fn take_break(&mut self, text: &mut Vec<u8>) -> Result<(), Problem> {
        self.want(2)?;
        let letter = self.here();
        if !is_break(letter) {
            return Ok(());
        }
        if letter == '\r' && self.peek(1) == '\n' {
            self.mark.index += 1;
        }
        push(text, if matches!(letter, '\u{2028}' | '\u{2029}') { letter } else { '\n' });
        self.mark = Mark { index: self.mark.index + 1, line: self.mark.line + 1, column: 0 };
        self.want(1)
    }

    /// Goes on to the next line, as if one began at the end of the document.
    pub(super) fn end_line(&mut self) {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
    }

    pub(super) fn skip_blanks(&mut self) -> Result<(), Problem> {
        while is_blank(self.here()) {
            self.step()?;
        }
        Ok(())
    }

    pub(super) fn skip_comment(&mut self) -> Result<(), Problem> {
        if self.here() == '#' {
            while !is_break_or_end(self.here()) {
                self.step()?;
            }
        }
        Ok(())
    }

    /// Whether `---` or `...` stands alone at the start of a line here.
    pub(super) fn is_indicator(&self, letter: char) -> bool {
        self.mark.column == 0 && (0..3).all(|ahead| self.peek(ahead) == letter) && is_space(self.peek(3))
    }

    /// A problem with what began at `began`, noticed here.
    pub(super) fn problem(&self, began: Mark, text: &'static str) -> Problem {
        Problem { text, at: Some(self.mark), began: Some(began), in_letters: true }
    }
}

/// Adds a letter to a text.
pub(super) fn push(text: &mut Vec<u8>, letter: char) {
    text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
}

#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Utf16 { low: usize, high: usize },
}

/// One letter at the front of some bytes.
enum Front {
    /// It, and how many bytes it has.
    Letter(char, usize),
    /// It goes on behind what is there, and that is wrong where nothing follows.
    Cut(&'static str),
    Wrong(&'static str),
}

fn decode(bytes: &[u8]) -> (Vec<char>, Option<(usize, &'static str)>) {
    let (encoding, mut at) = match bytes {
        [0xff, 0xfe, ..] => (Encoding::Utf16 { low: 0, high: 1 }, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16 { low: 1, high: 0 }, 2),
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Utf8, 3),
        _ => (Encoding::Utf8, 0),
    };
    let mut letters = Vec::with_capacity(bytes.len());
    let mut chunk_end = CHUNK.min(bytes.len());
    loop {
        let known = letters.len();
        while let Some(rest) = bytes.get(at..chunk_end).filter(|rest| !rest.is_empty()) {
            let front = match encoding {
                Encoding::Utf8 => utf8(rest),
                Encoding::Utf16 { low, high } => utf16(rest, low, high),
            };
            match front {
                Front::Letter(letter, width) if is_allowed(letter) => {
                    letters.push(letter);
                    at += width;
                }
                Front::Letter(..) => return (letters, Some((known, "control characters are not allowed"))),
                Front::Wrong(problem) => return (letters, Some((known, problem))),
                Front::Cut(problem) if chunk_end == bytes.len() => {
                    let known = letters.len();
                    return (letters, Some((known, problem)));
                }
                Front::Cut(_) => break,
            }
        }
        if chunk_end == bytes.len() {
            return (letters, None);
        }
        chunk_end = at.saturating_add(CHUNK).min(bytes.len());
    }
}

fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
}

fn utf8(bytes: &[u8]) -> Front {
    let Some(&first) = bytes.first() else { return Front::Cut("") };
    let (width, bits, least) = match first {
        0x00..=0x7f => return Front::Letter(char::from(first), 1),
        0xc0..=0xdf => (2, first & 0x1f, 0x80),
        0xe0..=0xef => (3, first & 0x0f, 0x800),
        0xf0..=0xf7 => (4, first & 0x07, 0x1_0000),
        _ => return Front::Wrong("invalid leading UTF-8 octet"),
    };
    let Some(trail) = bytes.get(1..width) else { return Front::Cut("incomplete UTF-8 octet sequence") };
    let mut value = u32::from(bits);
    for octet in trail {
        if octet & 0xc0 != 0x80 {
            return Front::Wrong("invalid trailing UTF-8 octet");
        }
        value = value << 6 | u32::from(octet & 0x3f);
    }
    if value < least {
        return Front::Wrong("invalid length of a UTF-8 sequence");
    }
    match char::from_u32(value) {
        Some(letter) => Front::Letter(letter, width),
        None => Front::Wrong("invalid Unicode character"),
    }
}

fn utf16(bytes: &[u8], low: usize, high: usize) -> Front {
    let unit = |at: usize| Some(u32::from(*bytes.get(at + low)?) | u32::from(*bytes.get(at + high)?) << 8);
    let Some(value) = unit(0) else { return Front::Cut("incomplete UTF-16 character") };
    match value {
        0xdc00..=0xdfff => Front::Wrong("unexpected low surrogate area"),
        0xd800..=0xdbff => match unit(2) {
            None => Front::Cut("incomplete UTF-16 surrogate pair"),
            Some(second @ 0xdc00..=0xdfff) => {
                let value = 0x1_0000 + ((value & 0x3ff) << 10) + (second & 0x3ff);
                Front::Letter(char::from_u32(value).unwrap_or('\0'), 4)
            }
            Some(_) => Front::Wrong("expected low surrogate area"),
        },
        _ => Front::Letter(char::from_u32(value).unwrap_or('\0'), 2),
    }
}
