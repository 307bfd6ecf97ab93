//! Our Pebble client beside that of `ops`, on one real daemon, in one run.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::{ops, root, setup, target};

/// What is measured.
struct Task {
    name: &'static str,
    what: &'static str,
    count: usize,
    /// The task that measures what the daemon alone takes; none if that is left in.
    alone: Option<&'static str>,
    /// How many times as fast as `ops` it has to be, without what the daemon takes if that is known.
    at_least: f64,
}

const TASKS: [Task; 6] = [
    Task { name: "plan", what: "1,000 plan reads", count: 1000, alone: Some("plan-alone"), at_least: 3.0 },
    Task {
        name: "write",
        what: "1,000 small file writes",
        count: 1000,
        alone: Some("write-alone"),
        at_least: 3.0,
    },
    Task {
        name: "write-many",
        what: "the same, ours 100 a request",
        count: 1000,
        alone: None,
        at_least: 3.0,
    },
    Task { name: "pull", what: "a file of 256 MiB to us", count: 1, alone: None, at_least: 1.0 },
    Task { name: "push", what: "a file of 256 MiB to the daemon", count: 1, alone: None, at_least: 1.0 },
    Task { name: "exec", what: "100 commands", count: 100, alone: None, at_least: 1.0 },
];
const LARGE: u64 = 256 << 20;
/// What our side may take for the large file.
const PEAK_KIB: u64 = 8 << 10;
/// After so long a measurement is given up: it took at least as long.
const LONGEST: Duration = Duration::from_secs(90);
/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Deserialize)]
struct Measured {
    seconds: f64,
    peak_kib: u64,
    /// It was not done by then.
    #[serde(skip)]
    gave_up: bool,
}

/// Measures each task `runs` times on both sides, in turns, and prints the table. Fails if a bound does not hold.
pub(crate) fn run(runs: usize) -> anyhow::Result<()> {
    let pebble = setup::run()?;
    let python = ops::run()?.join("python3");
    crate::run(crate::cargo(&["build", "--release", "--quiet", "-p", "bench-pebble"]))?;
    let ours = target().join("release/bench-pebble");
    let theirs = root().join("peers/ops/pebble/bench.py");

    // In memory where that is possible: a disk would be measured, and it is the same for both.
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory } else { Path::new("/tmp") };
    let folder = tempfile::Builder::new().prefix("cwb").tempdir_in(parent).context("no temporary folder")?;
    let place = folder.path();
    let daemon = Daemon::start(&pebble, place)?;
    let mut large = File::create(place.join("large"))?;
    std::io::copy(&mut Noise(1).take(LARGE), &mut large)?;
    drop(large);

    println!("on one daemon (Pebble 1.26.0), medians of {runs} interleaved runs, of the large files one");
    println!(
        "  {:<32} {:>9} {:>9} {:>8} {:>10} {:>8} {:>7} {:>9} {:>9}",
        "", "ours", "ops", "faster", "its daemon", "net", "wanted", "our peak", "its peak"
    );
    let mut missed = Vec::new();
    for task in &TASKS {
        let (mut us, mut them) = (Vec::new(), Vec::new());
        // A large file may take minutes, and one run says enough.
        let runs = if task.count == 1 { 1 } else { runs.max(1) };
        for _ in 0..runs {
            us.push(measure(Command::new(&ours), task, &daemon.socket, place)?);
            let mut command = Command::new(&python);
            command.arg(&theirs);
            them.push(measure(command, task, &daemon.socket, place)?);
        }
        let alone = match task.alone {
            Some(name) => {
                let of_daemon = Task { name, alone: None, ..*task };
                let all: anyhow::Result<Vec<Measured>> = (0..runs.max(1))
                    .map(|_| measure(Command::new(&ours), &of_daemon, &daemon.socket, place))
                    .collect();
                Some(median(all?).seconds)
            }
            None => None,
        };
        let (us, them) = (median(us), median(them));
        let gross = them.seconds / us.seconds;
        let net = alone.map(|alone| (them.seconds - alone) / (us.seconds - alone).max(0.000_001));
        let faster = net.unwrap_or(gross);
        println!(
            "  {:<32} {:>7.3} s {:>7.3} s {gross:>7.1}x {:>10} {:>8} {:>7} {:>7.1} M {:>7.1} M",
            task.what,
            us.seconds,
            them.seconds,
            alone.map_or(String::new(), |alone| format!("{alone:.3} s")),
            net.map_or(String::new(), |net| format!("{net:.1}x")),
            format!("{:.0}x", task.at_least),
            mebibytes(us.peak_kib),
            mebibytes(them.peak_kib),
        );
        if us.gave_up {
            missed.push(format!("{} took us more than {LONGEST:?}", task.what));
        }
        if them.gave_up {
            println!("  {:<32} (ops was not done after {LONGEST:?}, and was ended)", "");
        }
        if faster < task.at_least {
            missed.push(format!("{} are {faster:.1} times as fast, not {}", task.what, task.at_least));
        }
        if us.peak_kib > PEAK_KIB {
            missed.push(format!("{}: {} KiB of memory, more than {PEAK_KIB}", task.what, us.peak_kib));
        }
    }
    if missed.is_empty() { Ok(()) } else { bail!(missed.join("; ")) }
}

