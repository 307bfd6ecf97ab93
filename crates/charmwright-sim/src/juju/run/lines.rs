//! Output, cut into records as Juju's reader cuts it.

/// The most that one record holds.
const RECORD_MAX: usize = 4096;

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What was printed, without the end of the line.
    pub bytes: Vec<u8>,
    /// Whether the line ended here.
    pub ends: bool,
}

/// Cuts off all the pieces that are whole, and leaves the rest: a line that has not ended.
pub(super) fn cut(buffer: &mut Vec<u8>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = buffer.as_slice();
    loop {
        let window = rest.get(..RECORD_MAX).unwrap_or(rest);
        if let Some((line, _)) = split_line(window) {
            let consumed = line.len().saturating_add(1);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            pieces.push(Piece { bytes: line.to_vec(), ends: true });
            rest = rest.get(consumed..).unwrap_or_default();
        } else if window.len() == RECORD_MAX {
            // What may be the first half of "\r\n" waits for the other half.
            let piece = window.strip_suffix(b"\r").unwrap_or(window);
            pieces.push(Piece { bytes: piece.to_vec(), ends: false });
            rest = rest.get(piece.len()..).unwrap_or_default();
        } else {
            break;
        }
    }
    let kept = rest.len();
    buffer.drain(..buffer.len().saturating_sub(kept));
    pieces
}

fn split_line(window: &[u8]) -> Option<(&[u8], &[u8])> {
    window.split_at_checked(window.iter().position(|byte| *byte == b'\n')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &[u8]) -> (Vec<(String, bool)>, String) {
        let mut buffer = text.to_vec();
        let cut = cut(&mut buffer);
        let shown = |bytes: &[u8]| match bytes.len() {
            0..100 => String::from_utf8_lossy(bytes).into_owned(),
            many => format!("<{many}>"),
        };
        (cut.into_iter().map(|piece| (shown(&piece.bytes), piece.ends)).collect(), shown(&buffer))
    }

    #[test]
    fn a_record_is_a_line_and_an_unfinished_one_waits() {
        let line = |text: &str| (text.to_owned(), true);
        assert_eq!(pieces(b"a\n\nb\r\nc"), (vec![line("a"), line(""), line("b")], "c".to_owned()));
        assert_eq!(pieces(b""), (vec![], String::new()));
    }

    #[test]
    fn a_long_line_is_several_records() {
        let part = |size: usize| (format!("<{size}>"), false);
        let text = |size: usize, end: &[u8]| [&vec![b'x'; size], end].concat();
        assert_eq!(pieces(&text(4095, b"\n")), (vec![("<4095>".to_owned(), true)], String::new()));
        assert_eq!(pieces(&text(4096, b"\n")), (vec![part(4096), (String::new(), true)], String::new()));
        assert_eq!(pieces(&text(4095, b"\r\n")), (vec![part(4095), (String::new(), true)], String::new()));
        assert_eq!(
            pieces(&text(9000, b"\n")),
            (vec![part(4096), part(4096), ("<808>".to_owned(), true)], String::new())
        );
    }
}
