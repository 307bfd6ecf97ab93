//! Names and tags, as Juju writes them.

/// Whether a text is the name of a unit: `app/0`.
pub fn is_unit(text: &str) -> bool {
    text.split_once('/').is_some_and(|(app, number)| {
        is_application(app)
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (number == "0" || !number.starts_with('0'))
    })
}

/// Whether a text is the name of an application: words of letters and digits, joined by hyphens, each with a letter.
pub fn is_application(text: &str) -> bool {
    let mut words = text.split('-');
    let plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    words
        .next()
        .is_some_and(|first| first.starts_with(|first: char| first.is_ascii_lowercase()) && plain(first))
        && words.all(|word| plain(word) && word.bytes().any(|byte| byte.is_ascii_lowercase()))
}

/// The application of a unit.
pub fn application_of(unit: &str) -> &str {
    unit.split_once('/').map_or(unit, |(app, _)| app)
}

/// The tag of a unit or of an application.
pub fn tag_of(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((app, number)) => format!("unit-{app}-{number}"),
        None => format!("application-{name}"),
    }
}

/// The name behind the tag of a unit or of an application.
pub(super) fn name_of(tag: &str) -> Option<String> {
    if let Some(name) = tag.strip_prefix("application-") {
        return Some(name.to_owned());
    }
    let (app, number) = tag.strip_prefix("unit-")?.rsplit_once('-')?;
    Some(format!("{app}/{number}"))
}

/// The tag of a relation's key.
pub(crate) fn relation_tag(key: &str) -> String {
    format!("relation-{}", key.replace(':', ".").replace(' ', "#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_applications_have_the_names_that_juju_gives() {
        for name in ["app/0", "my-app/10", "a1/7"] {
            assert!(is_unit(name), "{name}");
            assert_eq!(name_of(&tag_of(name)).as_deref(), Some(name));
        }
        for name in ["app", "app/", "app/01", "App/0", "a-1/0", "-a/0", ""] {
            assert!(!is_unit(name), "{name}");
        }
        assert!(is_application("a-b2") && !is_application("a-2") && !is_application("2a"));
    }

    #[test]
    fn a_relations_tag_has_neither_colons_nor_blanks() {
        assert_eq!(relation_tag("app:db pg:server"), "relation-app.db#pg.server");
    }
}
