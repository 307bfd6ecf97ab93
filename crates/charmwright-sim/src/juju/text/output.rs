//! The format of what a command prints, and where it goes.

use super::flags::{Given, Takes};
use super::quote::quoted;
use super::value::Value;
use super::{files, json, yaml};
use crate::juju::bytes;
use std::path::Path;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Smart,
    Yaml,
    Json,
}

/// What `--format` and `--output` say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    format: Format,
    smart: bool,
    file: String,
}

impl Output {
    /// The options that every command with an output has.
    pub const OPTIONS: [(&'static str, Takes); 3] =
        [("format", Takes::Text), ("o", Takes::Text), ("output", Takes::Text)];

    /// The output of most commands: `smart` unless told otherwise.
    pub fn smart() -> Self {
        Self { format: Format::Smart, smart: true, file: String::new() }
    }

    /// The output of commands that know only YAML and JSON.
    pub fn yaml() -> Self {
        Self { format: Format::Yaml, smart: false, file: String::new() }
    }

    /// Takes an option, if it is one of [`Self::OPTIONS`].
    ///
    /// # Errors
    ///
    /// Juju's text, for a format that there is not.
    pub fn take(&mut self, name: &str, given: Given<'_>) -> Result<bool, String> {
        let Given::Text(text) = given else { return Ok(false) };
        match name {
            "format" => {
                self.format = match text {
                    "smart" if self.smart => Format::Smart,
                    "yaml" => Format::Yaml,
                    "json" => Format::Json,
                    _ => return Err(format!("unknown format {}", quoted(text))),
                };
            }
            "o" | "output" => text.clone_into(&mut self.file),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether the format is the one for people.
    pub fn is_smart(&self) -> bool {
        self.format == Format::Smart
    }

    /// Writes `value` to the file that was named, else to `stdout`. A relative file lies in `dir`.
    ///
    /// # Errors
    ///
    /// Go's text, if it cannot be written.
    pub fn write(&self, value: &Value, dir: &Path, stdout: &mut Vec<u8>) -> Result<(), String> {
        if self.file.is_empty() {
            stdout.extend(bytes::of(&self.text(value)?));
            return Ok(());
        }
        // The file is there even if the value cannot be written.
        let path = files::in_dir(dir, &self.file);
        files::write(&path, b"")?;
        files::write(&path, &bytes::of(&self.text(value)?))
    }

    /// `value` in the format, with the end of its last line.
    ///
    /// # Errors
    ///
    /// Go's text, for a number that JSON cannot say.
    pub fn text(&self, value: &Value) -> Result<String, String> {
        Ok(match self.format {
            Format::Json => json::encode(value)? + "\n",
            Format::Yaml => in_yaml(value),
            Format::Smart => match value {
                Value::Text(text) => line(text),
                Value::Bytes(bytes) => line(&bytes::kept(bytes)),
                Value::Texts(texts) => line(&texts.as_deref().unwrap_or_default().join("\n")),
                Value::Bool(value) => line(if *value { "True" } else { "False" }),
                _ => in_yaml(value),
            },
        })
    }
}

fn in_yaml(value: &Value) -> String {
    if *value == Value::Absent {
        return String::new();
    }
    let mut text = yaml::encode(value);
    // A text may end in empty lines of its own: they go too.
    let length = text.trim_end_matches('\n').len().max(1);
    text.truncate(length);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn line(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(format: &str, value: &Value) -> String {
        let mut output = Output::smart();
        assert_eq!(output.take("format", Given::Text(format)), Ok(true));
        let mut stdout = Vec::new();
        output.write(value, Path::new("/"), &mut stdout).unwrap();
        String::from_utf8(stdout).unwrap()
    }

    #[test]
    fn each_shape_has_its_own_form_in_each_format() {
        for (value, smart, yaml, json) in [
            (Value::Absent, "", "", "null\n"),
            (Value::from(""), "", "\"\"\n", "\"\"\n"),
            (Value::from("a"), "a\n", "a\n", "\"a\"\n"),
            (Value::from(true), "True\n", "true\n", "true\n"),
            (Value::Texts(None), "", "[]\n", "null\n"),
            (Value::texts(["a", "b"]), "a\nb\n", "- a\n- b\n", "[\"a\",\"b\"]\n"),
            (Value::Map(None), "{}\n", "{}\n", "null\n"),
            (Value::Float(1.0), "1\n", "1\n", "1\n"),
            (Value::map([("k", "v")]), "k: v\n", "k: v\n", "{\"k\":\"v\"}\n"),
            (Value::from("a\n\n"), "a\n\n\n", "|+\n  a\n", "\"a\\n\\n\"\n"),
        ] {
            assert_eq!(told("smart", &value), smart, "{value:?}");
            assert_eq!(told("yaml", &value), yaml, "{value:?}");
            assert_eq!(told("json", &value), json, "{value:?}");
        }
    }

    #[test]
    fn an_unknown_format_is_refused() {
        assert_eq!(
            Output::smart().take("format", Given::Text("xml")),
            Err("unknown format \"xml\"".to_owned())
        );
        assert_eq!(
            Output::yaml().take("format", Given::Text("smart")),
            Err("unknown format \"smart\"".to_owned())
        );
    }
}
