//! What is said to a server, and what it has to answer.
//!
//! Each message bears the number of its connection and its own, so that an answer that is
//! doubled, swapped or somebody else's is noticed. Nothing is allocated here per message.

use lariat_protocol::timestamp::Ctime;

/// What the server makes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Expect {
    /// The message behind the time, as the timestamp service answers
    Timestamp,
    /// The message itself
    Echo,
    /// Any line, or any message where there are messages
    Any,
}

/// How many bytes the timestamp service puts before a message: `[`, the time, and `] `.
pub const STAMP: usize = 1 + size_of::<Ctime>() + 2;

/// How long a message's mark is, if there is room for it.
const MARK: usize = 16;

/// What tells a message from all others: its own number and its connection's, in hexadecimal
/// with the lowest digit first, so that the digits that change stand in short messages too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark([u8; MARK]);

impl Mark {
    /// The mark of a connection's message.
    pub fn new(connection: u32, number: u32) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut rest = u64::from(connection) << 32 | u64::from(number);
        Mark(std::array::from_fn(|_| {
            let digit = DIGITS[(rest & 15) as usize];
            rest >>= 4;
            digit
        }))
    }
}

/// The messages of a run and their answers.
#[derive(Clone, Debug)]
pub struct Script {
    expect: Expect,
    /// Every message; the mark goes over its beginning.
    message: Box<[u8]>,
    /// How much of the mark has room.
    marked: usize,
}

impl Script {
    /// Messages of so many bytes; where they are `lines`, their end is among them.
    pub fn new(expect: Expect, size: usize, lines: bool) -> Self {
        const FILLING: &[u8] = b" the quick brown fox jumps over the lazy dog";
        let ending = usize::from(lines && size > 0);
        let filling = FILLING.iter().copied().cycle();
        let mut message: Vec<u8> = filling.take(size - ending).collect();
        let marked = message.len().min(MARK);
        message.resize(size, b'\n');
        Script {
            expect,
            message: message.into(),
            marked,
        }
    }

    /// How many bytes a message has.
    pub fn size(&self) -> usize {
        self.message.len()
    }

    /// How many bytes an answer has, where that is known.
    pub fn longest_answer(&self) -> usize {
        match self.expect {
            Expect::Timestamp => STAMP + self.size(),
            Expect::Echo => self.size(),
            Expect::Any => usize::MAX,
        }
    }

    /// The message with this mark, in pieces.
    pub fn message<'a>(&'a self, mark: &'a Mark) -> [&'a [u8]; 2] {
        [&mark.0[..self.marked], &self.message[self.marked..]]
    }

    /// Whether this answers the message with this mark. `seen` is the last time that was found to
    /// be one, which most answers bear again.
    pub fn is_answer(&self, answer: &[u8], mark: &Mark, seen: &mut Ctime) -> bool {
        self.echoed(answer, seen).is_some_and(|echoed| {
            let [begin, rest] = self.message(mark);
            echoed.len() == self.size()
                && echoed[..self.marked] == *begin
                && echoed[self.marked..] == *rest
        }) || self.expect == Expect::Any
    }

    /// Whether this answers some message of this connection, whichever it was.
    pub fn is_some_answer(&self, answer: &[u8], connection: u32, seen: &mut Ctime) -> bool {
        const NUMBER: usize = 8;
        let mark = Mark::new(connection, 0);
        let of_any = NUMBER.min(self.marked);
        self.echoed(answer, seen).is_some_and(|echoed| {
            echoed.len() == self.size()
                && echoed[of_any..self.marked] == mark.0[of_any..self.marked]
                && echoed[self.marked..] == self.message[self.marked..]
        })
    }

    /// What comes back of the message in an answer of the right form.
    fn echoed<'a>(&self, answer: &'a [u8], seen: &mut Ctime) -> Option<&'a [u8]> {
        if self.expect != Expect::Timestamp {
            return Some(answer);
        }
        let (stamp, echoed) = answer.split_first_chunk::<STAMP>()?;
        let [b'[', time @ .., b']', b' '] = stamp else {
            return None;
        };
        if time != seen {
            if !is_ctime(time) {
                return None;
            }
            seen.copy_from_slice(time);
        }
        Some(echoed)
    }

    /// What should have come, for a person.
    pub fn describe_answer(&self, mark: &Mark) -> Vec<u8> {
        let [begin, rest] = self.message(mark);
        match self.expect {
            Expect::Timestamp => [b"[TIME] ", begin, rest].concat(),
            Expect::Echo => [begin, rest].concat(),
            Expect::Any => b"an answer".to_vec(),
        }
    }
}

