//! The rotating characters, from any place in them.

/// How many characters there are: the printing ones of ASCII, from the space on.
const CHARACTERS: usize = 95;

/// How many of them are in a line.
const SHOWN: usize = 72;

/// How long a line is, with its CRLF.
pub const LINE: usize = SHOWN + 2;

/// After so many bytes everything comes again.
const PERIOD: usize = CHARACTERS * LINE;

/// How short a datagram is too short to tell characters from words.
const SHORTEST: usize = 16;

/// All that there is to be sent, once round.
static ROUND: [u8; PERIOD] = round();

const fn round() -> [u8; PERIOD] {
    let mut round = [0; PERIOD];
    let mut at = 0;
    while at < PERIOD {
        round[at] = match at % LINE {
            72 => b'\r',
            73 => b'\n',
            // The remainder is less than 95.
            column => b' ' + ((at / LINE + column) % CHARACTERS) as u8,
        };
        at += 1;
    }
    round
}

/// A place in the rotating characters.
///
/// ```
/// use lariat_protocol::chargen::{LINE, Pattern};
///
/// let mut pattern = Pattern::default();
/// assert!(pattern.next(LINE).starts_with(b" !\"#$%&'()*"));
/// assert!(pattern.next(LINE).starts_with(b"!\"#$%&'()*+"));
/// assert!(Pattern::at(95 * LINE as u64).next(LINE).starts_with(b" !\"#$%&'()*"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    /// Less than a period.
    at: usize,
}

impl Pattern {
    /// The place that so many bytes from the beginning lead to.
    pub fn at(bytes: u64) -> Self {
        Pattern {
            // The remainder is less than the period.
            at: (bytes % PERIOD as u64) as usize,
        }
    }

    /// The next bytes, at most this many and at least one if any are wanted: as many as there
    /// are in one piece.
    pub fn next(&mut self, most: usize) -> &'static [u8] {
        let piece = &ROUND[self.at..];
        let piece = &piece[..most.min(piece.len())];
        self.at = (self.at + piece.len()) % PERIOD;
        piece
    }
}

/// Whether a datagram is what a server of these characters answers, from whatever line, and so
/// is not to be answered: two servers that a forged source points at each other would answer for
/// ever. Of fewer than 16 characters nobody can tell, but few answers are that short, so
/// an exchange over those soon ends.
///
/// ```
/// use lariat_protocol::chargen::is_answer;
///
/// assert!(is_answer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
/// assert!(!is_answer(b"more characters, please"));
/// ```
pub fn is_answer(datagram: &[u8]) -> bool {
    // Xinetd ends the last line too where it cuts that short.
    let datagram = datagram.strip_suffix(b"\r\n").unwrap_or(datagram);
    let Some(first) = datagram.first().and_then(|byte| byte.checked_sub(b' ')) else {
        return false;
    };
    let first = usize::from(first);
    if first >= CHARACTERS || !(SHORTEST..PERIOD).contains(&datagram.len()) {
        return false;
    }
    let mut pattern = Pattern { at: first * LINE };
    let mut rest = datagram;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(LINE));
        if pattern.next(piece.len()) != piece {
            return false;
        }
        rest = behind;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_those_of_the_rfc() {
        let text = std::str::from_utf8(&ROUND).expect("ASCII");
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 95);
        for (number, line) in lines.iter().enumerate() {
            assert_eq!(line.len(), 72, "line {number}");
            let first = b' ' + number as u8;
            assert_eq!(line.as_bytes()[0], first, "line {number}");
        }
        // As RFC 864 prints them: the end of the ring within a line.
        assert!(lines[22].ends_with("jklmnopqrstuvwxyz{|}"));
        assert!(lines[24].ends_with("{|}~ "));
        assert!(lines[94].starts_with("~ !\"#"));
    }

    #[test]
    fn an_answer_is_known_from_any_line_on_and_words_are_not() {
        for line in 0..95 {
            for length in [16, 72, 74, 100, 512] {
                let mut answer = Vec::new();
                let mut pattern = Pattern::at(line * LINE as u64);
                while answer.len() < length {
                    answer.extend(pattern.next(length - answer.len()));
                }
                assert!(is_answer(&answer), "{length} from line {line}");
                let ended = [&answer[..], b"\r\n"].concat();
                assert!(is_answer(&ended), "{length} from line {line}, ended");
                answer[length - 1] ^= 1;
                assert!(!is_answer(&answer), "{length} from line {line}, changed");
            }
        }
        for words in [&b""[..], b"\0", b"hi", b"ABCDEFG", &[0; 160], &[b' '; 100]] {
            assert!(!is_answer(words), "{words:?}");
        }
    }
}
