//! Patterns of names, as Go's `path.Match` has them.

/// It is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether the whole name matches. Names have no slashes here.
pub(super) fn matches(pattern: &str, name: &str) -> Result<bool, BadPattern> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    check(&pattern)?;
    Ok(from(&pattern, &name))
}

/// Go tells of a bad pattern whether it comes to that or not.
fn check(mut pattern: &[char]) -> Result<(), BadPattern> {
    while let Some((first, rest)) = pattern.split_first() {
        pattern = match first {
            '\\' => rest.split_first().ok_or(BadPattern)?.1,
            '[' => class(rest, '\0').ok_or(BadPattern)?.1,
            _ => rest,
        };
    }
    Ok(())
}

fn from(pattern: &[char], name: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return name.is_empty();
    };
    if *first == '*' {
        return (0..=name.len()).any(|taken| from(rest, name.get(taken..).unwrap_or_default()));
    }
    let Some((letter, others)) = name.split_first() else {
        return false;
    };
    match first {
        '?' => from(rest, others),
        '[' => class(rest, *letter).is_some_and(|(is_in, rest)| is_in && from(rest, others)),
        '\\' => rest.split_first().is_some_and(|(literal, rest)| literal == letter && from(rest, others)),
        literal => literal == letter && from(rest, others),
    }
}

/// Whether a letter is in a class, and what follows the class. None if it is no class.
fn class(pattern: &[char], letter: char) -> Option<(bool, &[char])> {
    let (is_negated, mut rest) = match pattern.split_first() {
        Some(('^', rest)) => (true, rest),
        _ => (false, pattern),
    };
    let (mut is_in, mut is_first) = (false, true);
    loop {
        if !is_first && let Some((']', after)) = rest.split_first() {
            return Some((is_in != is_negated, after));
        }
        is_first = false;
        let (low, after) = one(rest)?;
        let (high, after) = match after.split_first() {
            Some(('-', after)) => one(after)?,
            _ => (low, after),
        };
        is_in |= (low..=high).contains(&letter);
        rest = after;
    }
}

fn one(pattern: &[char]) -> Option<(char, &[char])> {
    match pattern.split_first()? {
        ('\\', rest) => rest.split_first().map(|(letter, rest)| (*letter, rest)),
        ('-' | ']', _) => None,
        (letter, rest) => Some((*letter, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_go() {
        for (pattern, name, is_match) in [
            ("*.txt", "a.txt", true),
            ("*.txt", "a.txt~", false),
            ("?", "é", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("a\\*", "a*", true),
            ("*", "", true),
            ("**", "abc", true),
        ] {
            assert_eq!(matches(pattern, name), Ok(is_match), "{pattern} {name}");
        }
        for pattern in ["[", "[]a]", "a[", "\\", "[a-", "[-]"] {
            assert_eq!(matches(pattern, "zzz"), Err(BadPattern), "{pattern}");
        }
    }
}
