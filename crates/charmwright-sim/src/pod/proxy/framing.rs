//! Where an HTTP/1 message ends. Reads heads with `httparse`; of bodies it only counts the bytes.

const HEADERS_MAX: usize = 128;
/// A head that is longer is not parsed any more.
const HEAD_MAX: usize = 64 * 1024;

/// What the start of a message is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<T> {
    /// More bytes are needed.
    Partial,
    /// A head of that many bytes.
    Head(usize, T),
    /// Not HTTP/1, or no end of it in sight.
    Foreign,
}

/// The head of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) body: Body,
}

/// The head of a response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ResponseHead {
    pub(super) status: u16,
    pub(super) body: Body,
}

/// A body, and how much of it is still to come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Length(u64),
    Chunked(Chunks),
    UntilClose,
}

/// Where in a chunked body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the line with a chunk's size; its extension is skipped.
    Size {
        size: u64,
        extension: bool,
    },
    /// In a chunk and the line end after it.
    Data {
        left: u64,
    },
    /// In the lines after the last chunk.
    Trailer {
        empty: bool,
    },
    End,
}

pub(super) fn request(bytes: &[u8]) -> Parsed<RequestHead> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Request::new(&mut headers);
    parsed(bytes, head.parse(bytes), || RequestHead {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        body: Body::of(head.headers).unwrap_or(Body::Length(0)),
    })
}

/// `to_head` says that the request's method was HEAD.
pub(super) fn response(bytes: &[u8], to_head: bool) -> Parsed<ResponseHead> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    parsed(bytes, head.parse(bytes), || {
        let status = head.code.unwrap_or_default();
        let without_body = to_head || matches!(status, 100..200 | 204 | 304);
        let body = if without_body { Some(Body::Length(0)) } else { Body::of(head.headers) };
        ResponseHead { status, body: body.unwrap_or(Body::UntilClose) }
    })
}

fn parsed<T>(bytes: &[u8], result: httparse::Result<usize>, head: impl FnOnce() -> T) -> Parsed<T> {
    match result {
        Ok(httparse::Status::Complete(length)) => Parsed::Head(length, head()),
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_MAX => Parsed::Partial,
        Ok(httparse::Status::Partial) | Err(_) => Parsed::Foreign,
    }
}

impl Body {
    fn of(headers: &[httparse::Header<'_>]) -> Option<Self> {
        let value = |name: &str| {
            let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(found.value).ok().map(str::trim)
        };
        let coding = value("transfer-encoding").and_then(|codings| codings.rsplit(',').next());
        if coding.is_some_and(|last| last.trim().eq_ignore_ascii_case("chunked")) {
            return Some(Self::Chunked(Chunks::START));
        }
        value("content-length").and_then(|length| length.parse().ok()).map(Self::Length)
    }

    /// Takes the next bytes; says how many of them belong to the body.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => take(left, bytes.len()),
            Self::Chunked(chunks) => chunks.advance(bytes),
            Self::UntilClose => bytes.len(),
        }
    }

    /// Nothing more is to come.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunks::End))
    }
}

impl Chunks {
    const START: Self = Self::Size { size: 0, extension: false };

    fn advance(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let Some((&byte, rest)) = bytes.get(taken..).and_then(<[u8]>::split_first) {
            if let Self::Data { left } = self {
                taken += take(left, rest.len() + 1);
                if *left == 0 {
                    *self = Self::START;
                }
                continue;
            }
            if *self == Self::End {
                break;
            }
            self.line(byte);
            taken += 1;
        }
        taken
    }

    /// Takes a byte of a line.
    fn line(&mut self, byte: u8) {
        match self {
            Self::Size { size: 0, .. } if byte == b'\n' => *self = Self::Trailer { empty: true },
            // A chunk ends with CR and LF.
            Self::Size { size, .. } if byte == b'\n' => *self = Self::Data { left: size.saturating_add(2) },
            Self::Size { size, extension: false } => match char::from(byte).to_digit(16) {
                Some(digit) => *size = size.saturating_mul(16).saturating_add(u64::from(digit)),
                None => *self = Self::Size { size: *size, extension: true },
            },
            Self::Trailer { empty: true } if byte == b'\n' => *self = Self::End,
            Self::Trailer { empty } if byte == b'\n' => *empty = true,
            Self::Trailer { empty } if byte != b'\r' => *empty = false,
            Self::Size { .. } | Self::Trailer { .. } | Self::Data { .. } | Self::End => {}
        }
    }
}

/// Takes up to `available` from what is left.
fn take(left: &mut u64, available: usize) -> usize {
    let taken = usize::try_from(*left).map_or(available, |left| left.min(available));
    *left = left.saturating_sub(taken as u64);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_heads() {
        let bytes = b"POST /v1/files?x=y HTTP/1.1\r\nHost: x\r\nContent-LENGTH: 5\r\n\r\nhello";
        let head =
            RequestHead { method: "POST".into(), target: "/v1/files?x=y".into(), body: Body::Length(5) };
        assert_eq!(request(bytes), Parsed::Head(bytes.len() - 5, head));
        assert_eq!(request(b"GET / HT"), Parsed::Partial);
        assert_eq!(request(b"\x16\x03\x01 hello"), Parsed::Foreign);
        let endless = format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(HEAD_MAX));
        assert_eq!(request(endless.as_bytes()), Parsed::Foreign);
    }

    #[test]
    fn response_bodies() {
        let body =
            |head: &str, to_head| match response(format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), to_head) {
                Parsed::Head(_, head) => Some(head.body),
                Parsed::Partial | Parsed::Foreign => None,
            };
        assert_eq!(body("200 OK\r\nContent-Length: 7", false), Some(Body::Length(7)));
        assert_eq!(body("200 OK\r\nContent-Length: 7", true), Some(Body::Length(0)));
        assert_eq!(body("204 No Content", false), Some(Body::Length(0)));
        assert_eq!(body("200 OK", false), Some(Body::UntilClose));
        let chunked = Some(Body::Chunked(Chunks::START));
        assert_eq!(body("200 OK\r\nTransfer-Encoding: gzip, Chunked", false), chunked);
    }

    #[test]
    fn chunks_end_where_they_end_however_they_are_cut() {
        let whole =
            b"5;name=\"v\"\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nTrailer: x\r\n\r\nGET /next";
        let end = whole.len() - b"GET /next".len();
        for cut in 0..whole.len() {
            let mut body = Body::Chunked(Chunks::START);
            let (first, second) = whole.split_at(cut);
            let mut taken = body.advance(first);
            assert_eq!(taken, cut.min(end));
            assert_eq!(body.is_complete(), cut >= end);
            taken += body.advance(second);
            assert_eq!(taken, end.max(cut.min(end)));
            assert!(body.is_complete());
        }
    }
}
