//! URLs, as far as Pebble's own parser, Go's, takes them apart.

/// Why a check of this URL can never succeed, and the cure; none if it can. The URL is not in the text: it may hold a
/// password.
pub(super) fn fault(url: &str) -> Option<&'static str> {
    let parts = match parse(url) {
        Ok(parts) => parts,
        Err(fault) => return Some(fault),
    };
    match parts {
        ("", _) => Some(NO_SCHEME),
        (scheme, _) if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") => {
            Some(OTHER_SCHEME)
        }
        (_, "") => Some("its URL names no host, write one as in http://localhost:8080/"),
        _ => None,
    }
}

const NO_SCHEME: &str = "its URL has no scheme, begin it with http:// or https://";
const OTHER_SCHEME: &str =
    "its URL has another scheme than http and https, begin it with http:// or https://";
const CONTROL: &str = "its URL has a line break or another control character, leave it out";
const PORT: &str = "the port in its URL is no number, write it as in http://localhost:8080/";
const ESCAPE: &str = "its URL has a % without two hexadecimal digits, write a % as %25";
const HOST: &str = "the host in its URL has a character that no host has, such as a space";
const BRACKET: &str = "the host in its URL begins with [ and has no ], write it as in http://[::1]:8080/";
const USER: &str =
    "the user or password in its URL has a character that must be escaped, write it as % and two digits";

/// Scheme and host. Where Go's parser fails, Pebble 1.19 ends with a panic.
fn parse(url: &str) -> Result<(&str, &str), &'static str> {
    if url.chars().any(|c| c.is_ascii_control()) {
        return Err(CONTROL);
    }
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    escapes(fragment)?;
    let (scheme, rest) = scheme(url)?;
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            return Ok((scheme, ""));
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err(NO_SCHEME);
        }
    }
    let is_authority = rest.starts_with("//") && (!scheme.is_empty() || !rest.starts_with("///"));
    let after = rest.get(2..).filter(|_| is_authority);
    let Some(after) = after else {
        escapes(rest)?;
        return Ok((scheme, ""));
    };
    let (authority, path) = after.find('/').map_or((after, ""), |at| after.split_at(at));
    escapes(path)?;
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            escapes(user)?;
            if user.chars().any(|c| !c.is_ascii_alphanumeric() && !"-._:~!$&'()*+,;=%@".contains(c)) {
                return Err(USER);
            }
            host
        }
        None => authority,
    };
    self::host(host)?;
    Ok((scheme, host))
}

/// What stands before the first colon, and what follows it.
fn scheme(url: &str) -> Result<(&str, &str), &'static str> {
    for (at, c) in url.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at > 0 => {
                return Ok((url.get(..at).unwrap_or_default(), url.get(at + 1..).unwrap_or_default()));
            }
            ':' => return Err(NO_SCHEME),
            _ => break,
        }
    }
    Ok(("", url))
}

fn host(host: &str) -> Result<(), &'static str> {
    let port = if host.starts_with('[') {
        host.rsplit_once(']').ok_or(BRACKET)?.1
    } else {
        host.rfind(':').and_then(|at| host.get(at..)).unwrap_or_default()
    };
    let is_port = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return Err(PORT);
    }
    // A host may have no escapes but %25, and bytes that are no ASCII.
    for (at, c) in host.char_indices() {
        match c {
            '%' if host.get(at..at + 3) == Some("%25") => {}
            '%' => {
                escapes(host)?;
                if host.get(at + 1..at + 2).is_some_and(|digit| digit < "8") {
                    return Err(HOST);
                }
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_.~!$&'()*+,;=:[]<>\"".contains(c) => {
                return Err(HOST);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Each percent sign has two digits behind it.
fn escapes(text: &str) -> Result<(), &'static str> {
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err(ESCAPE);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kills_pebble_1_19_is_told_from_what_only_fails() {
        // Each was tried on Pebble 1.19.2.
        for url in [
            ":80",
            ":",
            "http://localhost:abc/",
            "http://h/%zz",
            "%zz",
            "http://[::1",
            "http:// h/",
            "http://h h/",
            " http://h/",
            "http://h/\n",
            "\nhttp://h",
            "http://h/\u{7f}",
            "http://h/\u{1}",
            "1http://h",
            "127.0.0.1:80",
            "0.0.0.0:8080/health",
            "1:2",
            "\u{e9}://h",
            "://h",
            "http://%41",
            "http://%zz/",
            "http://h\\x",
            "_a:80",
        ] {
            assert!(parse(url).is_err(), "{url:?}");
            assert!(fault(url).is_some(), "{url:?}");
        }
        for url in [
            "localhost:80",
            "localhost",
            "//localhost",
            "/x",
            "?a",
            "#a",
            "ftp://h/",
            "unix:///x",
            "unix:x",
            "file:///x",
            "mailto:x",
            "http:",
            "http:/",
            "http://",
            "http:///",
            "http:///x",
            "http:x",
            "https:",
            "https://",
            "127.0.0.1",
            "*",
            ".",
            "http+unix://h",
            "h+p://x",
            "//",
            "///",
            "http://@",
            "localhost:80/health",
            "my-host:80",
        ] {
            assert!(parse(url).is_ok(), "{url:?}");
            assert!(fault(url).is_some(), "{url:?}");
        }
        for url in [
            "http://localhost",
            "HTTP://localhost",
            "Http://localhost/",
            "http://:80",
            "http://localhost:99999/",
            "http://[::1]:1/",
            "http://h/ ",
            "http://\u{e9}/",
            "http://h/\u{e9}",
            "http://user:pw@h/",
            "http://h:/",
            "https://h:0/a?b=%zz",
            "http://localhost:1/a b",
            "http://h?x",
            "http://h/%41#%42",
        ] {
            assert_eq!(fault(url), None, "{url:?}");
        }
    }

    #[test]
    fn the_cure_is_told_without_the_url() {
        let told = |url| fault(url).unwrap();
        assert!(told("0.0.0.0:8080/health").contains("begin it with http://"));
        assert!(told("http://me:hunter2@h:x/").contains("port"));
        assert!(!told("http://me:hunter2@h:x/").contains("hunter2"));
        assert_eq!(told("http://me:a b@h/"), USER);
    }
}
