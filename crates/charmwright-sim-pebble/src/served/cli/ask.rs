//! What a client asks, in the words of Pebble's own.

use std::fmt::Write as _;
use std::time::Duration;

use charmwright_pebble::{CheckInfo, CheckStatus, Client, CustomNotice, Error, GoDuration, Level, Startup};

use crate::layers::plan_text;

/// A question to a daemon.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Question {
    /// Record a custom notice.
    Notify {
        /// How long after it was last told it is told again.
        #[arg(long, value_parser = duration)]
        repeat_after: Option<Duration>,
        /// Its key, as example.com/backup-done.
        key: String,
        /// More about it: name=value.
        #[arg(value_parser = pair)]
        data: Vec<(String, String)>,
    },
    /// Ask whether no check is down.
    Health {
        /// alive or ready.
        #[arg(long)]
        level: Option<String>,
        /// Only these checks.
        checks: Vec<String>,
    },
    /// List services.
    Services {
        /// Times are always told as RFC 3339; Pebble has to be asked for that.
        #[arg(long)]
        abs_time: bool,
        /// Only these.
        names: Vec<String>,
    },
    /// List checks.
    Checks {
        /// alive or ready.
        #[arg(long)]
        level: Option<String>,
        /// Only these.
        names: Vec<String>,
    },
    /// Show the plan.
    Plan,
    /// Tell the versions.
    Version {
        /// Only that of this program.
        #[arg(long)]
        client: bool,
    },
}

/// What is told.
pub(super) struct Answer {
    pub(super) output: String,
    /// For standard error.
    pub(super) notes: String,
    pub(super) is_good: bool,
}

impl Answer {
    fn new(output: String) -> Self {
        Self { output, notes: String::new(), is_good: true }
    }

    fn nothing(note: &str) -> Self {
        Self { output: String::new(), notes: format!("{note}\n"), is_good: true }
    }
}

/// Asks a daemon. `version` is that of this program.
pub(super) fn ask(question: Question, client: &Client, version: &str) -> Result<Answer, String> {
    let failed = |error: Error| format!("error: {error}");
    match question {
        Question::Notify { repeat_after, key, data } => {
            let mut notice = CustomNotice::new(key);
            if let Some(after) = repeat_after {
                notice = notice.repeat_after(after);
            }
            let notice = data.into_iter().fold(notice, |notice, (name, value)| notice.data(name, value));
            let id = client.notify(&notice).map_err(failed)?;
            Ok(Answer::new(format!("Recorded notice {id}\n")))
        }
        Question::Health { level, checks } => {
            let level = level.as_deref().map(Level::from);
            let names: Vec<&str> = checks.iter().map(String::as_str).collect();
            let asked = if names.is_empty() {
                client.is_healthy(level.as_ref())
            } else {
                client.are_healthy(&names, level.as_ref())
            };
            let is_good = asked.map_err(failed)?;
            let output = if is_good { "healthy\n" } else { "unhealthy\n" }.to_owned();
            Ok(Answer { is_good, ..Answer::new(output) })
        }
        Question::Services { abs_time: _, names } => services(client, &names).map_err(failed),
        Question::Checks { level, names } => checks(client, level.as_deref(), &names).map_err(failed),
        Question::Plan => Ok(Answer::new(plan_text(&client.plan().map_err(failed)?))),
        Question::Version { client: true } => Ok(Answer::new(format!("v{version}\n"))),
        Question::Version { client: false } => {
            // Nobody may be there.
            let server = client.system_info().map_or_else(|_| "-".to_owned(), |info| info.version);
            Ok(Answer::new(format!("client  v{version}\nserver  {server}\n")))
        }
    }
}

fn services(client: &Client, names: &[String]) -> Result<Answer, Error> {
    let mut rows = vec![["Service", "Startup", "Current", "Since"].map(str::to_owned)];
    for info in client.all_services()?.into_iter().filter(|info| is_asked(names, &info.name)) {
        let since = info.current_since.unwrap_or_else(|| "-".to_owned());
        rows.push([info.name, word(info.startup), info.current.as_str().to_owned(), since]);
    }
    Ok(if rows.len() > 1 { Answer::new(table(&rows)) } else { Answer::nothing("No matching services.") })
}

fn checks(client: &Client, level: Option<&str>, names: &[String]) -> Result<Answer, Error> {
    let fits = |info: &CheckInfo| {
        is_asked(names, &info.name) && level.is_none_or(|level| info.level == Some(Level::from(level)))
    };
    let all: Vec<CheckInfo> = client.all_checks()?.into_iter().filter(fits).collect();
    // Older ones do not count them.
    let has_successes = all.iter().any(|info| info.successes.is_some());
    let head = ["Check", "Level", "Startup", "Status", "Successes", "Failures", "Change"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for info in all {
        let runs = info.status != CheckStatus::Inactive;
        rows.push(vec![
            info.name,
            info.level.as_ref().map_or("-", Level::as_str).to_owned(),
            word(info.startup),
            info.status.as_str().to_owned(),
            if runs { info.successes.unwrap_or_default().to_string() } else { "-".to_owned() },
            if runs { format!("{}/{}", info.failures, info.threshold) } else { "-".to_owned() },
            info.change_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
        ]);
    }
    if rows.len() == 1 {
        return Ok(Answer::nothing("No matching health checks."));
    }
    if !has_successes {
        for row in &mut rows {
            row.remove(4);
        }
    }
    Ok(Answer::new(table(&rows)))
}

fn is_asked(names: &[String], name: &String) -> bool {
    names.is_empty() || names.contains(name)
}

fn word(startup: Startup) -> String {
    format!("{startup:?}").to_lowercase()
}

/// Columns, two spaces apart.
fn table(rows: &[impl AsRef<[String]>]) -> String {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    let width = |column| rows.iter().filter_map(|row| row.as_ref().get(column)).map(String::len).max();
    let widths: Vec<usize> = (0..columns).filter_map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.as_ref().iter().zip(&widths) {
            // Writing to a text does not fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// As Go writes one: `1h30m`.
fn duration(text: &str) -> Result<Duration, String> {
    GoDuration::from(text).to_duration().ok_or_else(|| format!("time: invalid duration {text:?}"))
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| format!("data args must be in \"name=value\" format, not {text:?}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["Service", "Current"], ["web", "active"], ["long-service", "-"]];
        let told = table(&rows.map(|row| row.map(str::to_owned)));
        assert_eq!(told, "Service       Current\nweb           active\nlong-service  -\n");
    }
}
