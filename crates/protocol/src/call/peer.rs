//! One side of a connection: what it calls, and what is called here.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use futures_channel::oneshot;

use crate::call::caller::{Inward, Link};
use crate::call::message::{Call, Malformed, Message};
use crate::call::running::{Key, Running};
use crate::call::waiting::Waiting;
use crate::call::{
    Allowance, CallError, CallFailure, Caller, Id, Methods, Outcome, Tasks, Working, code,
};
use crate::contract::{self, Address, Deadline, Error, Reason, TimerId, WaterMarks};
use crate::framing::{FrameProtocol, FrameTransport, Framed, Line, LineEnd, Lines};

type Transport<'a> = FrameTransport<'a, Lines>;

/// When calls that are under way have to be answered.
const FINISH: TimerId = TimerId(1);

/// So much may wait to be sent before further calls are not made: a quarter of what ends a
/// connection whose other side does not read.
const MOST_UNSENT: usize = 4 * 1024 * 1024;

/// What a method knows of its call.
///
/// When the caller cancels, its time is over, or the connection ends, the method's future is
/// dropped: what it holds is dropped with it, and what comes behind the `await` that it is at is not
/// done.
#[derive(Clone)]
pub struct Context {
    link: Arc<Link>,
    timeout: Option<Duration>,
}

impl Context {
    /// Who calls.
    pub fn peer(&self) -> &Address {
        &self.link.peer
    }

    /// How long the call may take, from its begin; the caller decides.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Calls methods of whoever called, over the same connection.
    pub fn caller(&self) -> Caller {
        Caller::borrowing(Arc::clone(&self.link))
    }
}

/// One side of a connection, as a protocol of lines; both sides are alike.
pub struct Peer<R: Tasks> {
    methods: Arc<dyn Methods>,
    tasks: R,
    allowance: Arc<Allowance>,
    running: Running<R::Task>,
    waiting: Waiting,
    /// There from when the connection is made.
    link: Option<Arc<Link>>,
    /// Who is given a [`Caller`] then.
    connecting: Option<oneshot::Sender<Caller>>,
    /// Who is told of its end.
    closing: Vec<oneshot::Sender<()>>,
    /// What calls that are under way are told at the last, once there is an end to wait for.
    ending: Option<CallError>,
    /// What the other side could not read of ours.
    complaint: Option<String>,
}

impl<R: Tasks> Peer<R> {
    /// A side with these methods, under an allowance that other connections may share.
    pub fn new(methods: Arc<dyn Methods>, tasks: R, allowance: Arc<Allowance>) -> Self {
        Peer {
            methods,
            tasks,
            running: Running::new(Arc::clone(&allowance)),
            allowance,
            waiting: Waiting::default(),
            link: None,
            connecting: None,
            closing: Vec::new(),
            ending: None,
            complaint: None,
        }
    }

    /// Gives a [`Caller`] to who has connected, once there is a connection; when its last clone is
    /// dropped, the connection is closed.
    pub fn calling(mut self) -> (Self, oneshot::Receiver<Caller>) {
        let (told, connected) = oneshot::channel();
        self.connecting = Some(told);
        (self, connected)
    }

    /// The protocol of a connection's bytes.
    pub fn framed(self) -> Framed<Lines, Self> {
        let maximum = self.allowance.limits().message;
        // Half an object of JSON is none, so a last line needs no end.
        let lines = Lines::new(maximum).ending_with(LineEnd::Lf).unterminated();
        Framed::new(lines, self)
    }

