//! Commands, as Pebble splits them.
//!
//! The quoting is that of Pebble's own lexer, not of POSIX: within double quotes a backslash takes every character as it
//! is, and a `#` begins a comment only where a word could begin. Crates for shell words differ in both.

/// A command and its default arguments: what stands in brackets at its end, as in `/bin/web [ --port 80 ]`.
///
/// ```
/// use charmwright_pebble::Command;
///
/// let command = Command::parse("/bin/web -c '/etc/web conf' [ --port 80 ]").unwrap();
/// assert_eq!(command.base, ["/bin/web", "-c", "/etc/web conf"]);
/// assert_eq!(command.all().last().unwrap(), "80");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Command {
    /// The program and its arguments.
    pub base: Vec<String>,
    /// More arguments, unless the daemon was started with others for this service.
    pub defaults: Vec<String>,
}

/// Why a command cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// A quote has no end.
    #[error("EOF found when expecting closing quote")]
    Quote,
    /// Nothing follows a backslash.
    #[error("EOF found after escape character")]
    Escape,
    /// Brackets in brackets.
    #[error("cannot nest [ ... ] groups")]
    Nested,
    /// Something follows the brackets.
    #[error("cannot have any arguments after [ ... ] group")]
    AfterGroup,
    /// It begins with brackets.
    #[error("cannot start command with [ ... ] group")]
    StartsWithGroup,
    /// A bracket is closed that was not opened.
    #[error("cannot have ] outside of [ ... ] group")]
    Unopened,
}

impl Command {
    /// Splits the command of a service.
    ///
    /// # Errors
    ///
    /// If quotes or brackets do not fit together.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let mut command = Self::default();
        let (mut inside, mut closed) = (false, false);
        for (index, word) in Self::words(text)?.into_iter().enumerate() {
            match word.as_str() {
                "[" if inside => return Err(CommandError::Nested),
                "]" if inside => (inside, closed) = (false, true),
                _ if inside => command.defaults.push(word),
                _ if closed => return Err(CommandError::AfterGroup),
                "[" if index == 0 => return Err(CommandError::StartsWithGroup),
                "[" => inside = true,
                "]" => return Err(CommandError::Unopened),
                _ => command.base.push(word),
            }
        }
        Ok(command)
    }

    /// The words of a text; those of a check's command, which has no default arguments.
    ///
    /// # Errors
    ///
    /// If a quote has no end, or nothing follows a backslash.
    pub fn words(text: &str) -> Result<Vec<String>, CommandError> {
        let mut words = Vec::new();
        let mut chars = text.chars();
        while let Some(first) = chars.find(|c| !is_space(*c)) {
            if first == '#' {
                // To the end of the line.
                chars.find(|c| *c == '\n');
                continue;
            }
            let (mut word, mut next) = (String::new(), Some(first));
            while let Some(c) = next.filter(|c| !is_space(*c)) {
                match c {
                    '\'' => quoted(&mut chars, &mut word, '\'')?,
                    '"' => quoted(&mut chars, &mut word, '"')?,
                    '\\' => word.push(chars.next().ok_or(CommandError::Escape)?),
                    c => word.push(c),
                }
                next = chars.next();
            }
            words.push(word);
        }
        Ok(words)
    }

    /// The program and all its arguments.
    pub fn all(&self) -> Vec<String> {
        [self.base.as_slice(), &self.defaults].concat()
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// What stands up to the closing quote.
fn quoted(chars: &mut std::str::Chars<'_>, word: &mut String, quote: char) -> Result<(), CommandError> {
    loop {
        match chars.next().ok_or(CommandError::Quote)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => word.push(chars.next().ok_or(CommandError::Escape)?),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_pebble_does() {
        for (text, words) in [
            ("", vec![]),
            ("  a\tb\r\nc ", vec!["a", "b", "c"]),
            ("'a b' \"c d\" e\\ f", vec!["a b", "c d", "e f"]),
            ("a'b'\"c\"d", vec!["abcd"]),
            ("\"\\n\\\"\" '\\n'", vec!["n\"", "\\n"]),
            ("'' a", vec!["", "a"]),
            ("a # b\nc", vec!["a", "c"]),
            ("a#b '#'", vec!["a#b", "#"]),
        ] {
            assert_eq!(Command::words(text).unwrap(), words, "{text:?}");
        }
        for (text, error) in [
            ("'a", CommandError::Quote),
            ("\"a", CommandError::Quote),
            ("a\\", CommandError::Escape),
            ("\"a\\", CommandError::Escape),
        ] {
            assert_eq!(Command::words(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn brackets_hold_default_arguments() {
        let command = Command::parse("a b [ c d ]").unwrap();
        assert_eq!((command.base.len(), command.defaults.len()), (2, 2));
        assert_eq!(Command::parse("a [x] [ ").unwrap().base, ["a", "[x]"]);
        for (text, error) in [
            ("a [ b [ c ] ]", CommandError::Nested),
            ("a [ b ] c", CommandError::AfterGroup),
            ("[ a ]", CommandError::StartsWithGroup),
            ("a ]", CommandError::Unopened),
        ] {
            assert_eq!(Command::parse(text), Err(error), "{text:?}");
        }
    }
}
