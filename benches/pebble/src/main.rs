//! One task of `cargo xtask bench pebble`, as the one of the same name in `peers/ops/pebble/bench.py`: prints the seconds
//! that it took, and the most memory that this process ever had.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use charmwright_pebble::{Client, Exec, WriteOptions};
use serde_json::json;

/// How many files go into one request, where they go together.
const REQUEST: usize = 100;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [task, socket, folder, count] = arguments.as_slice() else {
        bail!("bench-pebble TASK SOCKET FOLDER COUNT");
    };
    let count: usize = count.parse().context("COUNT is no number")?;
    let client = Client::new(socket);
    let folder = Path::new(folder);
    let started = Instant::now();
    run(task, &client, folder, count)?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{}", json!({"seconds": seconds, "peak_kib": peak_kib()?}));
    Ok(())
}

fn run(task: &str, client: &Client, folder: &Path, count: usize) -> anyhow::Result<()> {
    let there = |name: &str| folder.join(name).display().to_string();
    match task {
        "plan" => {
            for _ in 0..count {
                client.plan()?;
            }
        }
        "write" => {
            let (path, options) = (there("small"), WriteOptions::default());
            for number in 0..count {
                client.write_file(&path, format!("number = {number}\n").as_bytes(), &options)?;
            }
        }
        "write-many" => {
            let options = WriteOptions::default().make_dirs(true);
            let all: Vec<(String, String)> = (0..count)
                .map(|number| (there(&format!("many/{number}")), format!("number = {number}\n")))
                .collect();
            for some in all.chunks(REQUEST) {
                let files: Vec<(&str, &[u8], &WriteOptions)> =
                    some.iter().map(|(path, text)| (path.as_str(), text.as_bytes(), &options)).collect();
                for outcome in client.write_files(&files)? {
                    outcome.1?;
                }
            }
        }
        // What the daemon alone takes for these: the same requests, ready made, over one connection.
        "plan-alone" => {
            alone(client.socket(), count, |_| {
                "GET /v1/plan?format=yaml HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()
            })?;
        }
        "write-alone" => {
            let path = there("small");
            alone(client.socket(), count, |number| {
                let boundary = "0123456789abcdef0123456789abcdef";
                let request = json!({"action": "write", "files": [{"path": path}]});
                let body = format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n\
                     --{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{path}\"\r\n\r\n\
                     number = {number}\n\r\n--{boundary}--\r\n"
                );
                let kind = format!("multipart/form-data; boundary={boundary}");
                let length = body.len();
                format!(
                    "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
                )
            })?;
        }
        "exec" => {
            let command = Exec::new(["/bin/echo", "hello"]);
            for _ in 0..count {
                let output = client.exec_output(&command, b"", Duration::from_secs(30))?.into_result()?;
                anyhow::ensure!(output.stdout == b"hello\n", "echo said something else");
            }
        }
        "push" => {
            let mut from = BufReader::new(File::open(folder.join("large"))?);
            client.write_file_from(&there("pushed"), &mut from, &WriteOptions::default())?;
        }
        "pull" => {
            let mut to = BufWriter::new(File::create(folder.join("pulled"))?);
            client.read_file_to(&there("large"), &mut to)?;
            to.flush()?;
        }
        other => bail!("there is no task {other:?}"),
    }
    Ok(())
}

/// Sends requests and reads no more of the answers than where they end.
fn alone(socket: &Path, count: usize, request: impl Fn(usize) -> String) -> anyhow::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    let mut buffer = vec![0; 1 << 16];
    for number in 0..count {
        stream.write_all(request(number).as_bytes())?;
        let mut answer = String::new();
        loop {
            let read = stream.read(&mut buffer)?;
            anyhow::ensure!(read > 0, "the daemon has gone");
            answer.push_str(&String::from_utf8_lossy(buffer.get(..read).unwrap_or_default()));
            let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
            anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "the daemon refused: {head}");
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let ended = match length.and_then(|length| length.parse::<usize>().ok()) {
                Some(length) => body.len() >= length,
                None => body.ends_with("0\r\n\r\n"),
            };
            if ended {
                break;
            }
        }
    }
    Ok(())
}

/// The most memory that was resident at once.
fn peak_kib() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).context("the kernel does not tell the peak of memory")
}
