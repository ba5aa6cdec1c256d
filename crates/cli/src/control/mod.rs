//! How `lariat ctl` speaks with a server: JSON over a Unix socket in the state directory.
//!
//! The socket is `control.sock`, of mode 0600, so whoever may write to it is who runs the
//! server, or root. A connection is one request: a line of JSON, at most 64 KiB, answered by
//! lines of JSON, after which the server closes. No version is agreed on: both sides are the
//! same binary.
//!
//! | request | answer |
//! |---|---|
//! | `{"do":"connections"}` | `{"connections":[{"id":"0-17-4","service":…,"endpoint":…,"peer":…,"phase":…,"age_seconds":…,"received":…,"sent":…,"messages":…,"held":…},…]}` |
//! | `{"do":"kill","ids":["0-17-4"]}` | `{"killed":{"ended":[{"id":…,"service":…,"peer":…}],"missing":[…]}}` |
//! | `{"do":"stats"}` | `{"stats":{"connections":…,"handshakes":…,"buffered":…,"draining":…,"services":[…],"total":{…}}}` |
//! | `{"do":"drain"}` | at once `{"draining":N}`, and when it is over `{"drained":{"finished":…,"said_goodbye":…,"forced":…}}` |
//! | `{"do":"reload"}` | `{"reloaded":{"reloaded":[…],"needs_restart":[…],"wrong":[…]}}` |
//! | anything else | `{"error":"…"}` |
//!
//! [`server`] answers, [`client`] asks, [`stats`] is what the counters look like.

pub mod client;
pub mod server;
pub mod stats;

use std::path::{Path, PathBuf};

use lariat_net::DrainReport;
use lariat_net::observe::ConnectionStatus;
use serde::{Deserialize, Serialize};

use crate::serve::server::Reloaded;
use stats::Stats;

/// Where the socket is.
pub fn socket(state: &Path) -> PathBuf {
    state.join("control.sock")
}

/// What a server can be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// For its connections.
    Connections,
    /// To end some of them.
    Kill {
        /// By their names.
        ids: Vec<String>,
    },
    /// For what it has counted.
    Stats,
    /// To stop, and to let its connections finish.
    Drain,
    /// To read its files again.
    Reload,
}

/// What it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The connections that there are.
    Connections(Vec<Connection>),
    /// Which of them it has ended.
    Killed(Killed),
    /// What it has counted.
    Stats(Box<Stats>),
    /// It has begun to drain, with so many connections.
    Draining(usize),
    /// It has drained.
    Drained(Drained),
    /// It has read its files again.
    Reloaded(Reloaded),
    /// It cannot do that.
    Error(String),
}

/// One connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// What it is named by.
    pub id: String,
    /// Its service.
    pub service: String,
    /// Where that listens.
    pub endpoint: String,
    /// The other end.
    pub peer: String,
    /// What it is at.
    pub phase: String,
    /// How long it has been there.
    pub age_seconds: f64,
    /// Bytes that came.
    pub received: u64,
    /// Bytes that left.
    pub sent: u64,
    /// Messages that came whole; wraps at 2^32.
    pub messages: u32,
    /// Bytes that it holds in buffers.
    pub held: usize,
}

impl From<ConnectionStatus> for Connection {
    fn from(status: ConnectionStatus) -> Self {
        Connection {
            id: status.key.to_string(),
            service: status.service.to_string(),
            endpoint: status.endpoint.to_string(),
            peer: status.peer.to_string(),
            phase: status.phase.name().to_string(),
            age_seconds: status.age.as_secs_f64(),
            received: status.received,
            sent: status.sent,
            messages: status.messages,
            held: status.held,
        }
    }
}

/// What became of connections that were to be ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Killed {
    /// Those that were there.
    pub ended: Vec<Ended>,
    /// Those that were not.
    pub missing: Vec<String>,
}

/// A connection that was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// What it was named by.
    pub id: String,
    /// Its service, unless it was held up and could not say.
    pub service: Option<String>,
    /// Its other end, as the service.
    pub peer: Option<String>,
}

/// How the connections ended that were there when the server was asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// By themselves.
    pub finished: usize,
    /// In order, when they had heard of it.
    pub said_goodbye: usize,
    /// By force, at the end of the drain time.
    pub forced: usize,
}

impl From<DrainReport> for Drained {
    fn from(report: DrainReport) -> Self {
        Drained {
            finished: report.finished,
            said_goodbye: report.said_goodbye,
            forced: report.forced,
        }
    }
}

impl Drained {
    /// `2 connections: 1 finished, 1 said goodbye, 0 forced`; nothing if there were none.
    pub fn in_words(self) -> Option<String> {
        let Drained {
            finished,
            said_goodbye,
            forced,
        } = self;
        let all = finished + said_goodbye + forced;
        let connections = if all == 1 {
            "connection"
        } else {
            "connections"
        };
        (all > 0).then(|| {
            format!(
                "{all} {connections}: {finished} finished, {said_goodbye} said goodbye, \
                 {forced} forced"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_replies_look_as_they_are_documented() {
        let kill = Request::Kill {
            ids: vec!["0-1-2".into()],
        };
        let shown = |request: &Request| serde_json::to_string(request).expect("JSON");
        assert_eq!(shown(&kill), r#"{"do":"kill","ids":["0-1-2"]}"#);
        assert_eq!(shown(&Request::Drain), r#"{"do":"drain"}"#);
        let reply = serde_json::to_string(&Reply::Draining(3)).expect("JSON");
        assert_eq!(reply, r#"{"draining":3}"#);
        assert!(serde_json::from_str::<Request>(r#"{"do":"dance"}"#).is_err());
    }

    #[test]
    fn a_drain_is_told_in_words() {
        let drained = |finished, said_goodbye, forced| {
            let drained = Drained {
                finished,
                said_goodbye,
                forced,
            };
            drained.in_words()
        };
        assert_eq!(drained(0, 0, 0), None);
        let words = "1 connection: 0 finished, 1 said goodbye, 0 forced";
        assert_eq!(drained(0, 1, 0).as_deref(), Some(words));
        let words = "6 connections: 1 finished, 2 said goodbye, 3 forced";
        assert_eq!(drained(1, 2, 3).as_deref(), Some(words));
    }
}
