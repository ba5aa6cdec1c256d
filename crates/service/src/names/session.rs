//! One connection to the name server: lines to calls of the directory, and back.

use std::sync::{Arc, Mutex, PoisonError};

use lariat_protocol::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat_protocol::names::{
    ErrorCode, Head, LogRow, MAXIMUM_LINE, Ordering, Query, Refused, Request, Ticket,
};
use lariat_protocol::{Deadline, Error, Handle, Message, Reason, SendError};

use crate::names::directory::Directory;
use crate::names::keeping::{Done, Op};
use crate::names::unread::Unread;
use crate::names::watchers::Told;
use crate::names::{Terms, Who};

/// The most answers of one connection that wait for the disk; what comes behind them is not read.
const MAXIMUM_WAITING: usize = 256;

/// The most bytes of changes that wait for a watcher who does not read.
const MAXIMUM_UNREAD: usize = 256 * 1024;

/// What serves one connection.
pub(super) type Serving = Framed<Lines, Session>;

/// One connection.
pub(super) struct Session {
    directory: Directory,
    terms: Arc<Terms>,
    who: Who,
    ordering: Ordering,
    /// A request behind changes that wait for the disk, which is to find what they have made.
    held: Option<Request>,
    watcher: Option<u64>,
    /// Nothing more is taken, and the connection ends when all is answered.
    ending: Option<Ending>,
    unread: Unread,
    /// Where answers are written, so that none has memory of its own.
    out: String,
    within: Within,
}

/// Why nothing more is taken.
enum Ending {
    /// The client has said all.
    Asked,
    /// What came is no line, which is answered already or in its turn.
    Broken(Error),
    /// The server is going down.
    Stopping,
}

/// An answer that had to wait.
struct Answered {
    ticket: Ticket,
    answer: String,
}

/// The way of an answer that has to wait back to its connection.
struct Later {
    ticket: Ticket,
    handle: Handle,
    /// Where it is put if it comes at once, in the place of a message.
    within: Option<Within>,
}

/// An answer that came within the call that asked for it.
type Within = Arc<Mutex<Option<Answered>>>;

impl Later {
    fn with(self, answer: String) {
        let ticket = self.ticket;
        let answered = Answered { ticket, answer };
        match self.within {
            Some(within) => {
                *within.lock().unwrap_or_else(PoisonError::into_inner) = Some(answered);
            }
            // Whoever has gone meanwhile has what was asked for, and no answer.
            None => drop(self.handle.send_result(Message::new(answered))),
        }
    }
}

/// The connection does not read what it watches.
struct Slow;

impl Session {
    pub fn serving(directory: Directory, terms: Arc<Terms>, who: Who) -> Serving {
        let session = Session {
            directory,
            terms,
            who,
            ordering: Ordering::default(),
            held: None,
            watcher: None,
            ending: None,
            unread: Unread::default(),
            out: String::new(),
            within: Within::default(),
        };
        Framed::new(Lines::new(MAXIMUM_LINE), session)
    }

    /// Begins with a request, or holds it back until all before it are answered: whoever asks behind
    /// what he has registered is to find it. Changes are not held back, since as many as wait for the
    /// disk go there together; and so no page waits in memory behind something else.
    fn take(&mut self, transport: &mut FrameTransport<'_, Lines>, request: Request) {
        let is_change = matches!(request, Request::Register(_) | Request::Remove(_));
        if is_change || self.ordering.is_empty() {
            return self.request(transport, request);
        }
        self.held = Some(request);
        transport.pause_reading();
    }

    fn request(&mut self, transport: &mut FrameTransport<'_, Lines>, request: Request) {
        match request {
            Request::Find { query, all } => self.find(transport, &query, all),
            Request::Register(registration) => {
                let op = Op::Register {
                    registration,
                    who: self.who,
                    terms: Arc::clone(&self.terms),
                };
                self.change(transport, op);
            }
            Request::Remove(claim) => {
                let who = self.who;
                self.change(transport, Op::Remove { claim, who });
            }
            Request::Renew(claim) => {
                let renewed = self.directory.0.renew(&claim);
                let head = renewed.map(|ttl| Head {
                    ttl: Some(ttl),
                    ..Head::default()
                });
                self.say(transport, head);
            }
            Request::List {
                query,
                after,
                limit,
            } => {
                let mut out = std::mem::take(&mut self.out);
                self.directory
                    .0
                    .list(&query, after.as_ref(), limit, &mut out);
                self.send(transport, out);
            }
            Request::Watch(query) => {
                let watched = self.watch(transport, query);
                self.say(transport, watched.map(|()| Head::default()));
            }
            Request::Unwatch => {
                self.unwatch();
                self.say(transport, Ok(Head::default()));
            }
            Request::Log {
                name,
                before,
                limit,
            } => self.log(transport, name, before, limit),
            Request::Ping => self.say(transport, Ok(Head::default())),
            Request::Help => {
                let mut out = std::mem::take(&mut self.out);
                Head::of(Request::help().len()).write(&mut out);
                for line in Request::help() {
                    out.push_str(line);
                    out.push('\n');
                }
                self.send(transport, out);
            }
            Request::Quit => {
                self.say(transport, Ok(Head::default()));
                self.end(transport, Ending::Asked);
            }
        }
    }

