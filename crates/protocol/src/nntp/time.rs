//! The time that `NEWGROUPS` and `NEWNEWS` begin at, as it is written.

use crate::nntp::{Moment, parsing};

/// A time as an argument of two words: `20060617 172721 GMT`.
pub(super) fn print(moment: Moment) -> String {
    let ((year, month, day), (hour, minute, second)) = (moment.date(), moment.time());
    format!("{year:04}{month:02}{day:02} {hour:02}{minute:02}{second:02} GMT")
}

/// A time out of the words of an argument. A year of two digits (RFC 977) is one of 1970 to 2069. Without `GMT` it is
/// meant in the server's own time, which is UTC here.
pub(super) fn parse(words: &[&str]) -> Option<Moment> {
    let (date, time) = match words {
        [date, time] => (*date, *time),
        [date, time, zone] if zone.eq_ignore_ascii_case("GMT") => (*date, *time),
        _ => return None,
    };
    parsing::number(date)?;
    parsing::number(time)?;
    let date = match date.len() {
        8 => date.to_owned(),
        6 if date < "70" => format!("20{date}"),
        6 => format!("19{date}"),
        _ => return None,
    };
    (time.len() == 6).then(|| format!("{date}{time}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        let moment: Moment = "20060617172721".parse().expect("a time");
        assert_eq!(print(moment), "20060617 172721 GMT");
        for words in [
            &["20060617", "172721", "GMT"][..],
            &["20060617", "172721"],
            &["060617", "172721", "gmt"],
        ] {
            assert_eq!(parse(words), Some(moment), "{words:?}");
        }
        let old = parse(&["991231", "235959"]).expect("a time");
        assert_eq!(old.date(), (1999, 12, 31));
        for wrong in [
            &["20060617"][..],
            &["20060617", "17272"],
            &["2006061", "172721"],
            &["20060631", "172721"],
            &["20060617", "172721", "CET"],
            &["+0060617", "172721"],
            &["2006061é", "172721"],
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
