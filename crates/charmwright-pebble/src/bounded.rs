//! Reading that ends at a size.

use std::io::{self, Read};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// Adds the piece, unless there were more than so many bytes then. No more room is made than these bytes need.
pub(crate) fn append_within(to: &mut Vec<u8>, piece: &[u8], bytes_max: u64) -> bool {
    let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    let length = to.len().saturating_add(piece.len());
    if length > bytes_max {
        return false;
    }
    if length > to.capacity() {
        // Twice as much each time, as a `Vec` does by itself, but never beyond the bound.
        let capacity = length.max(to.capacity().saturating_mul(2)).min(bytes_max);
        to.reserve_exact(capacity - to.len());
    }
    to.extend_from_slice(piece);
    true
}

/// All that comes; none if that is more than so many bytes, or as soon as it is.
pub(crate) fn read_within(from: &mut dyn Read, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let (mut all, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(Some(all)),
            Ok(read) => {
                if !append_within(&mut all, chunk.get(..read).unwrap_or_default(), bytes_max) {
                    return Ok(None);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a JSON text holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Objects.
    pub(crate) objects: u64,
    /// Values, and names of fields, each at least.
    pub(crate) values: u64,
}

/// Counts without taking any memory, and before anything is made of it. What is no JSON is counted somehow.
pub(crate) fn content(json: &[u8]) -> Content {
    let mut content = Content::default();
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' => {
                content.objects += 1;
                content.values += 1;
            }
            b'[' | b',' | b':' => content.values += 1,
            _ => {}
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_text_is_counted_without_what_is_in_its_strings() {
        let count = |text: &str| {
            let Content { objects, values } = content(text.as_bytes());
            (objects, values)
        };
        assert_eq!(count(""), (0, 0));
        assert_eq!(count(r#"{"a":1,"b":[{},"{,[:"]}"#), (2, 7));
        assert_eq!(count(r#"["\\\"{{{","\\",{}]"#), (1, 4));
        assert_eq!(count("[0,0,0]"), (0, 3));
    }

    #[test]
    fn what_fits_is_read_and_one_byte_more_is_not() {
        for length in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7] {
            let (text, bytes) = (vec![b'x'; length], u64::try_from(length).unwrap());
            assert_eq!(read_within(&mut text.as_slice(), bytes).unwrap().unwrap(), text);
            assert_eq!(read_within(&mut text.as_slice(), bytes + 1).unwrap().unwrap(), text);
            let none = bytes.checked_sub(1).map(|less| read_within(&mut text.as_slice(), less).unwrap());
            assert!(none.is_none_or(|read| read.is_none()), "{length}");
        }
    }

    #[test]
    fn what_has_no_end_is_left_and_takes_no_room_beyond_the_bound() {
        assert_eq!(read_within(&mut io::repeat(b'x'), 100_000).unwrap(), None);
        let mut held = Vec::new();
        while append_within(&mut held, &[0; 1000], 100_500) {}
        assert_eq!(held.len(), 100_000);
        assert!(held.capacity() <= 100_500, "{}", held.capacity());
    }
}
