//! Options of a command line, as Juju's hook commands take them: before, between and after the other arguments.

use super::number::{parse_bool, parse_int};
use super::quote::quoted;

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or a truth value behind a `=`.
    Truth,
    /// A text.
    Text,
    /// A whole number.
    Int,
}

/// What an option was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<'a> {
    /// A truth value.
    Truth(bool),
    /// A text.
    Text(&'a str),
    /// A whole number.
    Int(i64),
}

/// Why a command line could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Help was asked for.
    Help,
    /// It says something wrong.
    Wrong(String),
}

/// Reads a command line. Options are given to `set` in their order, and so are errors: what `set` refuses ends it.
/// What is returned are the other arguments.
///
/// # Errors
///
/// Why it cannot be read, in Juju's words.
pub fn parse<'a>(
    arguments: &'a [String],
    options: &[(&str, Takes)],
    mut set: impl FnMut(&str, Given<'a>) -> Result<(), String>,
) -> Result<Vec<String>, Refused> {
    let mut others = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    while let Some(argument) = rest.next() {
        if argument == "--" {
            others.extend(rest.map(ToOwned::to_owned));
            break;
        }
        if let Some(long) = argument.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some(("", _)) => {
                    return Err(Refused::Wrong(format!("empty option in argument {}", quoted(argument))));
                }
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            give(options, &mut set, name, value, &mut rest)?;
        } else if let Some(mut letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            while let Some(letter) = letters.chars().next() {
                let (name, behind) = letters.split_at(letter.len_utf8());
                let takes = options.iter().find(|(option, _)| *option == name).map(|(_, takes)| *takes);
                if takes == Some(Takes::Truth) && !behind.starts_with('=') {
                    give(options, &mut set, name, None, &mut rest)?;
                    // An oddity: behind the last argument Juju looks no further, so what is joined to it is lost.
                    letters = if rest.len() == 0 { "" } else { behind };
                } else {
                    // A short option keeps a `=` as part of its value.
                    give(
                        options,
                        &mut set,
                        name,
                        Some(behind).filter(|behind| !behind.is_empty()),
                        &mut rest,
                    )?;
                    break;
                }
            }
        } else {
            others.push(argument.to_owned());
        }
    }
    Ok(others)
}

fn give<'a>(
    options: &[(&str, Takes)],
    set: &mut impl FnMut(&str, Given<'a>) -> Result<(), String>,
    name: &str,
    attached: Option<&'a str>,
    rest: &mut impl Iterator<Item = &'a str>,
) -> Result<(), Refused> {
    let Some((_, takes)) = options.iter().find(|(option, _)| *option == name) else {
        return Err(match name {
            "help" | "h" => Refused::Help,
            _ => Refused::Wrong(format!("option provided but not defined: {}", dashed(name))),
        });
    };
    if *takes == Takes::Truth && attached.is_none() {
        return set(name, Given::Truth(true))
            .map_err(|error| Refused::Wrong(format!("invalid boolean option {name}: {error}")));
    }
    let Some(value) = attached.or_else(|| rest.next()) else {
        return Err(Refused::Wrong(format!("option needs an argument: {}", dashed(name))));
    };
    let given = match takes {
        Takes::Truth => parse_bool(value).map(Given::Truth),
        Takes::Text => Ok(Given::Text(value)),
        Takes::Int => parse_int(value).map(Given::Int),
    };
    given.and_then(|given| set(name, given)).map_err(|error| {
        Refused::Wrong(format!("invalid value {} for option {}: {error}", quoted(value), dashed(name)))
    })
}

fn dashed(name: &str) -> String {
    if name.len() > 1 { format!("--{name}") } else { format!("-{name}") }
}

/// Refuses arguments where none are wanted.
///
/// # Errors
///
/// Juju's text, if there is one.
pub fn none<Argument: AsRef<str>>(arguments: &[Argument]) -> Result<(), String> {
    if arguments.is_empty() {
        return Ok(());
    }
    Err(format!("unrecognized args: {}", super::quote::quoted_list(arguments)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[(&str, Takes)] = &[
        ("app", Takes::Truth),
        ("a", Takes::Truth),
        ("r", Takes::Text),
        ("file", Takes::Text),
        ("n", Takes::Int),
    ];

    fn read(line: &[&str]) -> Result<(Vec<String>, Vec<String>), Refused> {
        let arguments: Vec<String> = line.iter().map(ToString::to_string).collect();
        let mut given = Vec::new();
        let others = parse(&arguments, OPTIONS, |name, value| {
            given.push(format!("{name} {value:?}"));
            if value == Given::Text("bad") { Err("refused".to_owned()) } else { Ok(()) }
        })?;
        Ok((given, others))
    }

    #[test]
    fn options_may_stand_anywhere_before_two_dashes() {
        let (given, others) =
            read(&["x", "-r", "1", "-", "--app", "", "--file=a=b", "-r7", "--", "--app"]).unwrap();
        assert_eq!(given, [r#"r Text("1")"#, "app Truth(true)", r#"file Text("a=b")"#, r#"r Text("7")"#]);
        assert_eq!(others, ["x", "-", "", "--app"]);
    }

    #[test]
    fn short_options_may_be_joined_and_keep_a_sign() {
        assert_eq!(read(&["-ar1", "--n=0x10"]).unwrap().0, ["a Truth(true)", r#"r Text("1")"#, "n Int(16)"]);
        assert_eq!(read(&["-r=1"]).unwrap().0, [r#"r Text("=1")"#]);
        assert_eq!(read(&["--app=F"]).unwrap().0, ["app Truth(false)"]);
    }

    #[test]
    fn what_is_joined_to_a_truth_at_the_very_end_is_lost() {
        assert_eq!(read(&["-az"]).unwrap().0, ["a Truth(true)"]);
        assert!(read(&["-az", "x"]).is_err());
    }

    #[test]
    fn mistakes_are_told_in_jujus_words() {
        for (line, error) in [
            (&["--bogus"][..], "option provided but not defined: --bogus"),
            (&["-x"][..], "option provided but not defined: -x"),
            (&["--=1"][..], r#"empty option in argument "--=1""#),
            (&["-r"][..], "option needs an argument: -r"),
            (&["--file"][..], "option needs an argument: --file"),
            (&["--file", "bad"][..], r#"invalid value "bad" for option --file: refused"#),
            (
                &["--app=x"][..],
                r#"invalid value "x" for option --app: strconv.ParseBool: parsing "x": invalid syntax"#,
            ),
            (
                &["-a=1"][..],
                r#"invalid value "=1" for option -a: strconv.ParseBool: parsing "=1": invalid syntax"#,
            ),
            (
                &["-n", "x"][..],
                r#"invalid value "x" for option -n: strconv.ParseInt: parsing "x": invalid syntax"#,
            ),
        ] {
            assert_eq!(read(line), Err(Refused::Wrong(error.to_owned())), "{line:?}");
        }
        for line in [&["-h"][..], &["--help"][..], &["-ah", "a"][..]] {
            assert_eq!(read(line), Err(Refused::Help));
        }
    }
}
