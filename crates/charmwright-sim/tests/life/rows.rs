//! The rows of the ordering of Juju 3.6.11, section by section.

/// How many rows each section has: contradictions to what was thought before, order among pending events, relations,
/// lifecycle, failures and crashes, secrets and Pebble and leadership, and what is left to chance (relations, storages,
/// secrets, ready of containers, notices of containers, changes at one time).
const SECTIONS: [usize; 7] = [23, 16, 19, 22, 24, 13, 6];

/// All of them, "section.row".
pub(crate) fn all() -> impl Iterator<Item = String> {
    let rows =
        |(section, rows): (usize, &usize)| (1..=*rows).map(move |row| format!("{}.{row}", section + 1));
    SECTIONS.iter().enumerate().flat_map(rows)
}