    fn find(&mut self, transport: &mut FrameTransport<'_, Lines>, query: &Query, all: bool) {
        let mut out = std::mem::take(&mut self.out);
        let shared = &self.directory.0;
        let now = shared.clock.now();
        let mut count = 0;
        let found = match all {
            // One line is by far the most frequent answer, and needs no counting first.
            false => {
                out.push_str("ok 1\n");
                shared.find(query, false, self.who, |record| record.write(&mut out, now))
            }
            true => {
                let mut lines = String::new();
                let found = shared.find(query, true, self.who, |record| {
                    record.write(&mut lines, now);
                    count += 1;
                });
                Head::of(count).write(&mut out);
                out.push_str(&lines);
                found
            }
        };
        if let Err(refused) = found {
            out.clear();
            out.push_str(&refused.line());
        }
        self.send(transport, out);
    }

    fn change(&mut self, transport: &mut FrameTransport<'_, Lines>, op: Op) {
        let answer = self.later(transport);
        let reply = move |result: Result<Done, Refused>| {
            let head = result.map(|done| Head {
                token: done.token,
                ttl: done.ttl,
                ..Head::default()
            });
            answer.with(line(head));
        };
        self.directory.0.submit(op, Box::new(reply));
        self.answered_within(transport);
    }

    fn log(
        &mut self,
        transport: &mut FrameTransport<'_, Lines>,
        name: Option<lariat_protocol::names::Name>,
        before: Option<u64>,
        limit: usize,
    ) {
        if !self.terms.shows_log_to(self.who) {
            let sentence = format!("the log is not shown to {}", self.who);
            return self.say(transport, Err(Refused::new(ErrorCode::Denied, sentence)));
        }
        let answer = self.later(transport);
        let reply = move |page: Result<Vec<LogRow>, Refused>| {
            answer.with(match page {
                Ok(rows) => log_page(&rows, limit),
                Err(refused) => refused.line(),
            });
        };
        self.directory.0.log(name, before, limit, Box::new(reply));
        self.answered_within(transport);
    }

    fn watch(
        &mut self,
        transport: &mut FrameTransport<'_, Lines>,
        query: Query,
    ) -> Result<(), Refused> {
        if let Some(watcher) = self.watcher {
            return self.directory.0.watchers.extend(watcher, query);
        }
        let handle = transport.handle();
        let sink = move |told: &Arc<Told>| match handle.send(Message::shared(Arc::clone(told))) {
            Ok(()) => true,
            Err(SendError::Full(_)) => {
                let _ = handle.send_result(Message::new(Slow));
                false
            }
            Err(SendError::Gone(_)) => false,
        };
        self.watcher = Some(self.directory.0.watch(query, Box::new(sink))?);
        Ok(())
    }