    /// How many calls of the other side are under way.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// How many calls of this side are not answered yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn begin(&mut self, transport: &mut Transport<'_>, call: Call<'_>, length: usize) {
        let Some(link) = self.link.clone() else {
            return;
        };
        if let Some(error) = &self.ending {
            let outcome = Err(error.clone());
            return self.answer(transport, call.id.as_ref(), outcome);
        }
        let is_answered = call.id.is_some();
        let admitted = match self.running.admit(call.id, length) {
            Ok(admitted) => admitted,
            Err((id, error)) if is_answered => {
                return self.tell(transport, id.as_ref(), &Err(error));
            }
            // Who wants no answer is not told of this either.
            Err(_) => return,
        };
        let context = Context {
            link: Arc::clone(&link),
            timeout: call.timeout,
        };
        let methods = &self.methods;
        let begun = unless_panic(|| {
            let mut working = match methods.begin(&call.method, call.params, context) {
                Ok(working) => working,
                Err(error) => return Begun::Done(Err(error)),
            };
            // A method that is done at once costs no task.
            let mut nobody = TaskContext::from_waker(Waker::noop());
            match working.as_mut().poll(&mut nobody) {
                Poll::Ready(outcome) => Begun::Done(outcome),
                Poll::Pending => Begun::GoesOn(working),
            }
        });
        match begun {
            Ok(Begun::GoesOn(working)) => {
                let key = admitted.key.clone();
                let limit = call.timeout.map(|time| Box::pin(self.tasks.sleep(time)));
                let task = self.tasks.spawn(async move {
                    let outcome = run(working, limit).await;
                    link.send(Inward::Done(key, outcome));
                });
                self.running.insert(admitted, task);
            }
            Ok(Begun::Done(outcome)) => {
                let key = self.running.give_back(admitted);
                self.answer(transport, key.id(), outcome);
            }
            Err(error) => {
                let key = self.running.give_back(admitted);
                self.answer(transport, key.id(), Err(error));
            }
        }
    }

    /// Answers a call, if it wants an answer.
    fn answer(&self, transport: &mut Transport<'_>, id: Option<&Id>, outcome: Outcome) {
        if id.is_some() {
            self.tell(transport, id, &outcome);
        }
    }

    /// Writes an answer, even to nobody by name.
    fn tell(&self, transport: &mut Transport<'_>, id: Option<&Id>, outcome: &Outcome) {
        let mut line = Message::write_answer(id, outcome);
        let maximum = self.allowance.limits().message;
        if line.len() > maximum {
            let words = format!("the result is longer than the {maximum} bytes of a message");
            let error = CallError::new(code::INTERNAL_ERROR, words);
            line = Message::write_answer(id, &Err(error));
        }
        transport.write_line(&line);
    }

    fn answered(&mut self, transport: &mut Transport<'_>, id: Option<Id>, outcome: Outcome) {
        let taken = match (id, outcome) {
            (Some(id), outcome) => self.waiting.answer(&id, outcome),
            (None, Err(error)) => {
                self.complaint = Some(error.message);
                Ok(())
            }
            (None, Ok(_)) => Err(Error::unexpected("a result without an id")),
        };
        if let Err(error) = taken {
            transport.fail(error);
        }
    }

    fn malformed(&mut self, transport: &mut Transport<'_>, malformed: Malformed) {
        match malformed {
            // Who only calls is called by nobody: this is another protocol.
            Malformed::Call { error, .. } if self.methods.names().is_empty() => {
                transport.fail(Error::invalid(error.message));
            }
            Malformed::Call { id, error } => self.tell(transport, id.as_ref(), &Err(error)),
            Malformed::Answer(words) => transport.fail(Error::invalid(words)),
        }
    }

    fn make_call(
        &mut self,
        transport: &mut Transport<'_>,
        id: u64,
        line: &[u8],
        caller: oneshot::Sender<super::waiting::Reply>,
    ) {
        let most = self.allowance.limits().calls;
        let refused = if transport.is_closing() {
            "the connection is being closed".into()
        } else if self.waiting.len() >= most {
            format!("{most} calls of this connection are not answered yet; no more are made")
        } else if transport.buffered() + line.len() > MOST_UNSENT {
            "the other side does not read what was sent to it".into()
        } else {
            self.waiting.begin(id, caller);
            transport.write_line(line);
            return;
        };
        // Who has given up meanwhile does not care.
        let _ = caller.send(Err(CallFailure::NotSent(refused)));
    }

    /// From now on what is under way is finished, and nothing new begun.
    fn finish(&mut self, transport: &mut Transport<'_>, at_last: CallError) {
        self.ending = Some(at_last);
        transport.set_timer(FINISH, self.allowance.limits().finish);
    }

    /// Tells the engine whether we work, and closes where there is nothing left to do.
    fn settle(&self, transport: &mut Transport<'_>) {
        transport.set_working(!self.running.is_empty());
        if self.ending.is_some() && self.running.is_empty() {
            transport.lose_connection();
        }
    }
}

impl<R: Tasks> FrameProtocol<Lines> for Peer<R> {
    fn connection_made(&mut self, transport: &mut Transport<'_>) {
        let tasks = self.tasks.clone();
        let link = Arc::new(Link {
            handle: transport.handle(),
            peer: transport.peer().clone(),
            message: self.allowance.limits().message,
            sleeper: Box::new(move |time| Box::pin(tasks.sleep(time))),
            next: AtomicU64::new(1),
            lost: OnceLock::new(),
        });
        self.link = Some(Arc::clone(&link));
        if let Some(connecting) = self.connecting.take() {
            // Whoever writes calls goes on reading answers meanwhile: if both sides stopped reading
            // until the other reads, neither would.
            transport.set_water_marks(WaterMarks {
                low: MOST_UNSENT,
                high: 2 * MOST_UNSENT,
                ..WaterMarks::DEFAULT
            });
            // If nobody takes it, it is dropped, and closes the connection.
            let _ = connecting.send(Caller::opening(link));
        }
    }

