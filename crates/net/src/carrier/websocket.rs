//! WebSocket as a carrier: tungstenite, driven over any other carrier.
//!
//! It decides no message's meaning: a message in is a message up, a write down is a message
//! out, as text when the peer last spoke text and the bytes are UTF-8.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::handshake::{HandshakeError, HandshakeRole};
use tungstenite::http::StatusCode;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::carrier::frames::Frames;
use crate::carrier::{Carrier, Received};
use crate::driver::scratch::READ_BUFFER;
use crate::open::OpenError;

/// The longest message that a server takes, and the longest frame: as long as a line may be.
const MAXIMUM_ASKED: usize = 64 * 1024;

/// The longest that a client takes: answers are longer than their questions by what is put round
/// them. Both are within one read buffer, so that a message is always handed up whole.
const MAXIMUM_ANSWERED: usize = READ_BUFFER;

/// The longest message that is sent: other peers may take more than we do.
const MAXIMUM_SENT: usize = 128 * 1024;

/// What a frame's header takes at the most.
const LONGEST_HEADER: usize = 14;

/// How much is read from below at once, into a buffer that all WebSockets of a thread share.
const READ_AT_ONCE: usize = 16 * 1024;

/// What each WebSocket keeps to read into while it is idle, and how much tungstenite takes from
/// what was read at once: a short message in one piece, a long one in many cheap ones.
const KEPT_TO_READ: usize = 256;

thread_local! {
    static READ: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// Small buffers: tungstenite's own defaults hold 131 KB for each idle socket.
fn configuration(maximum: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(KEPT_TO_READ)
        .write_buffer_size(0)
        .max_write_buffer_size(MAXIMUM_SENT + LONGEST_HEADER)
        .max_message_size(Some(maximum))
        .max_frame_size(Some(maximum))
}

/// A carrier as the blocking stream that tungstenite expects: what would wait is
/// `WouldBlock`, and who is concerned is woken when it is worth another try.
struct Blocking {
    carrier: Carrier,
    waker: Waker,
    /// Where in the stream reading is.
    frames: Frames,
    /// What was read from the carrier and not taken yet; it has memory only while there is some.
    ahead: Bytes,
}

impl Blocking {
    /// Reads more than was asked for: a read costs the same however much it brings.
    fn read_ahead(&mut self, read: &mut [u8], buffer: &mut [u8]) -> io::Result<usize> {
        let mut context = Context::from_waker(&self.waker);
        let mut read = ReadBuf::new(read);
        match Pin::new(&mut self.carrier).poll_read(&mut context, &mut read) {
            Poll::Ready(result) => result?,
            Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
        }
        let read = read.filled();
        let (taken, rest) = read.split_at(read.len().min(buffer.len()));
        buffer[..taken.len()].copy_from_slice(taken);
        if !rest.is_empty() {
            self.ahead = Bytes::copy_from_slice(rest);
        }
        Ok(taken.len())
    }
}

impl Read for Blocking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.read_some(buffer)?;
        self.frames.pass(&buffer[..length]);
        Ok(length)
    }
}

impl Blocking {
    fn read_some(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead.is_empty() {
            return READ.with(|own| {
                let fresh = || vec![0; READ_AT_ONCE].into_boxed_slice();
                let mut read = own.take().unwrap_or_else(fresh);
                let result = self.read_ahead(&mut read, buffer);
                own.set(Some(read));
                result
            });
        }
        let length = self.ahead.len().min(buffer.len());
        self.ahead.copy_to_slice(&mut buffer[..length]);
        if self.ahead.is_empty() {
            self.ahead = Bytes::new();
        }
        Ok(length)
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

/// The tasks that read and write, which may be two. Either is woken by whatever happens below:
/// reading answers pings and so writes, and must not take the writing task's place.
#[derive(Default)]
struct Tasks {
    reading: AtomicWaker,
    writing: AtomicWaker,
}

impl Wake for Tasks {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reading.wake();
        self.writing.wake();
    }
}

/// An open WebSocket.
pub(crate) struct WebSocketCarrier {
    socket: WebSocket<Blocking>,
    tasks: Arc<Tasks>,
    /// Whether the peer's last message was text, which answers then are too.
    text: bool,
    /// What did not fit into the reader's buffer.
    rest: Bytes,
    closing: bool,
    /// How the goodbye is to be understood.
    code: CloseCode,
}

impl WebSocketCarrier {
    fn new(mut socket: WebSocket<Blocking>) -> Self {
        let tasks = Arc::<Tasks>::default();
        socket.get_mut().waker = Waker::from(Arc::clone(&tasks));
        WebSocketCarrier {
            socket,
            tasks,
            text: true,
            rest: Bytes::new(),
            closing: false,
            code: CloseCode::Normal,
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
        let configuration = configuration(MAXIMUM_ASKED);
        let step = tungstenite::accept_hdr_with_config(blocking, check, Some(configuration));
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
        let configuration = configuration(MAXIMUM_ANSWERED);
        let step = tungstenite::client::client_with_config(url, blocking, Some(configuration));
        match finish(step).await {
            Ok((socket, _)) => Ok(WebSocketCarrier::new(socket)),
            Err(error) => Err(refusal(error, Side::Client)),
        }
    }

    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(self.hand_over(buffer)));
        }
        self.tasks.reading.register(context.waker());
        loop {
            let message = match self.socket.read() {
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

    /// What it is over.
    pub(crate) fn below(&self) -> &Carrier {
        &self.socket.get_ref().carrier
    }

    /// Whether a message has begun and is not whole.
    pub(crate) fn is_in_message(&self) -> bool {
        self.socket.get_ref().frames.is_in_message()
    }

    /// How many bytes of messages came since this was asked last.
    pub(crate) fn take_arrived(&mut self) -> u64 {
        self.socket.get_mut().frames.take_arrived()
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
        if message.len() > MAXIMUM_SENT {
            return Poll::Ready(Err(too_long(message.len())));
        }
        let message = match self.text.then(|| Utf8Bytes::try_from(message.clone())) {
            Some(Ok(text)) => Message::Text(text),
            _ => Message::Binary(message.clone()),
        };
        match self.socket.write(message) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(into_io(error))),
        }
    }

