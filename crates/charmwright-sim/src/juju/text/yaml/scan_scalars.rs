//! The texts of a document, in each of the ways to write one.

use super::input::{Mark, Problem, is_blank, is_break, is_break_or_end, is_space, push};
use super::scan::Scanner;

/// Line breaks between two parts of a text.
#[derive(Debug, Default)]
struct Breaks {
    first: Vec<u8>,
    more: Vec<u8>,
}

impl Breaks {
    /// Adds them to a text: a single line break is a blank, of more the first is dropped.
    fn fold_into(&mut self, text: &mut Vec<u8>) {
        if self.first.starts_with(b"\n") {
            if self.more.is_empty() {
                text.push(b' ');
            }
        } else {
            text.append(&mut self.first);
        }
        text.append(&mut self.more);
        self.first.clear();
    }
}

impl Scanner {
    /// `|` and `>`
    pub(super) fn scan_block(&mut self, literal: bool) -> Result<Vec<u8>, Problem> {
        let at = self.input.mark();
        self.input.step()?;
        let (keep, increment) = self.block_header(at)?;
        self.end_of_line(at)?;
        let mut indent = match increment {
            0 => 0,
            increment => self.indent.max(0) + increment,
        };
        let mut text = Vec::new();
        let mut breaks = Breaks::default();
        self.block_breaks(&mut indent, &mut breaks.more, at)?;
        let mut led_by_blank = false;
        while self.column() == indent && self.input.here() != '\0' {
            let begins_with_blank = is_blank(self.input.here());
            if !literal && !led_by_blank && !begins_with_blank && breaks.first.starts_with(b"\n") {
                breaks.fold_into(&mut text);
            } else {
                text.append(&mut breaks.first);
                text.append(&mut breaks.more);
            }
            led_by_blank = begins_with_blank;
            while !is_break_or_end(self.input.here()) {
                self.input.take(&mut text)?;
            }
            self.input.take_break(&mut breaks.first)?;
            self.block_breaks(&mut indent, &mut breaks.more, at)?;
        }
        if keep != Some(false) {
            text.append(&mut breaks.first);
        }
        if keep == Some(true) {
            text.append(&mut breaks.more);
        }
        Ok(text)
    }

    /// Which line breaks at the end are kept (all, none, or the first), and the indentation if it is said.
    fn block_header(&mut self, at: Mark) -> Result<(Option<bool>, isize), Problem> {
        let mut keep = self.keeps()?;
        let increment = self.increment(at)?;
        if keep.is_none() && increment > 0 {
            keep = self.keeps()?;
        }
        Ok((keep, increment))
    }

    fn keeps(&mut self) -> Result<Option<bool>, Problem> {
        let keep = match self.input.here() {
            '+' => true,
            '-' => false,
            _ => return Ok(None),
        };
        self.input.step()?;
        Ok(Some(keep))
    }

    fn increment(&mut self, at: Mark) -> Result<isize, Problem> {
        let Some(digit) = self.input.here().to_digit(10) else { return Ok(0) };
        if digit == 0 {
            return Err(self.input.problem(at, "found an indentation indicator equal to 0"));
        }
        self.input.step()?;
        Ok(isize::try_from(digit).unwrap_or_default())
    }

