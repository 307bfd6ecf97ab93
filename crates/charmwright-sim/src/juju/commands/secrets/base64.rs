//! Base64 as Go reads it, which says where a mistake is.

/// Decodes a text. Line breaks are passed over.
///
/// # Errors
///
/// The place of the first mistake.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let mut letters = text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    loop {
        let mut bits = 0_u32;
        let mut read = 0;
        while read < 4 {
            let Some((at, byte)) = letters.next() else {
                // Go counts back by the letters that it has of the group.
                return if read == 0 { Ok(decoded) } else { Err(text.len() - read) };
            };
            if let Some(digit) = digit(byte) {
                bits = bits << 6 | digit;
                read += 1;
                continue;
            }
            if byte != b'=' || read < 2 {
                return Err(at);
            }
            if read == 2 {
                match letters.next() {
                    Some((_, b'=')) => {}
                    Some((at, _)) => return Err(at),
                    None => return Err(text.len()),
                }
            }
            if let Some((at, _)) = letters.next() {
                return Err(at);
            }
            bits <<= 6 * (4 - read);
            decoded.extend(bits.to_be_bytes().iter().skip(1).take(read - 1));
            return Ok(decoded);
        }
        decoded.extend(bits.to_be_bytes().iter().skip(1));
    }
}

fn digit(byte: u8) -> Option<u32> {
    let digit = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_read_and_what_is_wrong_is_placed() {
        for (text, wanted) in [
            ("", Ok(&b""[..])),
            ("YQ==", Ok(b"a")),
            ("YWI=", Ok(b"ab")),
            ("YWJj", Ok(b"abc")),
            ("YW\nJj\r\nYQ==\n", Ok(b"abca")),
            ("YR==", Ok(b"a")),
            ("YQ", Err(0)),
            ("YWJjYQ", Err(4)),
            ("Y!==", Err(1)),
            ("Y===", Err(1)),
            ("YQ=a", Err(3)),
            ("YQ=", Err(3)),
            ("YQ==YQ==", Err(4)),
        ] {
            assert_eq!(decode(text), wanted.map(<[u8]>::to_vec), "{text}");
        }
    }
}
