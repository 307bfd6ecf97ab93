//! What services write.

use std::collections::VecDeque;

use crate::time::Time;

/// How many bytes of a service are kept, with what Pebble writes before each line.
const BYTES: usize = 100 * 1024;
/// The longest entry: what is longer comes as several.
const ENTRY: usize = 4096;

/// One line of a service, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) time: Time,
    pub(crate) text: String,
    /// Counts all lines of the daemon.
    pub(crate) number: u64,
    size: usize,
}

/// The last output of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogBuffer {
    pub(crate) lines: VecDeque<Line>,
    size: usize,
    /// A line whose end has not come yet, and when it began.
    open: Option<(Time, Vec<u8>)>,
}

impl LogBuffer {
    /// Takes what the service wrote. `prefix` is the length of what Pebble writes before a line; `number` counts on.
    pub(crate) fn write(&mut self, now: Time, prefix: usize, bytes: &[u8], number: &mut u64) {
        for chunk in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (began, mut line) = self.open.take().unwrap_or((now, Vec::new()));
            line.extend_from_slice(chunk);
            if line.last() == Some(&b'\n') {
                line.pop();
                self.push(began, &line, prefix, number);
            } else {
                while line.len() + prefix > ENTRY {
                    let rest = line.split_off(ENTRY.saturating_sub(prefix));
                    self.push(began, &line, prefix, number);
                    line = rest;
                }
                self.open = Some((began, line));
            }
        }
    }

    fn push(&mut self, time: Time, line: &[u8], prefix: usize, number: &mut u64) {
        // The first part shares its room with what Pebble writes before it.
        let (first, rest) = line.split_at(line.len().min(ENTRY.saturating_sub(prefix)));
        for part in std::iter::once(first).chain(rest.chunks(ENTRY)) {
            *number += 1;
            let size = part.len() + prefix + 1;
            let text = String::from_utf8_lossy(part).into_owned();
            self.lines.push_back(Line { time, text, number: *number, size });
            self.size += size;
        }
        while self.size > BYTES {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.size -= oldest.size;
        }
    }

    /// A line whose end has not come yet, and when it began.
    pub(crate) fn open_line(&self) -> Option<(Time, String)> {
        let (began, line) = self.open.as_ref()?;
        Some((*began, String::from_utf8_lossy(line).into_owned()))
    }

    /// The last lines, each indented, as the log of a failed task quotes them.
    pub(crate) fn quote(&self, count: usize, indent: &str) -> String {
        let open = self.open.iter().map(|(_, line)| String::from_utf8_lossy(line).into_owned());
        let mut lines: Vec<String> = self.lines.iter().map(|line| line.text.clone()).chain(open).collect();
        if lines.is_empty() {
            // Of nothing, Pebble quotes one empty line.
            lines.push(String::new());
        }
        if lines.len() > count {
            lines.drain(..lines.len() - count - 1);
            if let Some(first) = lines.first_mut() {
                "(...)".clone_into(first);
            }
        }
        lines.iter().map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_whole_or_in_parts_and_the_oldest_go() {
        let (mut buffer, mut number) = (LogBuffer::default(), 0);
        let now = Time::from_nanos(1);
        buffer.write(now, 30, b"one\ntw", &mut number);
        buffer.write(now, 30, b"o\n", &mut number);
        let texts: Vec<&str> = buffer.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "two"]);
        buffer.write(now, 30, &[b'x'; 10_000], &mut number);
        buffer.write(now, 30, b"\n", &mut number);
        assert_eq!(buffer.lines.iter().map(|line| line.text.len()).sum::<usize>(), 10_006);
        assert_eq!(buffer.lines.len(), 5);
        for _ in 0..100 {
            buffer.write(now, 30, &[b'y'; 4000], &mut number);
        }
        assert!(buffer.lines.iter().map(|line| line.text.len()).sum::<usize>() <= BYTES);
        assert_eq!(buffer.quote(1, "  ").lines().next(), Some("  (...)"));
    }
}
