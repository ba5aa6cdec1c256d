//! One connection that is attacked, and what is seen of its protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lariat_protocol::{
    Address, ConnectionInfo, Deadline, Deadlines, Factory, Message, Protocol, Reason, TimerId,
    Transport,
};

use super::MARGIN;
use crate::Driven;

/// A fresh connection of the protocol.
pub(super) struct Case {
    pub(super) driven: Driven<Watched>,
    seen: Arc<Seen>,
}

/// What the protocol was told.
#[derive(Default)]
struct Seen {
    /// How often that its connection is over.
    lost: AtomicUsize,
    /// How often anything after that.
    late: AtomicUsize,
}

impl Case {
    pub(super) fn new(factory: &dyn Factory, deadlines: Deadlines) -> Result<Self, String> {
        let end = |name: &str| Address::Memory(Arc::from(name));
        let info = ConnectionInfo::stream(end("peer"), end("local"));
        let (watched, seen) = Watched::build(factory, &info)?;
        let driven = Driven::with(watched, info).deadlines(deadlines);
        Ok(Case { driven, seen })
    }

    /// Ends what has not ended, and looks whether the protocol heard of its end once, and of
    /// nothing afterwards.
    pub(super) fn conclude(mut self) -> Result<(), String> {
        self.driven.reset();
        self.driven.take_written();
        self.driven.receive(b"late");
        self.driven.receive_end();
        self.driven.drain();
        // Taken, since the simulated mailbox outlives the connection, but nobody is there.
        let _ = self.driven.handle().send(Message::new(()));
        self.driven.deliver_messages();
        self.driven.read_all();
        self.driven.advance(Duration::from_secs(3600));
        if !self.driven.take_written().is_empty() {
            return Err("something was written after the end".into());
        }
        let lost = self.seen.lost.load(Ordering::Relaxed);
        if lost != 1 {
            return Err(format!("connection_lost came {lost} times"));
        }
        match self.seen.late.load(Ordering::Relaxed) {
            0 => Ok(()),
            late => Err(format!("{late} callbacks came after connection_lost")),
        }
    }

    /// How the connection ended, in words.
    pub(super) fn ending(&self) -> String {
        let ended = self.driven.ended();
        ended.map_or("not ended".into(), |reason| format!("ended: {reason}"))
    }

    /// Lets the protocol do in silence what it does by itself within a second, or for as long
    /// as it works and does not read. Then tells the deadline that it is left with; none, if
    /// the connection has ended.
    ///
    /// # Errors
    ///
    /// When it works for an hour, or has ended before its deadline though it must not.
    fn settle(&mut self, may_end: bool) -> Result<Option<(Duration, Deadline)>, String> {
        for _ in 0..3600 {
            let Some((after, which)) = self.driven.deadline() else {
                self.driven.advance(MARGIN);
                match self.driven.ended() {
                    Some(_) => return Ok(None),
                    None => continue,
                }
            };
            let before = self.driven.messages();
            self.driven.advance(MARGIN.min(after / 2));
            if self.driven.ended().is_some() {
                // Silence may make a message whole, which may be the last.
                let answered = self.driven.messages() != before;
                return match may_end || answered {
                    true => Ok(None),
                    false => Err(format!(
                        "{} within a second of silence; the deadline ({which}) was {after:?}",
                        self.ending()
                    )),
                };
            }
            if let Some(deadline) = self.driven.deadline() {
                return Ok(Some(deadline));
            }
        }
        Err("the protocol has stopped reading for an hour, and nothing ends that".into())
    }

    /// Nothing more comes: the connection must end by its deadline, and not before it unless
    /// that is allowed.
    pub(super) fn ends_in_silence(&mut self, may_end: bool) -> Result<(), String> {
        if self.driven.ended().is_some() {
            return Ok(());
        }
        let Some((after, which)) = self.settle(may_end)? else {
            return Ok(());
        };
        let moment = Duration::from_millis(1).min(after);
        self.driven.advance(after - moment);
        if self.driven.ended().is_some() && !may_end {
            let ending = self.ending();
            return Err(format!("{ending} before its deadline ({which}, {after:?})"));
        }
        self.driven.advance(moment + MARGIN);
        match self.driven.ended() {
            Some(_) => Ok(()),
            None => Err(format!(
                "not ended a second past its deadline ({which}, {after:?})"
            )),
        }
    }
}

/// The protocol that is attacked, watched.
pub(super) struct Watched {
    protocol: Box<dyn Protocol>,
    seen: Arc<Seen>,
}

impl Watched {
    fn build(factory: &dyn Factory, info: &ConnectionInfo) -> Result<(Self, Arc<Seen>), String> {
        let protocol = factory.build(info).ok_or("the factory builds nothing")?;
        let seen = Arc::new(Seen::default());
        let watched = Watched {
            protocol,
            seen: Arc::clone(&seen),
        };
        Ok((watched, seen))
    }

    fn called(&mut self) -> &mut dyn Protocol {
        if self.seen.lost.load(Ordering::Relaxed) > 0 {
            self.seen.late.fetch_add(1, Ordering::Relaxed);
        }
        &mut *self.protocol
    }
}

impl Protocol for Watched {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.called().connection_made(transport);
    }

    fn handshake_done(&mut self, transport: &mut Transport) {
        self.called().handshake_done(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.called().data_received(transport, data);
    }

    fn message_end(&mut self, transport: &mut Transport) {
        self.called().message_end(transport);
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        self.called().eof_received(transport);
    }

    fn input_released(&mut self, transport: &mut Transport) {
        self.called().input_released(transport);
    }

    fn write_paused(&mut self, transport: &mut Transport) {
        self.called().write_paused(transport);
    }

    fn write_resumed(&mut self, transport: &mut Transport) {
        self.called().write_resumed(transport);
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.called().message_received(transport, message);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        self.called().timer(transport, timer);
    }

    fn drain(&mut self, transport: &mut Transport) {
        self.called().drain(transport);
    }

    fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
        self.called().deadline_passed(transport, deadline);
    }

    fn connection_lost(&mut self, reason: &Reason) {
        self.seen.lost.fetch_add(1, Ordering::Relaxed);
        self.protocol.connection_lost(reason);
    }
}
