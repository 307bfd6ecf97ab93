//! Commands that do not run to their end.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use charmwright_pebble::{Error, Exec};

use crate::support::Daemon;

const VERSIONS: [&str; 3] = ["1.19.2", "1.26.0", "1.32.1"];
/// Longer than anything takes.
const LONG: Duration = Duration::from_mins(1);

#[test]
fn a_command_that_cannot_be_started_says_why_with_a_timeout_and_without() {
    for version in VERSIONS {
        let daemon = Daemon::of_version(version);
        let script = |name: &str, content: &str| {
            std::fs::write(daemon.path(name), content).unwrap();
            std::fs::set_permissions(daemon.path(name), PermissionsExt::from_mode(0o755)).unwrap();
            daemon.path_text(name)
        };
        let no_interpreter = Exec::new([script("no-interpreter", "#!/nope/timed out after 1s\n")]);
        let no_program = Exec::new([script("timed out after 1s", "\u{7f}ELF")]);
        let too_long = Exec::new(["/bin/echo".to_owned(), "x".repeat(200_000)]);
        let null = Exec::new(["/bin/echo"]).env("A", "\0");
        for (exec, reason) in [
            (no_interpreter, "no such file or directory"),
            (no_program, "exec format error"),
            (too_long, "argument list too long"),
            (null, "contains NUL"),
        ] {
            for exec in [exec.clone(), exec.timeout(LONG)] {
                let error = daemon.client.exec_output(&exec, b"", LONG).unwrap_err();
                assert!(matches!(error, Error::ChangeFailed { .. }), "{version}: {error:?}");
                assert!(error.to_string().contains(reason), "{version}: {error}");
            }
        }
        for exec in [
            Exec::new(["/nope"]),
            Exec::new(["/bin/echo"]).user("nobody-of-that-name"),
            Exec::new(["/bin/echo"]).working_dir("/nope"),
        ] {
            let error = daemon.client.exec_output(&exec.timeout(LONG), b"", LONG).unwrap_err();
            assert!(matches!(error, Error::Api { .. }), "{version}: {error:?}");
        }
    }
}

#[test]
fn a_command_that_is_killed_for_its_timeout_says_so() {
    for version in VERSIONS {
        let daemon = Daemon::of_version(version);
        let timeout = Duration::from_millis(100);
        let exec = Exec::new(["sleep", "60"]).timeout(timeout);
        let error = daemon.client.exec_output(&exec, b"", LONG).unwrap_err();
        assert!(
            matches!(error, Error::ExecTimeout { after, .. } if after == timeout),
            "{version}: {error:?}"
        );
        // Killed by somebody else is no timeout.
        let exec = Exec::shell("kill -9 $$").timeout(LONG);
        assert_eq!(daemon.client.exec_output(&exec, b"", LONG).unwrap().code.code, 137, "{version}");
    }
}

#[test]
fn a_command_that_writes_without_an_end_is_killed_at_a_bound() {
    let daemon = Daemon::start();
    let begin = Instant::now();
    for (exec, most) in [
        (Exec::new(["yes"]), "2097152 bytes"),
        (Exec::shell("yes >&2"), "2097152 bytes"),
        (Exec::new(["yes"]).output_bytes_max(1000), "1000 bytes"),
    ] {
        let error = daemon.client.exec_output(&exec, b"", LONG).unwrap_err();
        assert!(matches!(error, Error::TooLarge { what: "the output", .. }), "{error:?}");
        assert!(error.to_string().contains(most), "{error}");
    }
    assert!(begin.elapsed() < LONG / 2, "nobody waits for the other output");
    let fits = Exec::new(["head", "-c", "3000000", "/dev/zero"]).output_bytes_max(3_000_000);
    assert_eq!(daemon.client.exec_output(&fits, b"", LONG).unwrap().stdout.len(), 3_000_000);
}