fn measure(mut command: Command, task: &Task, socket: &Path, place: &Path) -> anyhow::Result<Measured> {
    command.arg(task.name).arg(socket).arg(place).arg(task.count.to_string());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context("a measured program cannot be run")?;
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Ok(Measured { seconds: LONGEST.as_secs_f64(), peak_kib: 0, gave_up: true });
        }
        thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}: {}", task.what, output.status);
    }
    serde_json::from_slice(&output.stdout).context("what it printed is no measurement")
}

fn median(mut all: Vec<Measured>) -> Measured {
    all.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let peak_kib = all.iter().map(|one| one.peak_kib).max().unwrap_or_default();
    let gave_up = all.iter().any(|one| one.gave_up);
    Measured { gave_up, seconds: all.get(all.len() / 2).map_or(f64::NAN, |one| one.seconds), peak_kib }
}

fn mebibytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}

/// Bytes that no one could call regular, the same each time.
struct Noise(u64);

impl Read for Noise {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for byte in buffer.iter_mut() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            *byte = self.0.to_le_bytes()[3];
        }
        Ok(buffer.len())
    }
}

/// A real daemon with a small plan, ended when dropped.
struct Daemon {
    child: Child,
    socket: std::path::PathBuf,
}

impl Daemon {
    fn start(pebble: &Path, place: &Path) -> anyhow::Result<Self> {
        let (home, socket) = (place.join("pebble"), place.join("s"));
        let layers = home.join("layers");
        std::fs::create_dir_all(&layers)?;
        std::fs::write(layers.join("001-app.yaml"), PLAN)?;
        let child = Command::new(pebble)
            .args(["run", "--hold"])
            .env("PEBBLE", &home)
            .env("PEBBLE_SOCKET", &socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the daemon cannot be run")?;
        let daemon = Self { child, socket };
        let started = Instant::now();
        while std::os::unix::net::UnixStream::connect(&daemon.socket).is_err() {
            if started.elapsed() > PATIENCE {
                bail!("the daemon does not answer");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(daemon)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // One that has ended is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PLAN: &str = "
services:
  web: {override: replace, command: /bin/web --port 80, startup: enabled, environment: {LEVEL: info, PORT: '80'}}
  worker: {override: replace, command: /bin/worker, after: [web], on-failure: restart, backoff-delay: 1s}
  cron: {override: replace, command: /bin/cron, user-id: 0, kill-delay: 10s}
checks:
  up: {override: replace, level: ready, period: 1h, startup: disabled, http: {url: 'http://localhost:80/health'}}
";
