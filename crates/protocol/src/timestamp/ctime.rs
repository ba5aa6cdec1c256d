//! Time as C's `ctime` writes it, from its parts, and what begins with it.

/// C's `ctime` without its newline: always 24 bytes, as `Sat Jun 17 17:27:21 2006`.
pub type Ctime = [u8; 24];

/// A moment as a wall clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilTime {
    /// The year; years past 9999 or before 0 are shown as the nearest of these.
    pub year: i16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
    /// The day of the week, from 0 for Sunday.
    pub weekday: u8,
    /// The hour, from 0 to 23.
    pub hour: u8,
    /// The minute, from 0 to 59.
    pub minute: u8,
    /// The second, from 0 to 60.
    pub second: u8,
}

const WEEKDAYS: [&[u8; 3]; 7] = [b"Sun", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

impl CivilTime {
    /// As C's `ctime` writes it, without the newline.
    ///
    /// ```
    /// use lariat_protocol::timestamp::CivilTime;
    ///
    /// let time = CivilTime {
    ///     year: 2006, month: 6, day: 7, weekday: 3, hour: 17, minute: 27, second: 21,
    /// };
    /// assert_eq!(&time.ctime(), b"Wed Jun  7 17:27:21 2006");
    /// ```
    pub fn ctime(&self) -> Ctime {
        let mut text = *b"Sun Jan  0 00:00:00 0000";
        text[0..3].copy_from_slice(WEEKDAYS[usize::from(self.weekday % 7)]);
        text[4..7].copy_from_slice(MONTHS[usize::from(self.month.clamp(1, 12) - 1)]);
        put_two(&mut text[8..10], self.day);
        if self.day < 10 {
            text[8] = b' ';
        }
        put_two(&mut text[11..13], self.hour);
        put_two(&mut text[14..16], self.minute);
        put_two(&mut text[17..19], self.second);
        let year = self.year.clamp(0, 9999).unsigned_abs();
        let (centuries, rest) = (year / 100, year % 100);
        put_two(&mut text[20..22], centuries as u8);
        put_two(&mut text[22..24], rest as u8);
        text
    }
}

/// Whether a datagram begins as an answer does: with a time as [`CivilTime::ctime`] writes it,
/// in brackets, and a space.
///
/// A server does not answer such a one. Whoever sends the first datagram in the name of another
/// server would have the two answer each other's answers for ever.
///
/// ```
/// use lariat_protocol::timestamp::is_answer;
///
/// assert!(is_answer(b"[Wed Jun  7 17:27:21 2006] hi"));
/// assert!(!is_answer(b"[Wednesday] hi"));
/// ```
pub fn is_answer(datagram: &[u8]) -> bool {
    let stamp = datagram
        .strip_prefix(b"[")
        .and_then(<[u8]>::split_first_chunk);
    stamp.is_some_and(|(time, behind)| is_ctime(time) && behind.starts_with(b"] "))
}

/// Whether this is a time as [`CivilTime::ctime`] writes it.
pub(crate) fn is_ctime(text: &Ctime) -> bool {
    let two = |at: usize, most: u8| {
        let digits = text[at].is_ascii_digit() && text[at + 1].is_ascii_digit();
        digits && (text[at] - b'0') * 10 + (text[at + 1] - b'0') <= most
    };
    let day = match text[8] {
        b' ' => (b'1'..=b'9').contains(&text[9]),
        tens => tens != b'0' && two(8, 31),
    };
    let between = [
        (3, b' '),
        (7, b' '),
        (10, b' '),
        (13, b':'),
        (16, b':'),
        (19, b' '),
    ];
    WEEKDAYS.iter().any(|name| text[..3] == name[..])
        && MONTHS.iter().any(|name| text[4..7] == name[..])
        && between.iter().all(|(at, byte)| text[*at] == *byte)
        && day
        && two(11, 23)
        && two(14, 59)
        && two(17, 60)
        && two(20, 99)
        && two(22, 99)
}

fn put_two(place: &mut [u8], number: u8) {
    place[0] = b'0' + number / 10 % 10;
    place[1] = b'0' + number % 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_c_writes_it() {
        let time = CivilTime {
            year: 2006,
            month: 6,
            day: 17,
            weekday: 6,
            hour: 17,
            minute: 27,
            second: 21,
        };
        assert_eq!(&time.ctime(), b"Sat Jun 17 17:27:21 2006");
        let early = CivilTime {
            day: 1,
            hour: 0,
            minute: 5,
            year: 987,
            ..time
        };
        assert_eq!(&early.ctime(), b"Sat Jun  1 00:05:21 0987");
    }

    #[test]
    fn only_what_begins_with_a_whole_time_is_an_answer() {
        for answer in [
            &b"[Sat Jun 17 17:27:21 2006] "[..],
            b"[Sun Dec 31 23:59:60 9999] hi\n",
            b"[Thu Jan  1 00:00:00 0000] [Thu Jan  1 00:00:00 0000] hi",
        ] {
            assert!(is_answer(answer), "{}", answer.escape_ascii());
        }
        for other in [
            &b""[..],
            b"[",
            b"hi",
            b"Sat Jun 17 17:27:21 2006] hi",
            b"[Sat Jun 17 17:27:21 2006]",
            b"[Sat Jun 17 17:27:21 2006]hi",
            b" [Sat Jun 17 17:27:21 2006] hi",
            b"[sat Jun 17 17:27:21 2006] hi",
            b"[Sat Juni 7 17:27:21 2006] hi",
            b"[Sat Jun 07 17:27:21 2006] hi",
            b"[Sat Jun  0 17:27:21 2006] hi",
            b"[Sat Jun 32 17:27:21 2006] hi",
            b"[Sat Jun 17 24:27:21 2006] hi",
            b"[Sat Jun 17 17:60:21 2006] hi",
            b"[Sat Jun 17 17:27:61 2006] hi",
            b"[Sat Jun 17 17.27.21 2006] hi",
            b"[Sat Jun 17 17:27:21 206] hi",
            b"[Sat Jun 17 17:27:21 2006]\n",
        ] {
            assert!(!is_answer(other), "{}", other.escape_ascii());
        }
    }

    #[test]
    fn what_is_written_is_known_again() {
        for day in 1..=31 {
            for month in 1..=12 {
                let time = CivilTime {
                    year: 1900 + i16::from(day) * 7,
                    month,
                    day,
                    weekday: day % 7,
                    hour: day % 24,
                    minute: 59 - month,
                    second: 29 + day,
                };
                let answer = [b"[", &time.ctime()[..], b"] "].concat();
                assert!(is_answer(&answer), "{}", answer.escape_ascii());
            }
        }
    }
}
