//! Which part of a file an answer has (RFC 9110, section 14.4), and by what a file is known to be still the same
//! one (section 8.8).

use std::time::{Duration, SystemTime};

use http::header::{CONTENT_RANGE, DATE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What a `Content-Range` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentRange {
    /// These bytes, of so many, if that is known.
    Part {
        first: u64,
        last: u64,
        all: Option<u64>,
    },
    /// None of those that were asked for: there are only so many (416).
    Nothing { all: u64 },
}

impl ContentRange {
    /// Reads the header; nothing if it is not there or none.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
        let (unit, rest) = text.trim().split_once(' ')?;
        let (range, all) = rest.trim().split_once('/')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let all = match all.trim() {
            "*" => None,
            number => Some(whole_number(number)?),
        };
        if range.trim() == "*" {
            return Some(ContentRange::Nothing { all: all? });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last) = (whole_number(first.trim())?, whole_number(last.trim())?);
        let is_within = first <= last && last < u64::MAX && all.is_none_or(|all| last < all);
        is_within.then_some(ContentRange::Part { first, last, all })
    }
}

fn whole_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// By what a server's file is known: its tag, or its time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Version {
    /// Its entity tag, if it is a strong one, so that equal tags are equal bytes.
    pub(super) tag: Option<HeaderValue>,
    /// When it was changed last.
    pub(super) changed: Option<SystemTime>,
    /// It had not been changed within the second before it was sent, so that its time tells it from
    /// another.
    pub(super) is_settled: bool,
}

impl Version {
    /// That of an answer.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let tag = headers.get(ETAG).filter(|tag| is_strong(tag.as_bytes()));
        let changed = date(headers, &LAST_MODIFIED);
        let sent = date(headers, &DATE);
        let is_settled = match (changed, sent) {
            (Some(changed), Some(sent)) => changed + Duration::from_secs(1) <= sent,
            _ => false,
        };
        Version {
            tag: tag.cloned(),
            changed,
            is_settled,
        }
    }

    /// Whether an answer with this version may have bytes of another file than one with the other: as far as either
    /// says.
    pub(super) fn is_other(&self, other: &Version) -> bool {
        match (&self.tag, &other.tag) {
            (Some(tag), Some(other)) => tag != other,
            _ => matches!((self.changed, other.changed), (Some(one), Some(two)) if one != two),
        }
    }

    /// What `If-Range` is to say, if anything can be relied on.
    pub(super) fn condition(&self) -> Option<HeaderValue> {
        let by_time = self.changed.filter(|_| self.is_settled);
        let by_time = || HeaderValue::from_str(&httpdate::fmt_http_date(by_time?)).ok();
        self.tag.clone().or_else(by_time)
    }
}

/// Whether a text is a strong entity tag: between quotes, without `W/` in front.
pub(super) fn is_strong(tag: &[u8]) -> bool {
    matches!(tag, [b'"', .., b'"'])
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<ContentRange> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_RANGE, text.parse().expect("a value"));
        ContentRange::of(&headers)
    }

    #[test]
    fn a_range_is_read_and_a_wrong_one_is_none() {
        let part = |first, last, all| Some(ContentRange::Part { first, last, all });
        assert_eq!(read("bytes 0-4/10"), part(0, 4, Some(10)));
        assert_eq!(read(" Bytes 9-9/10 "), part(9, 9, Some(10)));
        assert_eq!(read("bytes 5-9/*"), part(5, 9, None));
        assert_eq!(read("bytes */10"), Some(ContentRange::Nothing { all: 10 }));
        for wrong in [
            "",
            "bytes",
            "bytes 0-4",
            "bytes 4-0/10",
            "bytes 0-10/10",
            "bytes +0-4/10",
            "bytes 0-4/-",
            "bytes */*",
            "items 0-4/10",
            "bytes 0-18446744073709551615/*",
            "bytes 0-99999999999999999999/*",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    fn version(pairs: &[(HeaderName, &str)]) -> Version {
        let pairs = pairs.iter();
        let headers = pairs.map(|(name, value)| (name.clone(), value.parse().expect("a value")));
        Version::of(&headers.collect())
    }

    #[test]
    fn a_file_is_known_by_a_strong_tag_or_a_settled_time() {
        let (then, later) = (
            "Sat, 17 Jun 2006 17:27:21 GMT",
            "Sat, 17 Jun 2006 17:27:22 GMT",
        );
        let condition = |pairs: &[(HeaderName, &str)]| {
            let condition = version(pairs).condition();
            condition.map(|value| value.to_str().expect("text").to_owned())
        };
        let both = [(ETAG, "\"a\""), (LAST_MODIFIED, then), (DATE, later)];
        assert_eq!(condition(&both).as_deref(), Some("\"a\""));
        assert_eq!(condition(&both[1..]).as_deref(), Some(then));
        assert_eq!(condition(&[(ETAG, "W/\"a\"")]), None);
        // It may be changed again within that second.
        assert_eq!(condition(&[(LAST_MODIFIED, then), (DATE, then)]), None);
        assert_eq!(
            condition(&[(LAST_MODIFIED, "yesterday"), (DATE, later)]),
            None
        );
        assert_eq!(condition(&[]), None);
    }

    #[test]
    fn versions_differ_where_both_say_so() {
        let (one, two) = (version(&[(ETAG, "\"1\"")]), version(&[(ETAG, "\"2\"")]));
        assert!(one.is_other(&two) && !one.is_other(&one) && !one.is_other(&Version::default()));
    }
}
