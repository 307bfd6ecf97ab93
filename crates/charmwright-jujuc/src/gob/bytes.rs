//! Numbers and runs of bytes.

use super::Malformed;

/// The bytes of a message that are not read yet.
#[derive(Debug)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&first, rest) = self.rest.split_first().ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(first)
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn uint(&mut self) -> Result<u64, Malformed> {
        match more_bytes(self.byte()?)? {
            Number::Whole(number) => Ok(number),
            Number::Bytes(count) => Ok(big_endian(self.take(count.into())?)),
        }
    }

    pub(super) fn int(&mut self) -> Result<i64, Malformed> {
        let bits = self.uint()?;
        let magnitude = (bits >> 1).cast_signed();
        Ok(if bits & 1 == 0 { magnitude } else { !magnitude })
    }

    /// A length, with as many bytes behind it: whatever it counts has at least one each.
    pub(super) fn length(&mut self) -> Result<usize, Malformed> {
        let length = usize::try_from(self.uint()?).map_err(|_| Malformed::Truncated)?;
        if length > self.rest.len() { Err(Malformed::Truncated) } else { Ok(length) }
    }

    pub(super) fn run(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.take(length)
    }
}

/// What the first byte of an unsigned number says.
pub(super) enum Number {
    Whole(u64),
    Bytes(u8),
}

pub(super) fn more_bytes(first: u8) -> Result<Number, Malformed> {
    match (first, first.wrapping_neg()) {
        (0..=127, _) => Ok(Number::Whole(first.into())),
        (_, count @ 1..=8) => Ok(Number::Bytes(count)),
        (_, count) => Err(Malformed::Number(count)),
    }
}

/// The number in at most eight bytes.
pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

pub(super) fn put_uint(out: &mut Vec<u8>, number: u64) {
    if number < 128 {
        out.extend(number.to_be_bytes().last());
        return;
    }
    let bytes = number.to_be_bytes();
    let significant = bytes.iter().skip_while(|&&byte| byte == 0);
    let count = significant.clone().fold(0_u8, |count, _| count.saturating_add(1));
    out.push(count.wrapping_neg());
    out.extend(significant);
}

pub(super) fn put_int(out: &mut Vec<u8>, number: i64) {
    let bits = number.cast_unsigned() << 1;
    put_uint(out, if number < 0 { !bits } else { bits });
}

pub(super) fn put_run(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

pub(super) fn put_length(out: &mut Vec<u8>, length: usize) {
    // No platform of Rust has lengths beyond 64 bits.
    put_uint(out, u64::try_from(length).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn uint(number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        put_uint(&mut out, number);
        out
    }

    fn int(number: i64) -> Vec<u8> {
        let mut out = Vec::new();
        put_int(&mut out, number);
        out
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (number, bytes) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0xff, 0x80]),
            (255, &[0xff, 0xff]),
            (256, &[0xfe, 1, 0]),
            (65_536, &[0xfd, 1, 0, 0]),
            (u64::MAX, &[0xf8, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(uint(number), bytes, "{number}");
        }
        for (number, bytes) in [
            (0, &[0][..]),
            (1, &[2]),
            (-1, &[1]),
            (2, &[4]),
            (64, &[0xff, 0x80]),
            (-65, &[0xff, 0x81]),
            (128, &[0xfe, 1, 0]),
        ] {
            assert_eq!(int(number), bytes, "{number}");
        }
    }

    #[test]
    fn a_number_of_more_than_eight_bytes_is_refused() {
        assert_eq!(Input::new(&[0xf7; 20]).uint(), Err(Malformed::Number(9)));
        assert_eq!(Input::new(&[0x80; 200]).uint(), Err(Malformed::Number(128)));
    }

    proptest! {
        #[test]
        fn every_number_comes_back(unsigned: u64, signed: i64) {
            prop_assert_eq!(Input::new(&uint(unsigned)).uint(), Ok(unsigned));
            prop_assert_eq!(Input::new(&int(signed)).int(), Ok(signed));
        }
    }
}
