//! The deadlines by name.

use std::time::Duration;

use lariat_protocol::{Deadline, Deadlines};

use crate::serve::settings::Change;
use crate::serve::settings::values;

/// A change of one of the [`Deadlines`], of what TCP waits for, or of the drain time.
#[derive(Clone, Debug, PartialEq)]
pub enum DeadlineChange {
    /// By the deadline's own name.
    Of(Deadline, Option<Duration>),
    /// `minimum-rate`
    MinimumRate(u32),
    /// `keep-alive`
    KeepAlive(Option<Duration>),
    /// `user-timeout`
    UserTimeout(Option<Duration>),
    /// `drain`
    Drain(Duration),
}

const MINIMUM_RATE: &str = "minimum-rate";
const KEEP_ALIVE: &str = "keep-alive";
const USER_TIMEOUT: &str = "user-timeout";
const DRAIN: &str = "drain";

impl DeadlineChange {
    /// Makes the change; what TCP waits for and the drain time are none of the deadlines.
    pub fn apply(&self, deadlines: &mut Deadlines) {
        match self {
            DeadlineChange::MinimumRate(rate) => deadlines.minimum_rate = *rate,
            DeadlineChange::KeepAlive(_)
            | DeadlineChange::UserTimeout(_)
            | DeadlineChange::Drain(_) => {}
            DeadlineChange::Of(deadline, time) => {
                let changed = match deadline {
                    Deadline::ProxyHeader => &mut deadlines.proxy_header,
                    Deadline::Handshake => &mut deadlines.handshake,
                    Deadline::FirstMessage => &mut deadlines.first_message,
                    Deadline::Message => &mut deadlines.message,
                    Deadline::Idle => &mut deadlines.idle,
                    Deadline::Write => &mut deadlines.write,
                    Deadline::Life => &mut deadlines.life,
                };
                *changed = *time;
            }
        }
    }
}

impl Change for DeadlineChange {
    const KIND: &'static str = "deadline";

    fn names() -> Vec<&'static str> {
        let names = Deadline::ALL.map(Deadline::name).into_iter();
        names
            .chain([MINIMUM_RATE, KEEP_ALIVE, USER_TIMEOUT, DRAIN])
            .collect()
    }

    fn read(name: &str, value: &str) -> Option<Result<Self, String>> {
        match name {
            MINIMUM_RATE => {
                let rate = values::bytes_a_second(value);
                return Some(rate.map(DeadlineChange::MinimumRate));
            }
            KEEP_ALIVE => return Some(values::deadline(value).map(DeadlineChange::KeepAlive)),
            USER_TIMEOUT => {
                return Some(values::deadline(value).map(DeadlineChange::UserTimeout));
            }
            DRAIN => return Some(values::time(value).map(DeadlineChange::Drain)),
            _ => {}
        }
        let deadline = Deadline::ALL.into_iter();
        let deadline = deadline.clone().find(|deadline| deadline.name() == name)?;
        let time = values::deadline(value);
        Some(time.map(|time| DeadlineChange::Of(deadline, time)))
    }

    fn is_of_services(&self) -> bool {
        !matches!(self, DeadlineChange::Drain(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_changes_its_own_deadline() {
        for deadline in Deadline::ALL {
            for (value, time) in [("7s", Some(Duration::from_secs(7))), ("none", None)] {
                let mut deadlines = Deadlines::DEFAULT;
                let read = DeadlineChange::read(deadline.name(), value);
                let change = read.expect("known").expect("a time");
                change.apply(&mut deadlines);
                assert_eq!(deadlines.of(deadline), time);
                let others = Deadline::ALL.into_iter().filter(|other| *other != deadline);
                for other in others {
                    assert_eq!(deadlines.of(other), Deadlines::DEFAULT.of(other));
                }
            }
        }
        let mut deadlines = Deadlines::DEFAULT;
        let rate = DeadlineChange::read("minimum-rate", "2K");
        rate.expect("known").expect("a rate").apply(&mut deadlines);
        assert_eq!(deadlines.minimum_rate, 2048);
    }

    #[test]
    fn a_value_that_cannot_be_meant_is_refused() {
        for (name, value) in [
            ("idle", "0s"),
            ("idle", "5"),
            ("minimum-rate", "0"),
            ("minimum-rate", "none"),
            ("drain", "none"),
        ] {
            let read = DeadlineChange::read(name, value).expect(name);
            assert!(read.is_err(), "{name}={value}");
        }
    }
}
