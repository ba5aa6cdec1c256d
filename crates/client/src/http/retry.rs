//! Repetition of what may go better at another time: when, how often, and after how long.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, Method, StatusCode};

use super::Error;

/// Whether requests are repeated that came to nothing. They are not unless a client is told to.
///
/// Only what may be sent twice is (`GET`, `HEAD`, `PUT`, `DELETE`, `OPTIONS`, `TRACE`), with a body that can be made again, when there
/// was no connection, or it broke, or the server was silent or said 408, 429, 500, 502, 503 or 504.
///
/// Before the first repetition is a pause of `first`, before each following one twice that of the one before, shortened by chance
/// so that many clients do not come back all at once. A server that says when to come back (`Retry-After`) is obeyed.
///
/// Among the extensions of a request they are for that one, in the place of the client's.
///
/// ```
/// use lariat_client::http::{Client, Retries};
///
/// let client = Client::builder().retries(Retries::times(3)).build()?;
/// # Ok::<(), lariat_client::http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often a request is repeated. Default 0.
    pub times: u32,
    /// The pause before the first repetition. Default 1 s.
    pub first: Duration,
    /// The longest pause. A server that asks for a longer one is not asked again. Default 60 s.
    pub longest: Duration,
    /// Whether `POST` and others that may do something twice are repeated as well. Default no.
    pub all_methods: bool,
}

impl Default for Retries {
    fn default() -> Self {
        Retries {
            times: 0,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            all_methods: false,
        }
    }
}

impl Retries {
    /// So often, with the pauses of the default.
    pub fn times(times: u32) -> Self {
        Retries {
            times,
            ..Retries::default()
        }
    }

    /// Whether such a request is repeated at all.
    pub(super) fn covers(&self, method: &Method) -> bool {
        self.times > 0 && (self.all_methods || method.is_idempotent())
    }

    /// How long to wait before the repetition after `done` of them, because of an error.
    pub(super) fn after_error(&self, done: u32, error: &Error) -> Option<Duration> {
        (done < self.times && error.may_pass()).then(|| self.pause(done, fastrand::f64()))
    }

    /// The same, where a server may have asked for a time itself.
    pub(super) fn before(&self, done: u32, asked: Option<Duration>) -> Option<Duration> {
        if done >= self.times {
            return None;
        }
        match asked {
            Some(pause) => (pause <= self.longest).then_some(pause),
            None => Some(self.pause(done, fastrand::f64())),
        }
    }

    /// The same, because of an answer.
    pub(super) fn after_answer(
        &self,
        done: u32,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Option<Duration> {
        if !is_passing(status) {
            return None;
        }
        self.before(done, asked_for(headers, now))
    }

    /// Between half and all of what the back-off allows; `chance` is from 0 to 1.
    fn pause(&self, done: u32, chance: f64) -> Duration {
        let doubled = self
            .first
            .saturating_mul(1_u32.checked_shl(done).unwrap_or(u32::MAX));
        doubled.min(self.longest).mul_f64(0.5 + chance / 2.0)
    }
}

/// Whether a status may be another one at another time: those that curl takes for such ones, too.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

/// The pause that a server asks for (RFC 9110, section 10.2.3): seconds, or a date.
pub(super) fn asked_for(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn asked(value: &str, retries: &Retries) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        retries.after_answer(0, StatusCode::SERVICE_UNAVAILABLE, &headers, NOW)
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let retries = Retries::times(9);
        let pauses: Vec<u64> = (0..9)
            .map(|done| retries.pause(done, 1.0).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(retries.pause(3, 0.0), Duration::from_secs(4));
        assert_eq!(retries.pause(400, 1.0), Duration::from_secs(60));
    }

    #[test]
    fn a_server_that_says_when_to_come_back_is_obeyed_or_left() {
        let retries = Retries::times(1);
        assert_eq!(asked("7", &retries), Some(Duration::from_secs(7)));
        assert_eq!(asked("61", &retries), None);
        let date = "Thu, 01 Jan 1970 00:00:30 GMT";
        assert_eq!(asked(date, &retries), Some(Duration::from_secs(30)));
        assert!(asked("soon", &retries).is_some());
        assert_eq!(asked("7", &Retries::default()), None);
        let none = HeaderMap::new();
        assert_eq!(
            retries.after_answer(0, StatusCode::NOT_FOUND, &none, NOW),
            None
        );
        assert_eq!(
            retries.after_answer(1, StatusCode::BAD_GATEWAY, &none, NOW),
            None
        );
    }

    #[test]
    fn only_what_may_be_sent_twice_is_repeated() {
        let retries = Retries::times(1);
        assert!(retries.covers(&Method::PUT) && !retries.covers(&Method::POST));
        let all = Retries {
            all_methods: true,
            ..retries
        };
        assert!(all.covers(&Method::POST) && !Retries::default().covers(&Method::GET));
        let wrong = Error::Misuse("x".into());
        assert_eq!(retries.after_error(0, &wrong), None);
    }
}
