//! The forms that Juju's names have.

/// Applications and storage: groups of lower case letters and digits between hyphens, each with a letter in it, the
/// first one at its beginning.
pub(super) fn is_plain_name(text: &str) -> bool {
    starts_with_letter(text)
        && text
            .split('-')
            .all(|group| is_lower_alphanumeric(group) && group.bytes().any(|byte| byte.is_ascii_lowercase()))
}

/// Endpoints: groups of lower case letters and digits between single hyphens and underscores.
pub(super) fn is_endpoint(text: &str) -> bool {
    starts_with_letter(text) && text.split(['-', '_']).all(is_lower_alphanumeric)
}

/// Containers. Juju leaves their form to Kubernetes; what matters here is that the name stays one part of a path.
pub(super) fn is_container(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Models: a UUID in lower case.
pub(super) fn is_uuid(text: &str) -> bool {
    let mut groups = text.split('-');
    let lengths = [8, 4, 4, 4, 12];
    lengths.into_iter().all(|length| {
        groups.next().is_some_and(|group| {
            group.len() == length && group.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    }) && groups.next().is_none()
}

/// Machines and the containers on them: `0`, `0/lxd/1`.
pub(super) fn is_machine(text: &str) -> bool {
    let mut parts = text.split('/');
    if !parts.next().is_some_and(is_number) {
        return false;
    }
    loop {
        match (parts.next(), parts.next()) {
            (None, _) => return true,
            (Some(kind), Some(number))
                if !kind.is_empty()
                    && kind.bytes().all(|byte| byte.is_ascii_lowercase())
                    && is_number(number) => {}
            _ => return false,
        }
    }
}

/// Actions: a number since Juju 2.8, a UUID before.
pub(super) fn is_action_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Digits without a leading zero.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

/// What Juju's secret ids are: 20 digits of base 32, of which the last has only its highest bit to say.
pub(super) fn is_secret_id(text: &str) -> bool {
    text.len() == 20
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
        && text.ends_with(['0', 'g'])
}

/// `NAME/NUMBER` in its two parts.
pub(super) fn numbered(text: &str) -> Option<(&str, u32)> {
    let (name, number) = text.split_once('/')?;
    if is_number(number) { Some((name, number.parse().ok()?)) } else { None }
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
}

fn is_lower_alphanumeric(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(legal: fn(&str) -> bool, yes: &[&str], no: &[&str]) {
        for text in yes {
            assert!(legal(text), "{text} is legal");
        }
        for text in no {
            assert!(!legal(text), "{text} is illegal");
        }
    }

    #[test]
    fn names_have_the_forms_that_juju_gives_them() {
        check(
            is_plain_name,
            &["a", "pg", "pg-k8s", "a1-b2", "remote-0a1b"],
            &["", "1a", "A", "a-", "-a", "a--b", "a-1", "a_b", "a/0", "ä"],
        );
        check(
            is_endpoint,
            &["db", "db-admin", "a_b-c", "db-1"],
            &["", "-", "db-", "1db", "Db", "a__b", "db:1"],
        );
        check(is_container, &["web", "web-1", "a_b"], &["", "..", "-a", "a/b", "a b", "a\0"]);
        check(is_machine, &["0", "12", "0/lxd/1", "0/lxd/1/kvm/2"], &["", "00", "0/", "0/lxd", "0/1/2", "x"]);
        check(is_number, &["0", "7", "10"], &["", "01", "+1", "-1", " 1", "1x"]);
        check(
            is_uuid,
            &["11111111-2222-4333-8444-55555555555f"],
            &[
                "",
                "1111-2222",
                "11111111-2222-4333-8444-55555555555F",
                "11111111-2222-4333-8444-555555555555-6",
            ],
        );
        check(
            is_secret_id,
            &["9m4e2mr0ui3e8a215n4g", "cqs1rjk6dqnc7ci5i3g0"],
            &["", "9m4e2mr0ui3e8a215n4", "9m4e2mr0ui3e8a215n4h", "9m4e2mr0ui3e8a215z4g"],
        );
    }
}
