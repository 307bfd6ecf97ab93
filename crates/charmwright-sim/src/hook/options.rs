//! Arguments as Juju's commands take them: options anywhere, `--` ends them.

use lexopt::{Arg, Parser, ValueExt};

use super::server::Reply;

/// The arguments of a hook command.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// `--format`
    pub(crate) format: Option<String>,
    /// `-r`, `--relation`
    pub(crate) relation: Option<String>,
    /// `--file`
    pub(crate) file: Option<String>,
    /// `-l`, `--log-level`
    pub(crate) log_level: Option<String>,
    /// `--label`
    pub(crate) label: Option<String>,
    /// Options without a value.
    pub(crate) flags: Vec<String>,
    /// Everything else.
    pub(crate) rest: Vec<String>,
}

impl Options {
    /// Parses; the error is what the command would have answered.
    pub(crate) fn parse(args: &[String]) -> Result<Self, Reply> {
        let mut options = Self::default();
        let mut parser = Parser::from_args(args);
        let usage = |error: lexopt::Error| Reply::error(2, &error.to_string());
        while let Some(arg) = parser.next().map_err(usage)? {
            match arg {
                Arg::Long("format") => options.format = Some(string(&mut parser)?),
                Arg::Short('r') | Arg::Long("relation") => options.relation = Some(string(&mut parser)?),
                Arg::Long("file") => options.file = Some(string(&mut parser)?),
                Arg::Short('l') | Arg::Long("log-level") => options.log_level = Some(string(&mut parser)?),
                Arg::Long("label") => options.label = Some(string(&mut parser)?),
                Arg::Long(
                    flag @ ("app" | "application" | "include-data" | "refresh" | "peek" | "all" | "debug"
                    | "strict" | "bind-address" | "ingress-address" | "egress-subnets"),
                ) => {
                    let flag = flag.to_owned();
                    if is_set(&mut parser, &flag)? {
                        options.flags.push(flag);
                    }
                }
                Arg::Short('a') => options.flags.push("all".to_owned()),
                Arg::Short(letter) => return Err(unknown(&format!("-{letter}"))),
                Arg::Long(name) => return Err(unknown(&format!("--{name}"))),
                Arg::Value(value) => options.rest.push(value.to_string_lossy().into_owned()),
            }
        }
        Ok(options)
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|one| one == flag)
    }
}

/// Whether a flag is set: by its name alone, or by a word that Go takes for yes.
fn is_set(parser: &mut Parser, flag: &str) -> Result<bool, Reply> {
    let Some(value) = parser.optional_value() else { return Ok(true) };
    let value = value.to_string_lossy();
    match &*value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(Reply::error(2, &format!("invalid value {value:?} for option --{flag}: invalid syntax"))),
    }
}

fn string(parser: &mut Parser) -> Result<String, Reply> {
    let value = parser.value().map_err(|_| Reply::error(2, "option needs an argument"))?;
    value.string().map_err(|error| Reply::error(2, &error.to_string()))
}

fn unknown(option: &str) -> Reply {
    Reply::error(2, &format!("option provided but not defined: {option}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options, Reply> {
        Options::parse(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_may_stand_anywhere_before_two_hyphens() {
        let options = parse(&["-", "-r", "db:3", "pg/0", "--format=json", "--app", "--", "--app"]).unwrap();
        assert_eq!(options.rest, ["-", "pg/0", "--app"]);
        assert_eq!(options.relation.as_deref(), Some("db:3"));
        assert!(options.has("app") && options.format.as_deref() == Some("json"));
    }

    #[test]
    fn a_flag_may_be_given_a_truth() {
        assert!(parse(&["--application=True"]).unwrap().has("application"));
        assert!(!parse(&["--application=False", "active"]).unwrap().has("application"));
        assert_eq!(parse(&["--application=maybe"]).unwrap_err().code, 2);
    }

    #[test]
    fn an_unknown_option_is_refused_in_jujus_words() {
        let reply = parse(&["--bogus"]).unwrap_err();
        assert_eq!(
            (reply.code, reply.stderr.as_str()),
            (2, "ERROR option provided but not defined: --bogus\n")
        );
    }
}
