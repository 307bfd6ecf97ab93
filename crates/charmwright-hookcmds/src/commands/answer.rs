//! From what a command printed to what it means.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::text;
use crate::transport::{Call, Reply, STDOUT_BYTES_MAX};

/// The most items in an answer, keys and values and entries of lists together. Each takes up to 200 bytes of memory,
/// however short it is, so that few bytes could become very many: 32,768 items stay below 8 MiB. A databag has tens,
/// a goal state of a thousand units has some thousands.
pub const ANSWER_ITEMS_MAX: usize = 32_768;

/// How much an error shows of a question, in bytes: the longest names of a unit and of a secret fit.
const ASKED_BYTES_MAX: usize = 200;

/// What answers that are kept together may still have.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    items: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: STDOUT_BYTES_MAX, items: ANSWER_ITEMS_MAX }
    }
}

impl Budget {
    /// Reads an answer of bounded size and structure.
    pub(super) fn parse<T: DeserializeOwned>(
        &mut self,
        call: &Call,
        reply: &Reply,
        expected: &'static str,
    ) -> Result<T, Error> {
        let too_many = |max, of| Error::AnswerTooLarge { command: call.command, asked: asked(call), max, of };
        let bytes = self.bytes.checked_sub(reply.stdout.len());
        let bytes = bytes.ok_or_else(|| too_many(STDOUT_BYTES_MAX, "bytes"))?;
        let items = self.items.checked_sub(items(&reply.stdout));
        let items = items.ok_or_else(|| too_many(ANSWER_ITEMS_MAX, "items"))?;
        *self = Self { bytes, items };
        serde_json::from_slice(&reply.stdout).map_err(|_| Error::Answer { command: call.command, expected })
    }
}

pub(super) fn too_large(call: &Call) -> Error {
    Error::AnswerTooLarge { command: call.command, asked: asked(call), max: STDOUT_BYTES_MAX, of: "bytes" }
}

/// What names the question. Only the arguments of reads are shown: those of writes may be anybody's data.
fn asked(call: &Call) -> String {
    let is_read = call.args.first().is_some_and(|arg| arg == "--format=json");
    let args: Vec<&str> = call.args.iter().skip(1).filter(|_| is_read).map(String::as_str).collect();
    text::line(&args.join(" "), ASKED_BYTES_MAX)
}

/// How many items a JSON text can have at most: each but the first has a comma, a colon or a bracket before it.
fn items(json: &[u8]) -> usize {
    let (mut count, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b',' | b':' | b'[' | b'{' if !in_text => count = count.saturating_add(1),
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_is_no_item() {
        for (json, expected) in [
            ("", 0),
            ("true", 0),
            (r#"{"a":"1","b":"2"}"#, 4),
            (r#"["a,b","{\"c\":[1,2]}","\\",1]"#, 4),
            ("[[],[],{}]", 6),
        ] {
            assert_eq!(items(json.as_bytes()), expected, "{json}");
        }
    }
}
