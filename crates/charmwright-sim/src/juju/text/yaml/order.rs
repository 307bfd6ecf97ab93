//! The order of keys: as people sort them, numbers by their size.

use std::cmp::Ordering;

/// Compares two keys.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let Some(at) = left.iter().zip(&right).position(|(left, right)| left != right) else {
        return left.len().cmp(&right.len());
    };
    let (Some(&one), Some(&other)) = (left.get(at), right.get(at)) else { return Ordering::Equal };
    match (one.is_alphabetic(), other.is_alphabetic()) {
        (true, true) => return one.cmp(&other),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero behind another digit is part of a number that both share so far, not a leading one.
    let inside = (one == '0' || other == '0') && {
        let before = left.get(..at).unwrap_or_default();
        before.iter().rev().take_while(|digit| digit.is_ascii_digit()).any(|digit| *digit != '0')
    };
    let (left_number, left_digits) = number(&left, at, inside);
    let (right_number, right_digits) = number(&right, at, inside);
    left_number.cmp(&right_number).then_with(|| left_digits.cmp(&right_digits)).then_with(|| one.cmp(&other))
}

/// The number that stands at a place, and how many digits it has. It wraps as the library's does.
fn number(letters: &[char], at: usize, inside: bool) -> (i64, usize) {
    let digits = letters.iter().skip(at).map_while(|letter| letter.to_digit(10));
    digits.fold((i64::from(inside), 0), |(number, count), digit| {
        (number.wrapping_mul(10).wrapping_add(i64::from(digit)), count + 1)
    })
}

/// The entries in order. The rules contradict themselves for some keys, which no sort of the standard library bears.
pub(super) fn sorted<'a, Held>(
    entries: impl IntoIterator<Item = (&'a String, &'a Held)>,
) -> Vec<(&'a String, &'a Held)> {
    let mut sorted: Vec<(&String, &Held)> = Vec::new();
    for entry in entries {
        let place = sorted.partition_point(|before| compare(before.0, entry.0) != Ordering::Greater);
        sorted.insert(place, entry);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_are_sorted_by_their_size() {
        let keys =
            ["", "1", "1.2", "2", "02", "10", "a", "a1", "a01", "a2", "a10", "ab", "b", "unit-9", "unit-10"];
        for (place, left) in keys.iter().enumerate() {
            for (other, right) in keys.iter().enumerate() {
                assert_eq!(compare(left, right), place.cmp(&other), "{left} {right}");
            }
        }
    }
}
