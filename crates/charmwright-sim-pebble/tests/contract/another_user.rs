//! Questions that another user asks.
//!
//! Who asks is told by the process that connects, so the test runs itself again as that user.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use charmwright_pebble::{Client, CustomNotice, Error, WriteOptions};

/// The first argument of the run that asks.
const MARK: &str = "--ask-as-another-user";

/// What can be asked: a word for each answer.
type Question = fn(&Client) -> String;

const QUESTIONS: &[(&str, Question)] = &[
    ("system-info", |client| word(client.system_info())),
    ("health", |client| word(client.is_healthy(None))),
    ("services", |client| word(client.all_services())),
    ("logs", |client| word(client.logs(&charmwright_pebble::LogsOptions::default()))),
    ("plan", |client| word(client.plan())),
    ("replan", |client| word(client.replan())),
    ("read-file", |client| word(client.read_file("/etc/passwd"))),
    ("write-much", |client| {
        word(client.write_file("/nowhere/file", &vec![b'x'; 32 << 20], &WriteOptions::default()))
    }),
    ("stream-much", |client| word(crate::files_memory::stream_much(client))),
    ("most-memory", crate::files_memory::most_memory),
    ("identities", |client| word(client.identities())),
    ("metrics", |client| word(client.metrics())),
    ("notices", crate::notices_users::seen),
    ("notices-of-others", crate::notices_users::refused),
    ("notify", |client| match client.notify(&CustomNotice::new("example.com/of/another-user")) {
        Ok(id) => id.to_string(),
        error => word(error),
    }),
];

/// Asks as this user and group. The answer is `ok`, what went wrong in a word, or the id that came of it.
pub(crate) fn ask(user: u32, socket: &Path, question: &str) -> String {
    let mut command = Command::new("/proc/self/exe");
    command.arg(MARK).arg(question).arg(socket).current_dir("/").uid(user).gid(user);
    let output = command.output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{question}: {}", String::from_utf8_lossy(&output.stderr));
    answer
}

/// Answers, if this is the run that asks.
#[expect(clippy::print_stdout, reason = "this is how the answer gets back")]
pub(crate) fn answered() -> bool {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [mark, question, socket] = arguments.as_slice() else { return false };
    if mark != MARK {
        return false;
    }
    let (_, ask) = QUESTIONS.iter().find(|(name, _)| name == question).unwrap();
    print!("{}", ask(&Client::new(socket)));
    true
}

fn word<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(Error::Denied { .. }) => "denied".to_owned(),
        Err(Error::TooOld { .. }) => "too old".to_owned(),
        Err(Error::Unreachable { .. }) => "unreachable".to_owned(),
        Err(error) => error.to_string(),
    }
}
