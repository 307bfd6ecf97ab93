//! Tokens with a syntax of their own: directives, anchors and tags.

use super::input::{Mark, Problem, is_break, is_break_or_end, is_space, is_word};
use super::scan::{Kind, Scanner};

/// How many digits the number of a version has at most.
const LONGEST_NUMBER: usize = 2;

impl Scanner {
    pub(super) fn scan_directive(&mut self, at: Mark) -> Result<Kind, Problem> {
        self.input.step()?;
        let mut name = Vec::new();
        while is_word(self.input.here()) {
            self.input.take(&mut name)?;
        }
        if name.is_empty() {
            return Err(self.input.problem(at, "could not find expected directive name"));
        }
        if !is_space(self.input.here()) {
            return Err(self.input.problem(at, "found unexpected non-alphabetical character"));
        }
        let kind = match name.as_slice() {
            b"YAML" => self.version(at)?,
            b"TAG" => self.tag_prefix(at)?,
            _ => return Err(self.input.problem(at, "found unknown directive name")),
        };
        self.end_of_line(at)?;
        Ok(kind)
    }

    /// Nothing but a comment may follow on the line.
    pub(super) fn end_of_line(&mut self, at: Mark) -> Result<(), Problem> {
        self.input.skip_blanks()?;
        self.input.skip_comment()?;
        if !is_break_or_end(self.input.here()) {
            return Err(self.input.problem(at, "did not find expected comment or line break"));
        }
        if is_break(self.input.here()) {
            self.input.take_break(&mut Vec::new())?;
        }
        Ok(())
    }

    fn version(&mut self, at: Mark) -> Result<Kind, Problem> {
        self.input.skip_blanks()?;
        let major = self.number(at)?;
        if self.input.here() != '.' {
            return Err(self.input.problem(at, "did not find expected digit or '.' character"));
        }
        self.input.step()?;
        let minor = self.number(at)?;
        Ok(Kind::Version { major, minor })
    }

    fn number(&mut self, at: Mark) -> Result<u8, Problem> {
        let (mut number, mut length) = (0_u8, 0);
        while let Some(digit) = self.input.here().to_digit(10) {
            length += 1;
            if length > LONGEST_NUMBER {
                return Err(self.input.problem(at, "found extremely long version number"));
            }
            number = number.saturating_mul(10).saturating_add(u8::try_from(digit).unwrap_or_default());
            self.input.step()?;
        }
        if length == 0 {
            return Err(self.input.problem(at, "did not find expected version number"));
        }
        Ok(number)
    }

    fn tag_prefix(&mut self, at: Mark) -> Result<Kind, Problem> {
        self.input.skip_blanks()?;
        let handle = self.handle(at, true)?;
        if !matches!(self.input.here(), ' ' | '\t') {
            return Err(self.input.problem(at, "did not find expected whitespace"));
        }
        self.input.skip_blanks()?;
        let prefix = self.uri(&[], at)?;
        if !is_space(self.input.here()) {
            return Err(self.input.problem(at, "did not find expected whitespace or line break"));
        }
        Ok(Kind::TagPrefix { handle, prefix })
    }

    pub(super) fn scan_anchor(&mut self, at: Mark) -> Result<Vec<u8>, Problem> {
        self.input.step()?;
        let mut name = Vec::new();
        while is_word(self.input.here()) {
            self.input.take(&mut name)?;
        }
        let here = self.input.here();
        let ends = is_space(here) || matches!(here, '?' | ':' | ',' | ']' | '}' | '%' | '@' | '`');
        if name.is_empty() || !ends {
            return Err(self.input.problem(at, "did not find expected alphabetic or numeric character"));
        }
        Ok(name)
    }

    pub(super) fn scan_tag(&mut self, at: Mark) -> Result<Kind, Problem> {
        self.input.want(2)?;
        let (handle, suffix) = if self.input.peek(1) == '<' {
            self.input.step()?;
            self.input.step()?;
            let uri = self.uri(&[], at)?;
            if self.input.here() != '>' {
                return Err(self.input.problem(at, "did not find the expected '>'"));
            }
            self.input.step()?;
            (Vec::new(), uri)
        } else {
            let handle = self.handle(at, false)?;
            if handle.len() > 1 && handle.ends_with(b"!") {
                let suffix = self.uri(&[], at)?;
                (handle, suffix)
            } else {
                // What was read as a handle was the start of the suffix of the handle `!`.
                let suffix = self.uri(&handle, at)?;
                if suffix.is_empty() { (suffix, b"!".to_vec()) } else { (b"!".to_vec(), suffix) }
            }
        };
        if !is_space(self.input.here()) {
            return Err(self.input.problem(at, "did not find expected whitespace or line break"));
        }
        Ok(Kind::Tag { handle, suffix })
    }

    fn handle(&mut self, at: Mark, directive: bool) -> Result<Vec<u8>, Problem> {
        if self.input.here() != '!' {
            return Err(self.input.problem(at, "did not find expected '!'"));
        }
        let mut handle = Vec::new();
        self.input.take(&mut handle)?;
        while is_word(self.input.here()) {
            self.input.take(&mut handle)?;
        }
        if self.input.here() == '!' {
            self.input.take(&mut handle)?;
        } else if directive && handle != b"!" {
            return Err(self.input.problem(at, "did not find expected '!'"));
        }
        Ok(handle)
    }

    fn uri(&mut self, head: &[u8], at: Mark) -> Result<Vec<u8>, Problem> {
        let mut uri = head.get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        loop {
            let here = self.input.here();
            if here == '%' {
                self.escapes(&mut uri, at)?;
            } else if is_word(here) || ";/?:@&=+$,.!~*'()[]".contains(here) {
                self.input.take(&mut uri)?;
            } else if found {
                return Ok(uri);
            } else {
                return Err(self.input.problem(at, "did not find expected tag URI"));
            }
            found = true;
        }
    }

    /// The bytes of one letter, each as `%XX`.
    fn escapes(&mut self, uri: &mut Vec<u8>, at: Mark) -> Result<(), Problem> {
        let mut left = None;
        loop {
            self.input.want(3)?;
            let digit = |ahead| self.input.peek(ahead).to_digit(16);
            let (Some(high), Some(low), '%') = (digit(1), digit(2), self.input.here()) else {
                return Err(self.input.problem(at, "did not find URI escaped octet"));
            };
            let octet = u8::try_from(high << 4 | low).unwrap_or_default();
            let rest = match left {
                None => match octet {
                    0x00..=0x7f => 0,
                    0xc0..=0xdf => 1,
                    0xe0..=0xef => 2,
                    0xf0..=0xf7 => 3,
                    _ => return Err(self.input.problem(at, "found an incorrect leading UTF-8 octet")),
                },
                Some(_) if octet & 0xc0 != 0x80 => {
                    return Err(self.input.problem(at, "found an incorrect trailing UTF-8 octet"));
                }
                Some(left) => left - 1,
            };
            uri.push(octet);
            for _ in 0..3 {
                self.input.step()?;
            }
            if rest == 0 {
                return Ok(());
            }
            left = Some(rest);
        }
    }
}
