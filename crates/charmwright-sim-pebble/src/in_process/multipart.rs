//! Multipart requests that are there as a whole.

/// One part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) file_name: String,
    pub(super) content: &'a [u8],
}

/// The parts of a body.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    delimiter: Vec<u8>,
    rest: &'a [u8],
    has_begun: bool,
}

const NO_END: &str = "unexpected EOF";

impl<'a> Parts<'a> {
    pub(super) fn new(boundary: &str, body: &'a [u8]) -> Self {
        Self { delimiter: format!("\r\n--{boundary}").into_bytes(), rest: body, has_begun: false }
    }

    /// The next part; None after the closing boundary. Errors are Go's.
    pub(super) fn next_part(&mut self) -> Result<Option<Part<'a>>, &'static str> {
        if !self.has_begun {
            self.has_begun = true;
            let first = self.delimiter.get(2..).unwrap_or_default();
            self.rest = self.rest.strip_prefix(first).ok_or("multipart: NextPart: EOF")?;
        }
        if self.rest.starts_with(b"--") {
            return Ok(None);
        }
        let rest = self.rest.strip_prefix(b"\r\n").ok_or(NO_END)?;
        let (head, body) = split(rest, b"\r\n\r\n").ok_or(NO_END)?;
        // An empty part begins where its delimiter does.
        let (content, after) = split(body, &self.delimiter).ok_or(NO_END)?;
        self.rest = after;
        let head = String::from_utf8_lossy(head);
        let disposition = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-disposition").then(|| value.to_owned())
        });
        let disposition = disposition.unwrap_or_default();
        let parameter = |name: &str| parameter(&disposition, name).unwrap_or_default();
        Ok(Some(Part { name: parameter("name"), file_name: parameter("filename"), content }))
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let index = bytes.windows(at.len()).position(|window| window == at)?;
    Some((bytes.get(..index)?, bytes.get(index + at.len()..)?))
}

/// A parameter in quotes, without its escapes.
fn parameter(text: &str, name: &str) -> Option<String> {
    let start = format!("; {name}=\"");
    let (_, rest) = text.split_once(&start)?;
    let (mut value, mut letters) = (String::new(), rest.chars());
    loop {
        match letters.next()? {
            '"' => return Some(value),
            '\\' => value.push(letters.next()?),
            letter => value.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_order_with_what_looks_like_a_boundary() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{}\r\n--b\r\nContent-Type: x\r\n\
                    Content-Disposition: form-data; name=\"files\"; filename=\"/a\\\"b\"\r\n\r\n--b\r\n-\r\n--b--\r\n";
        let mut parts = Parts::new("b", body.as_bytes());
        let first = parts.next_part().unwrap().unwrap();
        assert_eq!((first.name.as_str(), first.content), ("request", b"{}".as_slice()));
        let second = parts.next_part().unwrap().unwrap();
        assert_eq!((second.file_name.as_str(), second.content), ("/a\"b", b"--b\r\n-".as_slice()));
        assert_eq!(parts.next_part(), Ok(None));
        assert_eq!(Parts::new("b", b"--b\r\nA: b\r\n\r\nx").next_part(), Err(NO_END));
    }
}
