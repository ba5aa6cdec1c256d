//! WebSocket as a carrier: tungstenite, driven over any other carrier.
//!
//! It decides no message's meaning: a message in is a message up, a write down is a message
//! out, as text when the peer last spoke text and the bytes are UTF-8.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::handshake::{HandshakeError, HandshakeRole};
use tungstenite::http::StatusCode;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::carrier::{Carrier, Received};
use crate::open::OpenError;

/// The longest message, and the longest frame: one read buffer, so that a message is always
/// handed up whole.
pub(crate) const MAXIMUM_MESSAGE: usize = 64 * 1024;

/// Small buffers: tungstenite's own defaults hold 131 KB for each idle socket.
fn configuration() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAXIMUM_MESSAGE)
        .max_message_size(Some(MAXIMUM_MESSAGE))
        .max_frame_size(Some(MAXIMUM_MESSAGE))
}

/// A carrier as the blocking stream that tungstenite expects: what would wait is
/// `WouldBlock`, and the task that called last is woken when it is worth another try.
struct Blocking {
    carrier: Carrier,
    waker: Waker,
}

impl Read for Blocking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(&mut self.carrier).poll_read(&mut context, &mut buffer) {
            Poll::Ready(result) => result.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Blocking {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        match Pin::new(&mut self.carrier).poll_write(&mut context, data) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut context = Context::from_waker(&self.waker);
        match Pin::new(&mut self.carrier).poll_flush(&mut context) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// An open WebSocket.
pub(crate) struct WebSocketCarrier {
    socket: WebSocket<Blocking>,
    /// Whether the peer's last message was text, which answers then are too.
    text: bool,
    /// What did not fit into the reader's buffer.
    rest: Bytes,
    closing: bool,
}

impl WebSocketCarrier {
    fn new(socket: WebSocket<Blocking>) -> Self {
        WebSocketCarrier {
            socket,
            text: true,
            rest: Bytes::new(),
            closing: false,
        }
    }

    /// The server's side of the handshake, for requests of `path`; all paths if it is none.
    // The error type is tungstenite's callback contract, a whole response.
    #[allow(clippy::result_large_err)]
    pub(crate) async fn accept(carrier: Carrier, path: Option<String>) -> Result<Self, OpenError> {
        let check = move |request: &Request, response: Response| match &path {
            Some(path) if request.uri().path() != path => {
                let mut refusal = ErrorResponse::new(Some(format!("WebSocket is at {path}\n")));
                *refusal.status_mut() = StatusCode::NOT_FOUND;
                Err(refusal)
            }
            _ => Ok(response),
        };
        let blocking = blocking(carrier);
        let step = tungstenite::accept_hdr_with_config(blocking, check, Some(configuration()));
        match finish(step).await {
            Ok(socket) => Ok(WebSocketCarrier::new(socket)),
            Err(error) => Err(refusal(error, Side::Server)),
        }
    }

    /// The client's side of the handshake.
    pub(crate) async fn connect(
        carrier: Carrier,
        host: &str,
        path: &str,
        secure: bool,
    ) -> Result<Self, OpenError> {
        let scheme = if secure { "wss" } else { "ws" };
        let url = format!("{scheme}://{host}{path}");
        let blocking = blocking(carrier);
        let step = tungstenite::client::client_with_config(url, blocking, Some(configuration()));
        match finish(step).await {
            Ok((socket, _)) => Ok(WebSocketCarrier::new(socket)),
            Err(error) => Err(refusal(error, Side::Client)),
        }
    }

    /// Prepares the stream below for being polled by this task.
    fn by(&mut self, context: &Context<'_>) -> &mut WebSocket<Blocking> {
        let waker = &mut self.socket.get_mut().waker;
        if !waker.will_wake(context.waker()) {
            waker.clone_from(context.waker());
        }
        &mut self.socket
    }

    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(self.hand_over(buffer)));
        }
        loop {
            let message = match self.by(context).read() {
                Ok(message) => message,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => {
                    return Poll::Ready(Ok(Received::End));
                }
                Err(error) => return blocked(error),
            };
            match message {
                Message::Text(text) => {
                    self.text = true;
                    self.rest = text.into();
                }
                Message::Binary(bytes) => {
                    self.text = false;
                    self.rest = bytes;
                }
                Message::Close(_) => return Poll::Ready(Ok(Received::End)),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            }
            return Poll::Ready(Ok(self.hand_over(buffer)));
        }
    }

    fn hand_over(&mut self, buffer: &mut [u8]) -> Received {
        let length = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..length]);
        if self.rest.is_empty() {
            self.rest = Bytes::new();
            Received::Message(length)
        } else {
            Received::Bytes(length)
        }
    }

    pub(crate) fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        message: &Bytes,
    ) -> Poll<io::Result<()>> {
        // One message at a time waits inside tungstenite; the others wait where their
        // water marks are.
        ready!(self.poll_flush(context))?;
        let message = match self.text.then(|| Utf8Bytes::try_from(message.clone())) {
            Some(Ok(text)) => Message::Text(text),
            _ => Message::Binary(message.clone()),
        };
        match self.by(context).write(message) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(into_io(error))),
        }
    }

    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.by(context).flush() {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => Poll::Ready(Ok(())),
            Err(error) => blocked(error),
        }
    }

    /// Says goodbye; what the peer still says is read until it says goodbye too.
    pub(crate) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closing {
            self.closing = true;
            let goodbye = CloseFrame {
                code: CloseCode::Normal,
                reason: Utf8Bytes::from_static(""),
            };
            match self.by(context).close(Some(goodbye)) {
                Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(into_io(error))),
            }
        }
        self.poll_flush(context)
    }
}

