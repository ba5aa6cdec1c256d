//! The server's side: requests in their turn, one at a time, and what is worked on meanwhile.

use std::collections::VecDeque;

use crate::command::answer::status;
use crate::command::{Answer, MAXIMUM_LINE, Request, RequestError};
use crate::contract::{
    Deadline, Error, Handle, Message, Protocol, Reason, Refusal, TimerId, Transport,
};
use crate::framing::{FrameProtocol, FrameTransport, Framed, Line, LineEnd, Lines};

/// How many requests of one connection may wait for their turn. Further ones stay in the peer's
/// and the system's buffers.
pub const WAITING_REQUESTS: usize = 16;

/// The commands of a server, for one connection.
pub trait Commands: Send + 'static {
    /// What is worked on. It is dropped when it is not wanted any more: at the answer, and when the
    /// connection ends before; that is to end the work.
    type Work: Send + 'static;

    /// Begins what is asked for. Unless it can be answered at once, the [`Answer`] is sent to this
    /// handle, as the result of something asked for ([`Handle::send_result`]), by whoever works.
    fn start(&mut self, request: &Request, to: Handle) -> Started<Self::Work>;
}

/// How a request was begun.
#[derive(Debug)]
pub enum Started<W> {
    /// It is answered.
    Answered(Answer),
    /// It is worked on.
    Working(W),
}

/// Answers requests, each when the one before it is answered.
///
/// ```
/// use lariat_protocol::command::{Answer, CommandServer, Commands, Request, Started};
/// use lariat_protocol::{Handle, Protocol, Transport};
///
/// struct Greeting;
///
/// impl Commands for Greeting {
///     type Work = ();
///
///     fn start(&mut self, request: &Request, _: Handle) -> Started<()> {
///         Started::Answered(Answer::ok(format!("hello {}", request.argument())))
///     }
/// }
///
/// let mut transport = Transport::unconnected();
/// CommandServer::new(Greeting).data_received(&mut transport, b"greet you\nquit\n");
/// assert_eq!(transport.take_written(), b"ok\nhello you\n.\nok\n.\n");
/// assert!(transport.is_closing());
/// ```
pub struct CommandServer<C: Commands>(Framed<Lines, Serving<C>>);

impl<C: Commands> CommandServer<C> {
    /// A server for one connection.
    pub fn new(commands: C) -> Self {
        let lines = Lines::new(MAXIMUM_LINE).ending_with(LineEnd::Lf);
        CommandServer(Framed::new(
            lines,
            Serving {
                commands,
                waiting: VecDeque::new(),
                work: None,
                ended: false,
            },
        ))
    }
}

/// What a connection is told that is not taken.
pub fn refusal(why: Refusal) -> Vec<u8> {
    status("closing", &format!("{why}; try again later"))
}

struct Serving<C: Commands> {
    commands: C,
    /// What was asked and not begun.
    waiting: VecDeque<Result<Request, RequestError>>,
    work: Option<C::Work>,
    /// Whether the peer will ask nothing more.
    ended: bool,
}

impl<C: Commands> Serving<C> {
    /// Answers what waits, until something takes time or the peer does not read.
    fn advance(&mut self, transport: &mut Transport) {
        while self.work.is_none() && !transport.is_write_paused() && !transport.is_closing() {
            let Some(request) = self.waiting.pop_front() else {
                if self.ended {
                    transport.lose_connection();
                }
                break;
            };
            match request {
                Err(error) => answer(transport, &Answer::error(error.to_string())),
                Ok(request) if request.name() == "quit" => quit(transport, &request),
                Ok(request) => match self.commands.start(&request, transport.handle()) {
                    Started::Answered(whole) => answer(transport, &whole),
                    Started::Working(work) => self.work = Some(work),
                },
            }
        }
        // Reading goes on meanwhile, so that a connection that breaks ends the work.
        transport.set_working(self.work.is_some());
        match self.waiting.len() < WAITING_REQUESTS {
            true => transport.resume_reading(),
            false => transport.pause_reading(),
        }
    }

    /// Ends the connection with a reason that answers no request.
    fn close(&mut self, transport: &mut Transport, why: &str) {
        self.work = None;
        self.waiting.clear();
        transport.write(&status("closing", why));
    }
}

fn answer(transport: &mut Transport, answer: &Answer) {
    transport.write_bytes(answer.encode().into());
}

fn quit(transport: &mut Transport, request: &Request) {
    if !request.argument().is_empty() {
        return answer(transport, &Answer::error("quit takes no argument"));
    }
    answer(transport, &Answer::ok(""));
    transport.lose_connection();
}

impl<C: Commands> FrameProtocol<Lines> for Serving<C> {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        self.waiting.push_back(Request::parse(line.content()));
        self.advance(transport);
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, error: Error) {
        self.close(transport, &error.to_string());
        transport.fail(error);
    }

    fn eof_received(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.ended = true;
        self.advance(transport);
    }

    fn write_resumed(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.advance(transport);
    }

    fn message_received(&mut self, transport: &mut FrameTransport<'_, Lines>, message: Message) {
        let Ok(whole) = message.take::<Answer>() else {
            return;
        };
        // An answer to nothing is one of a work that was broken off.
        if self.work.take().is_some() {
            answer(transport, &whole);
            self.advance(transport);
        }
    }

    fn drain(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        self.close(transport, "the server goes down");
        transport.lose_connection();
    }

    fn deadline_passed(&mut self, transport: &mut FrameTransport<'_, Lines>, deadline: Deadline) {
        self.close(transport, &deadline.to_string());
    }

    fn connection_lost(&mut self, _: &Reason) {
        self.work = None;
        self.waiting.clear();
    }
}

impl<C: Commands> Protocol for CommandServer<C> {
    fn connection_made(&mut self, transport: &mut Transport) {
        self.0.connection_made(transport);
    }

    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        self.0.data_received(transport, data);
    }

    fn message_end(&mut self, transport: &mut Transport) {
        self.0.message_end(transport);
    }

    fn eof_received(&mut self, transport: &mut Transport) {
        self.0.eof_received(transport);
    }

    fn input_released(&mut self, transport: &mut Transport) {
        self.0.input_released(transport);
    }

    fn write_paused(&mut self, transport: &mut Transport) {
        self.0.write_paused(transport);
    }

    fn write_resumed(&mut self, transport: &mut Transport) {
        self.0.write_resumed(transport);
    }

    fn message_received(&mut self, transport: &mut Transport, message: Message) {
        self.0.message_received(transport, message);
    }

    fn timer(&mut self, transport: &mut Transport, timer: TimerId) {
        self.0.timer(transport, timer);
    }

    fn drain(&mut self, transport: &mut Transport) {
        self.0.drain(transport);
    }

    fn deadline_passed(&mut self, transport: &mut Transport, deadline: Deadline) {
        self.0.deadline_passed(transport, deadline);
    }

    fn connection_lost(&mut self, reason: &Reason) {
        self.0.connection_lost(reason);
    }
}