    fn unwatch(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            self.directory.0.watchers.remove(watcher);
        }
    }

    /// Keeps a place for an answer that comes later.
    fn later(&mut self, transport: &mut FrameTransport<'_, Lines>) -> Later {
        let ticket = self.ordering.later();
        if self.ordering.len() >= MAXIMUM_WAITING {
            transport.pause_reading();
        }
        let within = (!self.directory.0.has_threads()).then(|| Arc::clone(&self.within));
        Later {
            ticket,
            handle: transport.handle(),
            within,
        }
    }

    /// Sends what was answered within the call that asked for it.
    fn answered_within(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        let answered = self
            .within
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Answered { ticket, answer }) = answered {
            self.answered(transport, ticket, answer);
        }
    }

    fn answered(
        &mut self,
        transport: &mut FrameTransport<'_, Lines>,
        ticket: Ticket,
        answer: String,
    ) {
        if let Some(all) = self.ordering.answer(ticket, answer) {
            self.write(transport, &all);
        }
        if self.ordering.is_empty()
            && let Some(request) = self.held.take()
        {
            self.request(transport, request);
        }
        match self.ending {
            Some(_) => self.end_when_answered(transport),
            None if self.held.is_some() => {}
            None if self.ordering.len() < MAXIMUM_WAITING / 2 => transport.resume_reading(),
            None => {}
        }
    }

    fn say(&mut self, transport: &mut FrameTransport<'_, Lines>, head: Result<Head, Refused>) {
        self.send(transport, line(head));
    }

    /// Sends an answer, if none before it waits.
    fn send(&mut self, transport: &mut FrameTransport<'_, Lines>, answer: String) {
        if !self.ordering.is_empty() {
            // What is wrong with a line is told in its turn.
            self.ordering.ready(answer);
            if self.ordering.len() >= MAXIMUM_WAITING {
                transport.pause_reading();
            }
            return;
        }
        self.write(transport, &answer);
        self.out = answer;
        self.out.clear();
        // A long page would otherwise stay with an idle connection.
        self.out.shrink_to(MAXIMUM_LINE);
    }

    fn write(&mut self, transport: &mut FrameTransport<'_, Lines>, answer: &str) {
        self.unread.answer(answer.len());
        transport.write(answer.as_bytes());
    }

    /// Ends the connection when all is answered.
    fn end(&mut self, transport: &mut FrameTransport<'_, Lines>, ending: Ending) {
        self.ending.get_or_insert(ending);
        self.end_when_answered(transport);
    }

    fn end_when_answered(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        if !self.ordering.is_empty() {
            transport.pause_reading();
            return;
        }
        match self.ending.take() {
            Some(Ending::Broken(error)) => return transport.fail(error),
            Some(Ending::Stopping) => {
                let sentence = "the name server is going down";
                let refused = Refused::new(ErrorCode::Stopping, sentence);
                self.write(transport, &refused.line());
            }
            Some(Ending::Asked) | None => {}
        }
        transport.lose_connection();
    }

    fn is_slow(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.unwatch();
        let sentence = "the changes that you watch were not read; watch and list again";
        let refused = Refused::new(ErrorCode::Slow, sentence);
        self.write(transport, &refused.line());
        transport.fail(Error::limit("a watcher does not read what it watches"));
    }
}

impl FrameProtocol<Lines> for Session {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, frame: Line<'_>) {
        let request = match std::str::from_utf8(frame.content()) {
            Ok(line) => line.parse::<Request>().map_err(Refused::from),
            Err(_) => Err(Refused::new(ErrorCode::Invalid, "the line is not UTF-8")),
        };
        match request {
            Ok(request) => self.take(transport, request),
            Err(refused) => self.say(transport, Err(refused)),
        }
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, error: Error) {
        let refused = Refused::new(ErrorCode::Invalid, error.to_string());
        self.say(transport, Err(refused));
        self.end(transport, Ending::Broken(error));
    }

    fn eof_received(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.end(transport, Ending::Asked);
    }

    fn message_received(&mut self, transport: &mut FrameTransport<'_, Lines>, message: Message) {
        if let Some(told) = message.get::<Told>() {
            if self.unread.changes(transport.buffered()) > MAXIMUM_UNREAD {
                self.is_slow(transport);
            } else if self.watcher.is_some() {
                self.unread.change(told.line.len());
                transport.write(told.line.as_bytes());
            }
            return;
        }
        let answered = match message.take::<Answered>() {
            Ok(answered) => answered,
            Err(message) => {
                if message.get::<Slow>().is_some() {
                    self.is_slow(transport);
                }
                return;
            }
        };
        self.answered(transport, answered.ticket, answered.answer);
    }

    fn drain(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.end(transport, Ending::Stopping);
    }

    fn deadline_passed(&mut self, transport: &mut FrameTransport<'_, Lines>, deadline: Deadline) {
        self.unwatch();
        // It would be taken for the answer to a change that waits for the disk, and may be made yet.
        if self.ordering.is_empty() {
            let refused = Refused::new(ErrorCode::Late, deadline.to_string());
            self.write(transport, &refused.line());
        }
    }

    fn connection_lost(&mut self, _: &Reason) {
        self.unwatch();
    }
}

fn line(head: Result<Head, Refused>) -> String {
    match head {
        Ok(head) => {
            let mut line = String::new();
            head.write(&mut line);
            line
        }
        Err(refused) => refused.line(),
    }
}

fn log_page(rows: &[LogRow], limit: usize) -> String {
    let last = rows.last().map(|row| row.row.to_string());
    let head = Head {
        lines: rows.len(),
        // A page that is not full is the last.
        more: last.filter(|_| rows.len() >= limit),
        ..Head::default()
    };
    let mut page = String::new();
    head.write(&mut page);
    for row in rows {
        page.push_str(&row.to_string());
        page.push('\n');
    }
    page
}
