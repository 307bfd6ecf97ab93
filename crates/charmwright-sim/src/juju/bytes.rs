//! Texts that need not be UTF-8.
//!
//! To Go a text is bytes, whatever they are; so are the arguments of a hook command. Here a text is a [`String`] all the
//! same, in which each byte that belongs to no character stands as a character of its own: one of the last 128 there
//! are, which nobody uses. What such a text is made of can always be had back.

use std::ops::RangeInclusive;

const STRAY: RangeInclusive<char> = '\u{10ff80}'..='\u{10ffff}';

/// The text of some bytes, with none of them lost.
pub fn kept(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if STRAY.contains(&character) {
                // Somebody does use it. Its bytes say so as well.
                text.extend(character.encode_utf8(&mut [0; 4]).bytes().map(stray));
            } else {
                text.push(character);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(stray));
    }
    text
}

/// The bytes of a text.
pub fn of(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match stray_byte(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// The byte for which a character stands, if it stands for one.
pub fn stray_byte(character: char) -> Option<u8> {
    let offset = u32::from(character).checked_sub(u32::from(*STRAY.start()))?;
    u8::try_from(offset).ok()?.checked_add(0x80)
}

/// Whether all of a text is characters.
pub fn is_utf8(text: &str) -> bool {
    std::str::from_utf8(&of(text)).is_ok()
}

/// The text as it arrives where only characters can go, as in JSON: each stray byte has become U+FFFD.
pub fn lossy(text: &str) -> String {
    if text.chars().any(|character| STRAY.contains(&character)) {
        super::log::text(&of(text))
    } else {
        text.to_owned()
    }
}

fn stray(byte: u8) -> char {
    // All bytes that can be stray are from 0x80 on.
    let code = u32::from(*STRAY.start()).saturating_add(u32::from(byte)).saturating_sub(0x80);
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stray_byte_is_kept_in_its_place() {
        let text = kept(b"a\xff\x80b\xe2\x82");
        assert_eq!(text.chars().filter_map(stray_byte).collect::<Vec<_>>(), [0xff, 0x80, 0xe2, 0x82]);
        assert_eq!((is_utf8(&text), is_utf8("aé")), (false, true));
        assert_eq!(lossy(&text), "a\u{fffd}\u{fffd}b\u{fffd}\u{fffd}");
    }

    proptest! {
        #[test]
        fn no_byte_is_lost(bytes: Vec<u8>) {
            prop_assert_eq!(of(&kept(&bytes)), bytes);
        }

        #[test]
        fn characters_stay_what_they_are(text in "\\PC*|[\u{10ff00}-\u{10ffff}]*") {
            let kept = kept(text.as_bytes());
            prop_assert_eq!(of(&kept), text.as_bytes());
            prop_assert!(is_utf8(&kept));
            prop_assert_eq!(lossy(&kept), text);
        }
    }
}