fn blocking(carrier: Carrier) -> Blocking {
    Blocking {
        carrier,
        waker: Waker::noop().clone(),
    }
}

/// Goes on with a handshake until it is done. The first step ran before the task was known;
/// each further one is made by the task, so that what is not ready wakes it.
async fn finish<R>(
    first: Result<R::FinalResult, HandshakeError<R>>,
) -> Result<R::FinalResult, Error>
where
    R: HandshakeRole<InternalStream = Blocking>,
{
    let mut middle = match first {
        Ok(done) => return Ok(done),
        Err(HandshakeError::Failure(error)) => return Err(error),
        Err(HandshakeError::Interrupted(middle)) => Some(middle),
    };
    poll_fn(|context| {
        let Some(mut handshake) = middle.take() else {
            return Poll::Pending;
        };
        handshake.get_mut().get_mut().waker = context.waker().clone();
        match handshake.handshake() {
            Ok(done) => Poll::Ready(Ok(done)),
            Err(HandshakeError::Failure(error)) => Poll::Ready(Err(error)),
            Err(HandshakeError::Interrupted(next)) => {
                middle = Some(next);
                Poll::Pending
            }
        }
    })
    .await
}

fn blocked<T>(error: Error) -> Poll<io::Result<T>> {
    match error {
        Error::Io(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        error => Poll::Ready(Err(into_io(error))),
    }
}

fn into_io(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            io::ErrorKind::UnexpectedEof.into()
        }
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

enum Side {
    Server,
    Client,
}

fn refusal(error: Error, side: Side) -> OpenError {
    match error {
        Error::Io(error) => OpenError::Io(error),
        Error::Http(response) => OpenError::WebSocket(format!(
            "the server answered the WebSocket request with {}",
            response.status()
        )),
        Error::HttpFormat(_)
        | Error::Protocol(tungstenite::error::ProtocolError::HttparseError(_)) => {
            OpenError::WebSocket(match side {
                Side::Server => "the peer did not speak HTTP to a WebSocket port".into(),
                Side::Client => "the server does not speak WebSocket on this port".into(),
            })
        }
        other => OpenError::WebSocket(format!("the WebSocket handshake failed: {other}")),
    }
}
