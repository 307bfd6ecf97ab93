//! Versions that agents report.

/// The text of a version such as `3.6.11`, `3.6.11.1` or `4.0-beta5.1`, without needless zeros; `None` if it is none.
pub fn release(text: &str) -> Option<String> {
    let number = |digits: &str| {
        let is_number = matches!(digits.len(), 1..=9) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|_| is_number)
    };
    let (major, rest) = text.split_once('.')?;
    let (minor, mark) = rest.split_at_checked(rest.find(['.', '-'])?)?;
    let (patch, build) = match mark.get(1..)?.split_once('.') {
        Some((patch, build)) => (patch, Some(number(build)?)),
        None => (mark.get(1..)?, None),
    };
    let tag = match mark.get(..1)? {
        "-" => patch.trim_end_matches(|letter: char| letter.is_ascii_digit()),
        _ => "",
    };
    let is_tag =
        tag.bytes().all(|byte| byte.is_ascii_lowercase()) && (mark.starts_with('.') || !tag.is_empty());
    let patch = number(patch.strip_prefix(tag)?).filter(|_| is_tag)?;
    let between = if tag.is_empty() { ".".to_owned() } else { format!("-{tag}") };
    let build = build.filter(|build| *build > 0).map_or(String::new(), |build| format!(".{build}"));
    Some(format!("{}.{}{between}{patch}{build}", number(major)?, number(minor)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_three_numbers_and_may_have_a_tag_and_a_build() {
        for (text, version) in [
            ("3.6.11", Some("3.6.11")),
            ("03.006.1.0", Some("3.6.1")),
            ("3.6.11.2", Some("3.6.11.2")),
            ("4.0-beta5", Some("4.0-beta5")),
            ("4.0-beta5.1", Some("4.0-beta5.1")),
            ("three", None),
            ("3", None),
            ("3.6", None),
            ("3.6-beta", None),
            ("3.6-5", None),
            ("3.6.x", None),
            ("3.6.1.x", None),
            ("3.6.1.1.1", None),
        ] {
            assert_eq!(release(text).as_deref(), version, "{text}");
        }
    }
}
