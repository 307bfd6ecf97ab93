//! Two lists of lines, as people read their differences.

use std::fmt::Write as _;

/// Lines before a difference that say where it is.
const CONTEXT: usize = 2;
/// More lines than these tell no more.
const MOST: usize = 60;

/// The differences between what is `wanted` and what is `got`, or nothing.
pub(crate) fn diff(wanted: &[String], got: &[String]) -> Option<String> {
    if wanted == got {
        return None;
    }
    let same = wanted.iter().zip(got).take_while(|(one, other)| one == other).count();
    let tail = wanted[same..].iter().rev().zip(got[same..].iter().rev());
    let end = tail.take_while(|(one, other)| one == other).count();
    let (left, right) = (&wanted[same..wanted.len() - end], &got[same..got.len() - end]);
    let mut out = String::new();
    let before: Vec<&String> = wanted[..same].iter().collect();
    tell(&mut out, &before[before.len().saturating_sub(CONTEXT)..], ' ');
    let longest = common(left, right);
    let (mut i, mut j) = (0, 0);
    // The command whose results come next, told when one of them differs.
    let mut heading = None;
    while i < left.len() || j < right.len() {
        if i < left.len() && j < right.len() && left[i] == right[j] {
            if left[i].starts_with('$') {
                heading = Some(&left[i]);
            }
            i += 1;
            j += 1;
            continue;
        }
        if let Some(heading) = heading.take() {
            tell(&mut out, &[heading], ' ');
        }
        if j == right.len() || (i < left.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            tell(&mut out, &[&left[i]], '-');
            i += 1;
        } else {
            tell(&mut out, &[&right[j]], '+');
            j += 1;
        }
        if out.lines().count() > MOST {
            out += "    … and more\n";
            break;
        }
    }
    Some(out)
}

fn tell(out: &mut String, lines: &[&String], mark: char) {
    for line in lines {
        let _ = writeln!(out, "    {mark} {line}");
    }
}

/// The length of the longest common part from each pair of positions on.
fn common(left: &[String], right: &[String]) -> Vec<Vec<usize>> {
    let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            table[i][j] = if left[i] == right[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    table
}
