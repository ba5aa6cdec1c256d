//! Text on the data connection (`TYPE A`): lines end there with CR LF, and here with LF.

/// Makes the network's line ends of ours, wherever the text is cut.
///
/// ```
/// use lariat_protocol::ftp::ToNetwork;
///
/// let mut to_network = ToNetwork::default();
/// let mut sent = Vec::new();
/// to_network.translate(b"one\ntwo\r", &mut sent);
/// to_network.translate(b"\nthree", &mut sent);
/// assert_eq!(sent, b"one\r\ntwo\r\nthree");
/// ```
#[derive(Clone, Debug, Default)]
pub struct ToNetwork {
    /// The byte before was a CR, so that a LF now needs none.
    behind_return: bool,
}

impl ToNetwork {
    /// Translates the next piece. A line's end that is the network's already stays as it is.
    pub fn translate(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            let content = line.strip_suffix(b"\n");
            match content {
                Some([]) if self.behind_return => out.push(b'\n'),
                Some(content) if !content.is_empty() && content.ends_with(b"\r") => {
                    out.extend_from_slice(line);
                }
                Some(content) => {
                    out.extend_from_slice(content);
                    out.extend_from_slice(b"\r\n");
                }
                None => out.extend_from_slice(line),
            }
            self.behind_return = line.ends_with(b"\r");
        }
    }
}

/// Makes our line ends of the network's, wherever the text is cut.
///
/// ```
/// use lariat_protocol::ftp::FromNetwork;
///
/// let mut from_network = FromNetwork::default();
/// let mut kept = Vec::new();
/// from_network.translate(b"one\r", &mut kept);
/// from_network.translate(b"\ntwo\r", &mut kept);
/// from_network.end(&mut kept);
/// assert_eq!(kept, b"one\ntwo\r");
/// ```
#[derive(Clone, Debug, Default)]
pub struct FromNetwork {
    /// A CR whose next byte has not come.
    holds_return: bool,
}

impl FromNetwork {
    /// Translates the next piece. A CR alone, or a LF alone, stays as it is.
    pub fn translate(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let Some(first) = piece.first() else {
            return;
        };
        if self.holds_return && *first != b'\n' {
            out.push(b'\r');
        }
        let (held, last) = match piece.strip_suffix(b"\r") {
            Some(before) => (true, before),
            None => (false, piece),
        };
        self.holds_return = held;
        for line in last.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\r\n") {
                Some(content) => {
                    out.extend_from_slice(content);
                    out.push(b'\n');
                }
                None => out.extend_from_slice(line),
            }
        }
    }

    /// Gives what was held back when nothing more comes.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.holds_return) {
            out.push(b'\r');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to_network(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut translating, mut out) = (ToNetwork::default(), Vec::new());
        for piece in pieces {
            translating.translate(piece, &mut out);
        }
        out
    }

    fn from_network(pieces: &[&[u8]]) -> Vec<u8> {
        let (mut translating, mut out) = (FromNetwork::default(), Vec::new());
        for piece in pieces {
            translating.translate(piece, &mut out);
        }
        translating.end(&mut out);
        out
    }

    #[test]
    fn line_ends_are_translated() {
        assert_eq!(to_network(&[b"a\n\nb\r\nc\r"]), b"a\r\n\r\nb\r\nc\r");
        assert_eq!(to_network(&[b"a\r", b"\n\n"]), b"a\r\n\r\n");
        assert_eq!(from_network(&[b"a\r\n\r\r\nb\nc\rd"]), b"a\n\r\nb\nc\rd");
        assert_eq!(from_network(&[b"\r", b"\r", b"\n"]), b"\r\n");
        assert_eq!(from_network(&[b"\r", b"", b"\n"]), b"\n");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_text_is_cut(text in "[ab\r\n]{0,24}", first in 0usize..25, second in 0usize..25) {
            let text = text.as_bytes();
            let (first, second) = (first.min(second).min(text.len()), first.max(second).min(text.len()));
            let pieces = [&text[..first], &text[first..second], &text[second..]];
            prop_assert_eq!(to_network(&pieces), to_network(&[text]));
            prop_assert_eq!(from_network(&pieces), from_network(&[text]));
        }

        #[test]
        fn lines_come_back(text in "[ab\n]{0,24}") {
            let sent = to_network(&[text.as_bytes()]);
            prop_assert_eq!(from_network(&[&sent]), text.into_bytes());
        }
    }
}
