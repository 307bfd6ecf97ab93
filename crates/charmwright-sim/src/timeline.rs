//! A play as people read it, and as programs do.

use std::collections::BTreeMap;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use crate::play::Audience;
use crate::record::Record;
use crate::scenario::{Expectation, Step};

/// Prints a play as a timeline. Styles are always written; give it a stream that strips them where they are not
/// wanted.
#[derive(Debug)]
pub struct Timeline<W: Write> {
    out: W,
    /// Whether the line that is being written may be written over: on a terminal.
    live: bool,
    status: String,
    waits: Vec<String>,
    error: Option<io::Error>,
}

const STEP: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Cyan)));
const QUIET: Style = Style::new().dimmed();
const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const BAD: Style = Style::new().bold().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const WAIT: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const NAME: Style = Style::new().bold();

impl<W: Write> Timeline<W> {
    /// Prints to `out`; `live` if it is a terminal.
    pub fn new(out: W, live: bool) -> Self {
        Self { out, live, status: String::new(), waits: Vec::new(), error: None }
    }

    /// The first error in printing, if there was one.
    ///
    /// # Errors
    ///
    /// That one.
    pub fn finish(self) -> io::Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    fn line(&mut self, text: &str) {
        let clear = if self.live { "\r\x1b[2K" } else { "" };
        if let Err(error) = writeln!(self.out, "{clear}{text}") {
            self.error.get_or_insert(error);
        }
    }
}

impl<W: Write> Audience for Timeline<W> {
    fn change(&mut self, step: &Step) {
        let text = match step {
            Step::Say(text) => format!("{QUIET}{text}{QUIET:#}"),
            step => format!("{STEP}▶ {step}{STEP:#}"),
        };
        self.line(&format!("\n{text}"));
    }

    fn waiting(&mut self) {
        if self.live {
            let _ = write!(self.out, "\r\x1b[2K      {QUIET}…{QUIET:#}").and_then(|()| self.out.flush());
        }
    }

    fn remarks(&mut self, remarks: &[String]) {
        for remark in remarks {
            let style = if remark.starts_with("Juju 3.6.11") { BAD } else { QUIET };
            self.line(&format!("        {style}{remark}{style:#}"));
        }
    }

    fn hook(&mut self, number: usize, record: &Record) {
        let event = &record.event;
        let (millis, processes) = (record.millis, record.processes);
        let word = if processes == 1 { "process" } else { "processes" };
        // Of a run by Juju's own agent only its event is known.
        let cost =
            if processes == 0 { String::new() } else { format!("{millis:>5} ms  {processes:>2} {word}") };
        self.line(&format!("{QUIET}{number:>4}{QUIET:#}  {NAME}{event:<34}{NAME:#} {QUIET}{cost}{QUIET:#}"));
        let lines = record.plan.iter().flatten().filter(|line| !line.starts_with("set the status: "));
        let (waits, steps): (Vec<_>, Vec<_>) = lines.cloned().partition(|line| line.starts_with("not yet: "));
        for step in steps {
            self.line(&format!("        {step}"));
        }
        // What has been waited for already need not be told again.
        let known = std::mem::replace(&mut self.waits, waits.clone());
        for wait in waits.iter().filter(|wait| !known.contains(wait)) {
            self.line(&format!("        {WAIT}{wait}{WAIT:#}"));
        }
        if processes > 0 {
            self.line(&format!("        {QUIET}used: {}{QUIET:#}", used(record)));
        }
        for problem in record.log.iter().filter(|line| matches!(line.level.as_str(), "WARNING" | "ERROR")) {
            let message = problem.message.replace('\n', "\n        ");
            self.line(&format!("        {BAD}{}{BAD:#} {message}", problem.level));
        }
        if let Some(error) = &record.error {
            self.line(&format!("        {BAD}failed: {error}{BAD:#}"));
        }
        self.remarks(&record.remarks);
        if let Some(action) = &record.action {
            let keys: Vec<_> = action.results.keys().map(String::as_str).collect();
            let text = if action.failed {
                format!("{BAD}the action failed: {}{BAD:#}", action.message)
            } else {
                format!("{GOOD}the action answered: {}{GOOD:#}", keys.join(", "))
            };
            self.line(&format!("        {text}"));
        }
        if let Some(status) = &record.status {
            let text = status.to_string();
            if text != self.status {
                let style = match status.status.as_str() {
                    "active" => GOOD,
                    "blocked" | "error" => BAD,
                    _ => WAIT,
                };
                self.line(&format!("      {style}● {text}{style:#}"));
                self.status = text;
            }
        }
    }

    fn met(&mut self, expectation: &Expectation) {
        self.line(&format!("   {GOOD}✔ {expectation}{GOOD:#}"));
    }

    fn unmet(&mut self, expectation: &Expectation, why: &str) {
        self.line(&format!("   {BAD}✘ expected {expectation}{BAD:#}\n     but {why}"));
    }
}

/// The hook commands and requests that a hook used, each once with how often.
fn used(record: &Record) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for command in record.commands.iter().filter_map(|command| command.args.first()) {
        *counts.entry(command).or_default() += 1;
    }
    if !record.pebble.is_empty() {
        counts.insert("Pebble", record.pebble.len());
    }
    if counts.is_empty() {
        return "nothing".to_owned();
    }
    let counted = counts.into_iter().map(|(name, count)| match count {
        1 => name.to_owned(),
        count => format!("{name} ×{count}"),
    });
    counted.collect::<Vec<_>>().join(", ")
}

/// Prints a play as one JSON object a line.
///
/// Each has a `step`: `say`, `change`, `hook` (with the keys of [`Record`]), `met` or `unmet`.
#[derive(Debug)]
pub struct JsonLines<W: Write> {
    out: W,
    error: Option<io::Error>,
}

impl<W: Write> JsonLines<W> {
    /// Prints to `out`.
    pub fn new(out: W) -> Self {
        Self { out, error: None }
    }

    /// The first error in printing, if there was one.
    ///
    /// # Errors
    ///
    /// That one.
    pub fn finish(self) -> io::Result<()> {
        self.error.map_or(Ok(()), Err)
    }

    fn object(&mut self, object: &Value) {
        if let Err(error) = writeln!(self.out, "{object}") {
            self.error.get_or_insert(error);
        }
    }
}

impl<W: Write> Audience for JsonLines<W> {
    fn change(&mut self, step: &Step) {
        let kind = if matches!(step, Step::Say(_)) { "say" } else { "change" };
        self.object(&json!({"step": kind, "text": step.to_string()}));
    }

    fn waiting(&mut self) {}

    fn remarks(&mut self, remarks: &[String]) {
        self.object(&json!({"step": "agent", "remarks": remarks}));
    }

    fn hook(&mut self, number: usize, record: &Record) {
        let mut object = json!(record);
        object["step"] = json!("hook");
        object["number"] = json!(number);
        self.object(&object);
    }

    fn met(&mut self, expectation: &Expectation) {
        self.object(&json!({"step": "met", "text": expectation.to_string()}));
    }

    fn unmet(&mut self, expectation: &Expectation, why: &str) {
        self.object(&json!({"step": "unmet", "text": expectation.to_string(), "why": why}));
    }
}
