//! The plan as Pebble prints it.

use std::fmt::Write;

use charmwright_pebble::Layer;
use serde_json::{Map, Value};

/// The sections, and the fields of their entries, in Pebble's order.
const SECTIONS: [(&str, &[&str]); 4] = [
    (
        "services",
        &[
            "summary",
            "description",
            "startup",
            "override",
            "command",
            "after",
            "before",
            "requires",
            "environment",
            "user-id",
            "user",
            "group-id",
            "group",
            "workload",
            "working-dir",
            "on-success",
            "on-failure",
            "on-check-failure",
            "backoff-delay",
            "backoff-factor",
            "backoff-limit",
            "kill-delay",
        ],
    ),
    ("checks", &["override", "level", "startup", "period", "timeout", "threshold", "http", "tcp", "exec"]),
    ("log-targets", &["type", "location", "services", "override", "labels"]),
    ("workloads", &["override", "environment", "user-id", "user", "group-id", "group"]),
];

/// Texts that YAML would read as something else.
const SPECIAL: [&str; 19] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "", "<<", "=", ".nan", ".inf", "+.inf",
    "-.inf", "-", "...",
];

/// The plan as YAML.
pub(crate) fn plan_text(plan: &Layer) -> String {
    let Ok(Value::Object(plan)) = serde_json::to_value(plan) else {
        return "{}\n".to_owned();
    };
    let mut text = String::new();
    for (section, fields) in SECTIONS {
        if let Some(Value::Object(entries)) = plan.get(section).filter(|entries| !is_empty(entries)) {
            let _ = writeln!(text, "{section}:");
            for (name, entry) in entries {
                let _ = writeln!(text, "    {}:", scalar(name, 4));
                let Value::Object(entry) = entry else {
                    continue;
                };
                for field in fields {
                    if let Some(value) = entry.get(*field) {
                        write_field(&mut text, field, value, 8);
                    }
                }
            }
        }
    }
    if text.is_empty() { "{}\n".to_owned() } else { text }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

fn write_field(text: &mut String, name: &str, value: &Value, indent: usize) {
    let space = " ".repeat(indent);
    let _ = write!(text, "{space}{}:", scalar(name, indent));
    match value {
        Value::Object(map) if map.is_empty() => *text += " {}\n",
        Value::Object(map) => {
            *text += "\n";
            for (name, value) in map {
                write_field(text, name, value, indent + 4);
            }
        }
        Value::Array(list) if list.is_empty() => *text += " []\n",
        Value::Array(list) => {
            *text += "\n";
            for value in list {
                let _ = writeln!(text, "{space}    - {}", scalar_of(value, indent + 8));
            }
        }
        value => {
            let _ = writeln!(text, " {}", scalar_of(value, indent + 4));
        }
    }
}

fn scalar_of(value: &Value, indent: usize) -> String {
    match value {
        Value::String(text) => scalar(text, indent),
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap_or_default().to_string(),
        value => value.to_string(),
    }
}

/// A text as YAML, plain where it may be.
fn scalar(text: &str, indent: usize) -> String {
    let is_number_like = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"+-.:_xobTZ".contains(&byte));
    if SPECIAL.contains(&text.to_lowercase().as_str()) || is_number_like {
        return json(text);
    }
    let is_printable =
        text.chars().all(|letter| letter == '\n' || !letter.is_control() && letter < '\u{fff0}');
    let has_odd_lines = text.starts_with(['\n', ' ']) || text.contains(" \n") || text.ends_with(' ');
    if text.contains('\n') && is_printable && !has_odd_lines {
        let space = " ".repeat(indent);
        let rest = text.trim_end_matches('\n');
        let mark = match text.len() - rest.len() {
            0 => "|-",
            1 => "|",
            _ => "|+",
        };
        let lines: Vec<String> = text
            .strip_suffix('\n')
            .unwrap_or(text)
            .split('\n')
            .map(|line| if line.is_empty() { String::new() } else { format!("{space}{line}") })
            .collect();
        return format!("{mark}\n{}", lines.join("\n"));
    }
    if !is_printable || text.contains('\n') {
        return json(text);
    }
    let is_plain = !text.starts_with(|first: char| " !&*-?|>@`\"'%#,[]{}:=<~".contains(first))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #");
    if is_plain
        || text.starts_with('-')
            && text.len() > 1
            && !text.starts_with("- ")
            && !text.contains(": ")
            && !text.contains(" #")
            && !text.ends_with([' ', ':'])
    {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

fn json(text: &str) -> String {
    // YAML takes no raw DEL, and JSON does not escape it.
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use charmwright_pebble::{Check, Service};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plan_is_printed_as_pebble_does() {
        let service = Service::new("sleep 1001").after(["svc1"]).env("A", "1").env("B", "x: y");
        let layer = Layer::new().service("off", service).check("up", Check::tcp(80).threshold(3));
        assert_eq!(
            plan_text(&layer),
            "services:\n    \"off\":\n        override: replace\n        command: sleep 1001\n        after:\n            \
             - svc1\n        environment:\n            A: \"1\"\n            B: 'x: y'\nchecks:\n    up:\n        \
             override: replace\n        threshold: 3\n        tcp:\n            port: 80\n"
        );
        assert_eq!(plan_text(&Layer::new()), "{}\n");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_as_it_was(key in "[a-zA-Z~<=.0-9#-][ -~]{0,6}", value in "[ -~\n\t\u{7f}\u{85}é]{0,12}") {
            let service = Service::new("x").env(key, value.clone()).after([value.clone()]).summary(value);
            let layer = Layer::new().service("web", service);
            let read = Layer::parse("a", &plan_text(&layer));
            prop_assert_eq!(read.unwrap(), layer);
        }
    }
}
