//! The secret that an argument names. Juju reads it as a URL first, so it has all the parts of one, and their mistakes.

use crate::juju::controller::{SecretUri, is_id};
use crate::juju::text::quote::quoted;

/// The scheme of secrets.
const SCHEME: &str = "secret";

/// What Juju looks at of a URL.
#[derive(Debug, Default, PartialEq, Eq)]
struct Url {
    scheme: String,
    host: String,
    path: String,
    opaque: String,
}

/// Reads the secret.
///
/// # Errors
///
/// Juju's text.
pub(super) fn parse(text: &str) -> Result<SecretUri, String> {
    let url = url(text)?;
    if !matches!(url.scheme.as_str(), "" | SCHEME) {
        return Err(format!("secret URI scheme {} not valid", quoted(&url.scheme)));
    }
    if !url.host.is_empty() && !has_uuid(&url.host) {
        return Err(format!("host controller UUID {} not valid", quoted(&url.host)));
    }
    let named = Some(url.path.trim_start_matches('/')).filter(|path| !path.is_empty()).unwrap_or(&url.opaque);
    let (source, id) = match named.split_once('/') {
        Some((source, id)) if is_uuid(source) => (source, id),
        Some(_) => ("", ""),
        None => (url.host.as_str(), named),
    };
    if !is_id(id) {
        return Err(format!("secret URI {} not valid", quoted(text)));
    }
    Ok(SecretUri { source: source.to_owned(), id: id.to_owned() })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && has_uuid(text)
}

/// Whether there is a UUID somewhere in a text.
fn has_uuid(text: &str) -> bool {
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.as_bytes().windows(36).any(|window| {
        window.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => hex(byte),
        })
    })
}

fn url(text: &str) -> Result<Url, String> {
    let (bare, fragment) = text.split_once('#').unwrap_or((text, ""));
    let url = parts(bare).map_err(|error| format!("parse {}: {error}", quoted(bare)))?;
    unescaped(fragment).map_err(|error| format!("parse {}: {error}", quoted(text)))?;
    Ok(url)
}

fn parts(text: &str) -> Result<Url, String> {
    if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (scheme, rest) = scheme(text)?;
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let mut url = Url { scheme: scheme.to_ascii_lowercase(), ..Url::default() };
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            rest.clone_into(&mut url.opaque);
            return Ok(url);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let authority = match rest.strip_prefix("//") {
        Some(authority) if !scheme.is_empty() || !authority.starts_with('/') => Some(authority),
        _ => None,
    };
    let path = match authority {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            url.host = host(authority)?;
            path
        }
        None => rest,
    };
    url.path = unescaped(path)?;
    Ok(url)
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, letter) in text.char_indices() {
        match letter {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => {
                let (scheme, rest) = text.split_at(at);
                return Ok((scheme, rest.strip_prefix(':').unwrap_or(rest)));
            }
            _ => break,
        }
    }
    Ok(("", text))
}

fn host(authority: &str) -> Result<String, String> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some((_, port)) = host.rsplit_once(':')
        && !port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(format!("invalid port {} after host", quoted(&format!(":{port}"))));
    }
    let allowed = |letter: char| {
        !letter.is_ascii() || letter.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"%".contains(letter)
    };
    match host.chars().find(|letter| !allowed(*letter)) {
        Some(letter) => Err(format!("invalid character {} in host name", quoted(&letter.to_string()))),
        None => unescaped(host),
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = behind;
            continue;
        }
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(0), digit(1)) else {
            let shown = rest.get(..rest.len().min(3)).unwrap_or_default();
            return Err(format!("invalid URL escape {}", quoted(&String::from_utf8_lossy(shown))));
        };
        bytes.push(u8::try_from(high << 4 | low).unwrap_or_default());
        rest = behind.get(2..).unwrap_or_default();
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9m4e2mr0ui3e8a215n40";
    const MODEL: &str = "deadbeef-0bad-400d-8000-4b1d0d06f00d";

    #[test]
    fn a_secret_is_named_in_many_ways() {
        for text in [
            ID.to_owned(),
            format!("secret:{ID}"),
            format!("SECRET:{ID}"),
            format!("/{ID}"),
            format!("{ID}?x#y"),
            format!("%39{}", &ID[1..]),
        ] {
            assert_eq!(parse(&text), Ok(SecretUri { source: String::new(), id: ID.to_owned() }), "{text}");
        }
        for text in
            [format!("secret:{MODEL}/{ID}"), format!("secret://{MODEL}/{ID}"), format!("{MODEL}/{ID}")]
        {
            assert_eq!(parse(&text), Ok(SecretUri { source: MODEL.to_owned(), id: ID.to_owned() }), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told_in_jujus_words() {
        for (text, error) in [
            ("bad", r#"secret URI "bad" not valid"#),
            ("", r#"secret URI "" not valid"#),
            ("9m4e2mr0ui3e8a215n4h", r#"secret URI "9m4e2mr0ui3e8a215n4h" not valid"#),
            ("x:9m4e2mr0ui3e8a215n40", r#"secret URI scheme "x" not valid"#),
            ("secret://x/9m4e2mr0ui3e8a215n40", r#"host controller UUID "x" not valid"#),
            ("%zz", r#"parse "%zz": invalid URL escape "%zz""#),
            (":a", r#"parse ":a": missing protocol scheme"#),
            ("1:a", r#"parse "1:a": first path segment in URL cannot contain colon"#),
            ("a\nb", r#"parse "a\nb": net/url: invalid control character in URL"#),
            ("secret://x:y/z", r#"parse "secret://x:y/z": invalid port ":y" after host"#),
        ] {
            assert_eq!(parse(text), Err(error.to_owned()), "{text}");
        }
    }
}
