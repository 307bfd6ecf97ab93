use proptest::prelude::*;

use super::*;

const BOUNDARY: &str = "xYzzY";

/// Gives so many bytes a read.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(out.len()).min(self.0.len());
        let (now, later) = self.0.split_at(length);
        out[..length].copy_from_slice(now);
        self.0 = later;
        Ok(length)
    }
}

fn read_all(body: &[u8], step: usize) -> io::Result<Vec<(Part, Vec<u8>)>> {
    let mut reader = Reader::new(Drip(body, step), BOUNDARY);
    let mut parts = Vec::new();
    while let Some(part) = reader.next_part()? {
        let mut content = Vec::new();
        reader.copy_content(&mut content)?;
        parts.push((part, content));
    }
    Ok(parts)
}

fn part(name: &str, filename: Option<&str>) -> Part {
    Part { name: name.to_owned(), filename: filename.map(str::to_owned) }
}

fn write_all(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (path, content) in parts {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-DISPOSITION: form-data; name=\"files\"; filename={}\r\nX: y\r\n\r\n",
            quoted(path)
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

#[test]
fn header_values_are_taken_apart() {
    let check = |value: &str, word: &str, parameters: &[(&str, &str)]| {
        let expected = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(header_value(value), (word.to_owned(), expected), "{value}");
    };
    check("multipart/form-data; boundary=abc", "multipart/form-data", &[("boundary", "abc")]);
    check(
        "Multipart/Form-Data ;x=1; Boundary=\"a;b=\\\"c\"",
        "multipart/form-data",
        &[("x", "1"), ("boundary", "a;b=\"c")],
    );
    check(
        "form-data; filename=\"a\\\\b\\\"c\"; name=files",
        "form-data",
        &[("filename", "a\\b\"c"), ("name", "files")],
    );
    check("text/plain", "text/plain", &[]);
    check("text/plain;", "text/plain", &[]);
    check("a; b=\"open", "a", &[]);
    check("a; b=\"", "a", &[]);
    check("a; b=\"x\\", "a", &[]);
}

#[test]
fn parts_are_read_whatever_the_reads() {
    let body = b"preamble\r\n--xYzzY \t\r\nContent-Disposition: form-data; name=one\r\n\r\n\r\n--xYzzY\r\n\
        content-disposition: form-data; name=\"two\"; filename=\"/a \\\"b\\\"\"\r\n\r\n\
        \r\n--xYzz\r\n--xYzzYx\r\n--xYzzY-\r\n--xYzzY--\r\nepilogue";
    for step in 1..body.len() {
        let parts = read_all(body, step).unwrap();
        assert_eq!(
            parts,
            [
                (part("one", None), b"".to_vec()),
                (part("two", Some("/a \"b\"")), b"\r\n--xYzz\r\n--xYzzYx\r\n--xYzzY-".to_vec()),
            ],
            "in steps of {step}"
        );
    }
}

#[test]
fn a_part_that_is_not_read_is_passed_over() {
    let body = write_all(&[("/a".to_owned(), b"x".to_vec()), ("/b".to_owned(), b"\r\n".to_vec())]);
    let mut reader = Reader::new(body.as_slice(), BOUNDARY);
    assert_eq!(reader.next_part().unwrap(), Some(part("files", Some("/a"))));
    assert_eq!(reader.next_part().unwrap(), Some(part("files", Some("/b"))));
    assert_eq!(reader.next_part().unwrap(), None);
    assert_eq!(reader.next_part().unwrap(), None);
}

#[test]
fn whatever_is_cut_off_is_an_error() {
    let body = write_all(&[("/a".to_owned(), b"content".to_vec()), ("/b".to_owned(), Vec::new())]);
    // Without the line break after the last boundary it is whole.
    let whole = body.len() - 2;
    assert!(read_all(&body[..whole], 7).is_ok());
    for end in 0..whole {
        assert!(read_all(&body[..end], 7).is_err(), "{end}");
    }
}

#[test]
fn headers_have_an_end() {
    let mut body = b"--xYzzY\r\nX: ".to_vec();
    body.resize(200_000, b'x');
    assert!(read_all(&body, 1000).is_err());
    assert!(read_all(b"--xYzzY\r\n\r\n\r\n--xYzzY--", 3).is_err());
    assert!(read_all(b"--xYzzY\r\nContent-Disposition: form-data\r\n\r\n\r\n--xYzzY--", 3).is_err());
    assert!(read_all(b"--xYzzY\r\n\xff: x\r\n\r\n\r\n--xYzzY--", 3).is_err());
}

#[test]
fn boundaries_are_long_and_differ() {
    let (one, two) = (boundary_for(b""), boundary_for(b""));
    assert_eq!(one.len(), 32);
    assert_ne!(one, two);
}

/// Bytes that come close to a boundary.
fn tricky() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r\n--xYzz".to_vec()),
        Just(b"\r\n--xYzzYq".to_vec()),
        Just(b"\r\n--xYzzY \r".to_vec()),
        Just(b"--xYzzY--\r\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"-".to_vec()),
        prop::collection::vec(any::<u8>(), 0..40),
    ];
    let fits = |content: &Vec<u8>| {
        // A whole delimiter ends the content, by definition.
        read_all(&write_all(&[("/a".to_owned(), content.clone())]), usize::MAX)
            .is_ok_and(|parts| parts.len() == 1 && parts[0].1.len() == content.len())
    };
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()).prop_filter("a delimiter", fits)
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        parts in prop::collection::vec(("[^\r\n]{0,20}", tricky()), 0..4),
        step in 1..200_usize,
    ) {
        let read = read_all(&write_all(&parts), step).unwrap();
        prop_assert_eq!(read.len(), parts.len());
        for ((found, content), (path, expected)) in read.iter().zip(&parts) {
            prop_assert_eq!(found, &part("files", Some(path)));
            prop_assert_eq!(content, expected);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200), step in 1..50_usize) {
        let mut with_start = b"--xYzzY\r\n".to_vec();
        with_start.extend_from_slice(&body);
        let _ = read_all(&body, step);
        let _ = read_all(&with_start, step);
    }

    #[test]
    fn no_header_makes_it_panic(value in any::<String>()) {
        header_value(&value);
    }

    #[test]
    fn quotes_come_back(text in any::<String>()) {
        let (_, parameters) = header_value(&format!("a; b={}; c=d", quoted(&text)));
        prop_assert_eq!(parameters, [("b".to_owned(), text), ("c".to_owned(), "d".to_owned())]);
    }
}