/// Whether this has the form of C's `ctime`, as `Sat Jun 17 17:27:21 2006`.
fn is_ctime(time: &[u8]) -> bool {
    const FORM: &[u8; 24] = b"aaa aaa  0 00:00:00 0000";
    const WEEKDAYS: &[u8] = b"SunMonTueWedThuFriSat";
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let alike = |(byte, form): (&u8, &u8)| match form {
        b'a' => byte.is_ascii_alphabetic(),
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    let day = |byte: u8| byte == b' ' || byte.is_ascii_digit();
    time.len() == FORM.len()
        && WEEKDAYS.chunks(3).any(|name| name == &time[..3])
        && MONTHS.chunks(3).any(|name| name == &time[4..7])
        && day(time[8])
        && time[..8].iter().zip(FORM).all(alike)
        && time[9..].iter().zip(&FORM[9..]).all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &[u8; 24] = b"Sat Jun  7 17:27:21 2006";

    fn stamped(message: &[u8]) -> Vec<u8> {
        [b"[", &TIME[..], b"] ", message].concat()
    }

    #[test]
    fn messages_have_their_size_and_differ_as_far_as_that_allows() {
        for (size, lines) in [(0, false), (1, true), (2, true), (17, true), (64, false)] {
            let script = Script::new(Expect::Echo, size, lines);
            let text = |number| script.message(&Mark::new(7, number)).concat();
            assert_eq!(text(1).len(), size);
            assert_eq!(text(1) != text(2), size > usize::from(lines), "{size}");
            let ends = text(1).iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(ends, usize::from(lines));
        }
        let script = Script::new(Expect::Echo, 40, true);
        let text = script.message(&Mark::new(0x12, 0xabc)).concat();
        assert_eq!(text, b"cba0000021000000 fox jumps over the laz\n");
    }

    #[test]
    fn every_byte_of_an_answer_counts() {
        for expect in [Expect::Timestamp, Expect::Echo] {
            let script = Script::new(expect, 64, true);
            let mark = Mark::new(3, 77);
            let message = script.message(&mark).concat();
            let answer = match expect {
                Expect::Timestamp => stamped(&message),
                _ => message,
            };
            assert_eq!(answer.len(), script.longest_answer());
            let is_answer =
                |answer: &[u8], mark: &Mark| script.is_answer(answer, mark, &mut [0; 24]);
            assert!(is_answer(&answer, &mark));
            assert!(!is_answer(&answer, &Mark::new(3, 78)));
            assert!(!is_answer(&answer, &Mark::new(4, 77)));
            assert!(!is_answer(&answer[1..], &mark));
            for place in 0..answer.len() {
                let mut wrong = answer.clone();
                wrong[place] = b'#';
                assert!(!is_answer(&wrong, &mark), "byte {place}");
            }
        }
        let script = Script::new(Expect::Any, 64, true);
        assert!(script.is_answer(b"oops\n", &Mark::new(3, 77), &mut [0; 24]));
    }

    #[test]
    fn an_answer_to_an_earlier_message_is_known_as_one() {
        for size in [0, 4, 12, 64] {
            let script = Script::new(Expect::Timestamp, size, false);
            let answer = stamped(&script.message(&Mark::new(3, 77)).concat());
            let is_some = |connection| script.is_some_answer(&answer, connection, &mut [0; 24]);
            assert!(is_some(3), "{size}");
            assert_eq!(is_some(4), size <= 8, "{size}: no room for the connection");
        }
    }

    #[test]
    fn times_have_the_form_of_ctime() {
        assert!(is_ctime(TIME) && is_ctime(b"Wed Dec 31 23:59:60 1969"));
        for wrong in [
            "Sat Jun  7 17:27:21 200",
            "sat Jun  7 17:27:21 2006",
            "Sat Jux  7 17:27:21 2006",
            "Sat Jun  7 17-27-21 2006",
            "Sat Jun    17:27:21 2006",
        ] {
            assert!(!is_ctime(wrong.as_bytes()), "{wrong}");
        }
    }
}