    fn frame_received(&mut self, transport: &mut Transport<'_>, line: Line<'_>) {
        let content = line.content();
        match Message::read(content) {
            Ok(Message::Call(call)) => self.begin(transport, call, content.len()),
            Ok(Message::Cancel(id)) => {
                let key = Key::Answered(id);
                if self.running.remove(&key) {
                    self.answer(transport, key.id(), Err(CallError::cancelled()));
                }
            }
            Ok(Message::Answer { id, outcome }) => self.answered(transport, id, outcome),
            Ok(Message::Nothing) => {}
            Err(malformed) => self.malformed(transport, malformed),
        }
        self.settle(transport);
    }

    fn frame_error(&mut self, transport: &mut Transport<'_>, error: Error) {
        if !self.methods.names().is_empty() {
            let words = match &error {
                Error::Limit(_) => format!(
                    "the message is longer than {} bytes",
                    self.allowance.limits().message
                ),
                error => error.to_string(),
            };
            let told = CallError::new(code::INVALID_REQUEST, words);
            self.tell(transport, None, &Err(told));
        }
        transport.fail(error);
    }

    fn message_received(&mut self, transport: &mut Transport<'_>, message: contract::Message) {
        match message.take::<Inward>() {
            Ok(Inward::Begin { id, line, caller }) => {
                self.make_call(transport, id, &line, caller);
            }
            Ok(Inward::Abandon(id)) => {
                if self.waiting.abandon(id) {
                    transport.write_line(&Message::write_cancel(id));
                }
            }
            Ok(Inward::Done(key, outcome)) => {
                // It is not there when it was cancelled meanwhile, and then it is answered.
                if self.running.remove(&key) {
                    self.answer(transport, key.id(), outcome);
                }
            }
            Ok(Inward::Close(told)) => {
                for id in self.waiting.wanted() {
                    transport.write_line(&Message::write_cancel(id));
                }
                self.closing.extend(told);
                transport.lose_connection();
            }
            // Nobody else knows of this connection.
            Err(_) => {}
        }
        self.settle(transport);
    }

    fn timer(&mut self, transport: &mut Transport<'_>, _: TimerId) {
        if let Some(error) = self.ending.clone() {
            for key in self.running.end_all() {
                self.answer(transport, key.id(), Err(error.clone()));
            }
        }
        self.settle(transport);
    }

    fn eof_received(&mut self, transport: &mut Transport<'_>) {
        self.finish(transport, CallError::cancelled());
        self.settle(transport);
    }

    fn drain(&mut self, transport: &mut Transport<'_>) {
        self.finish(transport, CallError::going_down());
        self.settle(transport);
    }

    fn deadline_passed(&mut self, transport: &mut Transport<'_>, deadline: Deadline) {
        let late = CallError::late(deadline);
        for key in self.running.end_all() {
            self.answer(transport, key.id(), Err(late.clone()));
        }
        if !self.methods.names().is_empty() {
            self.tell(transport, None, &Err(late));
        }
    }

    fn connection_lost(&mut self, reason: &Reason) {
        self.running.end_all();
        let why = match (&self.complaint, reason) {
            (Some(complaint), _) => format!("the other side ended the connection: {complaint}"),
            (None, Reason::PeerClosed) => "the other side closed the connection".into(),
            (None, Reason::Closed) => "this side closed the connection".into(),
            (None, Reason::Failed(error)) => format!("the connection was lost: {error}"),
            (None, _) => "the connection was cut off".into(),
        };
        let why: Arc<str> = why.into();
        if let Some(link) = &self.link {
            let _ = link.lost.set(Arc::clone(&why));
        }
        self.waiting.fail_all(&CallFailure::Lost(why));
        self.closing.clear();
    }
}

/// What has become of a call when it was looked at for the first time.
enum Begun {
    Done(Outcome),
    GoesOn(Working),
}

/// Runs a method until it is done, panics, or its time is over.
async fn run(mut working: Working, limit: Option<Pin<Box<impl Future<Output = ()>>>>) -> Outcome {
    let mut limit = limit;
    poll_fn(|context| {
        match unless_panic(|| working.as_mut().poll(context)) {
            Ok(Poll::Ready(outcome)) => return Poll::Ready(outcome),
            Ok(Poll::Pending) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
        match &mut limit {
            Some(limit) => limit
                .as_mut()
                .poll(context)
                .map(|()| Err(CallError::timed_out())),
            None => Poll::Pending,
        }
    })
    .await
}

/// A panic ends the call that it came in, and no other.
fn unless_panic<T>(work: impl FnOnce() -> T) -> Result<T, CallError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| CallError::new(code::INTERNAL_ERROR, "the method broke down"))
}