    /// Passes over indentation and empty lines. The first text decides the indentation if it was not said.
    fn block_breaks(&mut self, indent: &mut isize, breaks: &mut Vec<u8>, at: Mark) -> Result<(), Problem> {
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.input.here() == ' ' {
                self.input.step()?;
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.input.here() == '\t' {
                let text = "found a tab character where an indentation space is expected";
                return Err(self.input.problem(at, text));
            }
            if !is_break(self.input.here()) {
                break;
            }
            self.input.take_break(breaks)?;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }

    /// A text in quotes.
    pub(super) fn scan_quoted(&mut self, quote: char) -> Result<Vec<u8>, Problem> {
        let at = self.input.mark();
        self.input.step()?;
        let mut text = Vec::new();
        loop {
            self.input.want(4)?;
            if self.input.is_indicator('-') || self.input.is_indicator('.') {
                return Err(self.input.problem(at, "found unexpected document indicator"));
            }
            if self.input.here() == '\0' {
                return Err(self.input.problem(at, "found unexpected end of stream"));
            }
            let mut joined = self.quoted_letters(quote, at, &mut text)?;
            if self.input.here() == quote {
                break;
            }
            let mut blanks = Vec::new();
            let mut breaks = Breaks::default();
            while is_blank(self.input.here()) || is_break(self.input.here()) {
                if is_blank(self.input.here()) {
                    if joined {
                        self.input.step()?;
                    } else {
                        self.input.take(&mut blanks)?;
                    }
                } else if joined {
                    self.input.take_break(&mut breaks.more)?;
                } else {
                    blanks.clear();
                    self.input.take_break(&mut breaks.first)?;
                    joined = true;
                }
            }
            if joined {
                breaks.fold_into(&mut text);
            } else {
                text.append(&mut blanks);
            }
        }
        self.input.step()?;
        Ok(text)
    }

    /// Letters up to a blank or the quote. Tells whether they ended with an escaped line break.
    fn quoted_letters(&mut self, quote: char, at: Mark, text: &mut Vec<u8>) -> Result<bool, Problem> {
        while !is_space(self.input.here()) {
            let (here, next) = (self.input.here(), self.input.peek(1));
            if here == quote {
                if quote == '"' || next != '\'' {
                    break;
                }
                text.push(b'\'');
                self.input.step()?;
                self.input.step()?;
            } else if quote == '"' && here == '\\' {
                if is_break(next) {
                    self.input.want(3)?;
                    self.input.step()?;
                    self.input.take_break(&mut Vec::new())?;
                    return Ok(true);
                }
                self.escape(next, at, text)?;
            } else {
                self.input.take(text)?;
            }
            self.input.want(2)?;
        }
        Ok(false)
    }

    fn escape(&mut self, code: char, at: Mark, text: &mut Vec<u8>) -> Result<(), Problem> {
        let letter = match code {
            '0' => '\0',
            'a' => '\u{7}',
            'b' => '\u{8}',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            'e' => '\u{1b}',
            ' ' | '"' | '\'' | '\\' => code,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            'x' => return self.code(2, at, text),
            'u' => return self.code(4, at, text),
            'U' => return self.code(8, at, text),
            _ => return Err(self.input.problem(at, "found unknown escape character")),
        };
        push(text, letter);
        self.input.step()?;
        self.input.step()
    }

    fn code(&mut self, length: usize, at: Mark, text: &mut Vec<u8>) -> Result<(), Problem> {
        self.input.step()?;
        self.input.step()?;
        self.input.want(length)?;
        let mut code = 0_u32;
        for ahead in 0..length {
            let Some(digit) = self.input.peek(ahead).to_digit(16) else {
                return Err(self.input.problem(at, "did not find expected hexdecimal number"));
            };
            code = code << 4 | digit;
        }
        let Some(letter) = char::from_u32(code) else {
            return Err(self.input.problem(at, "found invalid Unicode character escape code"));
        };
        push(text, letter);
        for _ in 0..length {
            self.input.step()?;
        }
        Ok(())
    }

    /// A text without quotes.
    pub(super) fn scan_plain(&mut self) -> Result<Vec<u8>, Problem> {
        let at = self.input.mark();
        let indent = self.indent + 1;
        let mut text = Vec::new();
        let mut blanks = Vec::new();
        let mut breaks = Breaks::default();
        let mut broken = false;
        loop {
            self.input.want(4)?;
            if self.input.is_indicator('-') || self.input.is_indicator('.') || self.input.here() == '#' {
                break;
            }
            while !is_space(self.input.here()) && !self.ends_plain() {
                if broken {
                    breaks.fold_into(&mut text);
                    broken = false;
                } else {
                    text.append(&mut blanks);
                }
                self.input.take(&mut text)?;
                self.input.want(2)?;
            }
            if !(is_blank(self.input.here()) || is_break(self.input.here())) {
                break;
            }
            while is_blank(self.input.here()) || is_break(self.input.here()) {
                if is_blank(self.input.here()) {
                    if broken && self.column() < indent && self.input.here() == '\t' {
                        return Err(self
                            .input
                            .problem(at, "found a tab character that violates indentation"));
                    }
                    if broken {
                        self.input.step()?;
                    } else {
                        self.input.take(&mut blanks)?;
                    }
                } else if broken {
                    self.input.take_break(&mut breaks.more)?;
                } else {
                    blanks.clear();
                    self.input.take_break(&mut breaks.first)?;
                    broken = true;
                }
            }
            if !self.in_flow() && self.column() < indent {
                break;
            }
        }
        if broken {
            self.key_allowed = true;
        }
        Ok(text)
    }

    fn ends_plain(&self) -> bool {
        match self.input.here() {
            ':' => is_space(self.input.peek(1)),
            ',' | '?' | '[' | ']' | '{' | '}' => self.in_flow(),
            _ => false,
        }
    }
}