    pub(crate) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tasks.writing.register(context.waker());
        match self.socket.flush() {
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => Poll::Ready(Ok(())),
            Err(error) => blocked(error),
        }
    }

    /// The goodbye will say that the server goes down (RFC 6455 section 7.4.1: 1001).
    pub(crate) fn going_away(&mut self) {
        self.code = CloseCode::Away;
    }

    /// Says goodbye; what the peer still says is read until it says goodbye too.
    pub(crate) fn poll_shutdown(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closing {
            self.closing = true;
            let goodbye = CloseFrame {
                code: self.code,
                reason: Utf8Bytes::from_static(""),
            };
            self.tasks.writing.register(context.waker());
            match self.socket.close(Some(goodbye)) {
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
        frames: Frames::default(),
        ahead: Bytes::new(),
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

fn too_long(length: usize) -> io::Error {
    let problem = format!(
        "a WebSocket message of {length} bytes is too long to be sent: at most {MAXIMUM_SENT}"
    );
    io::Error::new(io::ErrorKind::FileTooLarge, problem)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, split};

    use super::*;

    /// A server and a client, with room for so many bytes between them.
    async fn pair(room: usize) -> (WebSocketCarrier, WebSocketCarrier) {
        let (near, far) = duplex(room);
        let (server, client) = tokio::join!(
            WebSocketCarrier::accept(Carrier::Memory(near), None),
            WebSocketCarrier::connect(Carrier::Memory(far), "localhost", "/", false),
        );
        (server.expect("accepted"), client.expect("connected"))
    }

    #[tokio::test]
    async fn what_is_too_long_to_be_sent_is_told_in_words() {
        let (server, _client) = pair(1024 * 1024).await;
        let mut server = Carrier::WebSocket(Box::new(server));
        let longest = server.write(&[b'x'; MAXIMUM_SENT]).await;
        assert_eq!(longest.expect("sent"), MAXIMUM_SENT);
        let error = server.write(&[b'x'; MAXIMUM_SENT + 1]).await;
        let error = error.expect_err("too long");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(
            error.to_string(),
            "a WebSocket message of 131073 bytes is too long to be sent: at most 131072"
        );
    }

    /// Both are much longer than what is read at once, and come in one piece with others.
    #[tokio::test]
    async fn long_messages_among_short_ones_come_whole() {
        let (mut server, client) = pair(256 * 1024).await;
        let mut client = Carrier::WebSocket(Box::new(client));
        let lengths = [10, 64 * 1024, 1, 300, 40_000, 2, 0];
        for (length, byte) in lengths.into_iter().zip(b'a'..) {
            let message = Bytes::from(vec![byte; length]);
            let send = poll_fn(|context| client.poll_send(context, &message));
            send.await.expect("sent");
        }
        client.flush().await.expect("sent");
        let mut heard = vec![0; READ_BUFFER];
        for (length, byte) in lengths.into_iter().zip(b'a'..) {
            let receive = poll_fn(|context| server.poll_receive(context, &mut heard));
            assert_eq!(receive.await.expect("heard"), Received::Message(length));
            assert!(heard[..length].iter().all(|heard| *heard == byte));
        }
        assert!(server.socket.read().is_err(), "there is no more");
        assert!(server.socket.get_ref().ahead.is_empty());
    }

    /// The reading task answers a ping while the writing one waits: both go on.
    #[tokio::test]
    async fn two_tasks_may_share_it() {
        let (server, mut client) = pair(1024).await;
        let (mut reader, mut writer) = split(Carrier::WebSocket(Box::new(server)));
        let reading = tokio::spawn(async move {
            let mut word = [0; 4];
            reader.read_exact(&mut word).await.map(|_| word)
        });
        let writing = tokio::spawn(async move {
            writer.write_all(&[b'x'; 60_000]).await?;
            writer.flush().await
        });
        // The writer is at its wait before the ping comes.
        tokio::task::yield_now().await;
        let ping = Message::Ping(Bytes::from_static(b"there?"));
        client.socket.send(ping).expect("sent");
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let mut client = Carrier::WebSocket(Box::new(client));
        let mut heard = vec![0; 60_000];
        let all = async {
            client.read_exact(&mut heard).await.expect("heard");
            writing.await.expect("no panic").expect("sent");
            client.write_all(b"done").await.expect("sent");
            client.flush().await.expect("sent");
            reading.await.expect("no panic").expect("heard")
        };
        let word = tokio::time::timeout(Duration::from_secs(10), all).await;
        assert_eq!(&word.expect("nobody was forgotten"), b"done");
    }
}
