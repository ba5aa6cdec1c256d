//! A body, of a request or of an answer: nothing, bytes that are there, or what comes piece by piece.

mod compressed;
mod reading;
mod received;
mod sending;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use tokio::io::AsyncRead;

use super::Error;
pub(super) use compressed::{ACCEPTED, Encoding};
use reading::Reading;
pub(super) use received::{Origin, Received, Wire};
pub(super) use sending::{Moved, Outgoing};

/// A body of a message.
///
/// That of a request is made of bytes (`"text".into()`), by [`reader`](Body::reader), or by [`stream`](Body::stream) and
/// [`repeatable`](Body::repeatable) of any [`http_body::Body`]. That of an answer is read by [`data`](Body::data), [`bytes`](Body::bytes) or
/// [`text`](Body::text), and is an [`http_body::Body`] itself. A body of an answer that is dropped before its end
/// ends its connection.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), lariat_client::http::Error> {
/// use lariat_client::http::Body;
///
/// let mut body = Body::from("hello");
/// assert_eq!(body.length(), Some(5));
/// assert_eq!(body.data().await?.as_deref(), Some(&b"hello"[..]));
/// assert_eq!(body.data().await?, None);
/// assert!(Body::from("hello").text(4).await.is_err());
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct Body {
    kind: Kind,
}

/// What comes piece by piece from here.
type Source = Pin<Box<dyn http_body::Body<Data = Bytes, Error = io::Error> + Send>>;

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    Source {
        source: Source,
        length: Option<u64>,
        again: Option<Arc<Make>>,
    },
    Received(Box<Received>),
}

/// What makes a source anew.
type Make = dyn Fn() -> Source + Send + Sync;

/// How a body is made that can be sent more than once.
#[derive(Clone)]
pub(super) enum Recipe {
    Full(Bytes),
    Made(Arc<Make>, Option<u64>),
}

impl Recipe {
    pub(super) fn body(&self) -> Body {
        match self {
            Recipe::Full(bytes) => bytes.clone().into(),
            Recipe::Made(make, length) => Body::of(make(), *length, Some(Arc::clone(make))),
        }
    }
}

impl Body {
    /// None.
    pub fn empty() -> Self {
        Body::default()
    }

    /// What is sent piece by piece as it comes. With a length that is announced (`Content-Length`), and must be what comes;
    /// without one it is sent in chunks. It can be sent once only, so a request with it is not repeated.
    pub fn stream(
        source: impl http_body::Body<Data = Bytes, Error = io::Error> + Send + 'static,
        length: Option<u64>,
    ) -> Self {
        Body::of(Box::pin(source), length, None)
    }

    /// As [`stream`](Body::stream), of what can be made anew: for redirections, repetitions, and connections that
    /// turn out to be gone.
    pub fn repeatable<S>(make: impl Fn() -> S + Send + Sync + 'static, length: Option<u64>) -> Self
    where
        S: http_body::Body<Data = Bytes, Error = io::Error> + Send + 'static,
    {
        let make: Arc<Make> = Arc::new(move || Box::pin(make()) as Source);
        Body::of(make(), length, Some(make))
    }

    /// As [`stream`](Body::stream), of what a reader reads.
    pub fn reader(reader: impl AsyncRead + Send + 'static, length: Option<u64>) -> Self {
        Body::stream(Reading::new(reader), length)
    }

    fn of(source: Source, length: Option<u64>, again: Option<Arc<Make>>) -> Self {
        Body {
            kind: Kind::Source {
                source,
                length,
                again,
            },
        }
    }

    pub(super) fn received(received: Received) -> Self {
        Body {
            kind: Kind::Received(Box::new(received)),
        }
    }

    /// The same from its beginning, where it is one that can be sent again. What has been taken of it is not
    /// in it.
    pub fn again(&self) -> Option<Self> {
        self.recipe().map(|recipe| recipe.body())
    }

    /// What makes the same body as often as it is wanted, where it is one that can be sent again.
    pub(super) fn recipe(&self) -> Option<Recipe> {
        match &self.kind {
            Kind::Empty => Some(Recipe::Full(Bytes::new())),
            Kind::Full(bytes) => Some(Recipe::Full(bytes.clone())),
            Kind::Source { again, length, .. } => {
                let again = again.as_ref()?;
                Some(Recipe::Made(Arc::clone(again), *length))
            }
            Kind::Received(_) => None,
        }
    }

    /// How many bytes there are, if that is known: of an answer what it says itself, and not what of it is still
    /// to come. A compressed one does not say how long it becomes.
    pub fn length(&self) -> Option<u64> {
        match &self.kind {
            Kind::Empty => Some(0),
            Kind::Full(bytes) => Some(bytes.len() as u64),
            Kind::Source { length, .. } => *length,
            Kind::Received(received) => received.length(),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the connection breaks, ends too early or is silent for too long, and when what comes is not what was
    /// announced.
    pub async fn data(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let frame = std::future::poll_fn(|context| {
                http_body::Body::poll_frame(Pin::new(&mut *self), context)
            });
            match frame.await {
                None => return Ok(None),
                Some(frame) => {
                    // What is no data is a trailer, of which nobody has asked for one.
                    if let Ok(data) = frame?.into_data()
                        && !data.is_empty()
                    {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// All of it, if that is no more than `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if it is more, and as [`data`](Body::data).
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let too_long = |server: &str| Error::Limit {
            server: server.to_owned(),
            problem: format!("the body is longer than the {limit} bytes that are wanted"),
        };
        let server = self.server();
        // What is announced is only believed where it is no.
        if self.length().is_some_and(|length| length > limit as u64) {
            return Err(too_long(&server));
        }
        let Some(first) = self.data().await? else {
            return Ok(Bytes::new());
        };
        let mut whole = BytesMut::from(first);
        while whole.len() <= limit {
            match self.data().await? {
                Some(piece) => whole.extend_from_slice(&piece),
                None => return Ok(whole.freeze()),
            }
        }
        Err(too_long(&server))
    }

    /// All of it as text, if that is no more than `limit` bytes. What is not UTF-8 becomes U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Body::bytes).
    pub async fn text(self, limit: usize) -> Result<String, Error> {
        let bytes = self.bytes(limit).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Reads what is left, if it is no more than `limit` bytes, so that the connection can be used again.
    pub(super) async fn discard(mut self, limit: usize) {
        let mut rest = limit;
        while let Ok(Some(piece)) = self.data().await {
            match rest.checked_sub(piece.len()) {
                Some(left) => rest = left,
                None => return,
            }
        }
    }

    /// Who sends it, for messages.
    fn server(&self) -> String {
        match &self.kind {
            Kind::Received(received) => received.server().to_owned(),
            _ => "here".into(),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        match &mut this.kind {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                this.kind = Kind::Empty;
                match bytes.is_empty() {
                    true => Poll::Ready(None),
                    false => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                }
            }
            Kind::Source { source, .. } => source
                .as_mut()
                .poll_frame(context)
                .map_err(|error| Error::from_io(error).unwrap_or_else(Error::Source)),
            Kind::Received(received) => received.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Source { source, length, .. } => *length == Some(0) || source.is_end_stream(),
            Kind::Received(received) => received.is_at_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Source {
                length: Some(length),
                ..
            } => SizeHint::with_exact(*length),
            _ => SizeHint::default(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Body {
            kind: Kind::Full(bytes),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Empty => "empty",
            Kind::Full(_) => "full",
            Kind::Source { .. } => "source",
            Kind::Received(_) => "received",
        };
        match self.length() {
            Some(length) => write!(out, "Body({kind}, {length} bytes)"),
            None => write!(out, "Body({kind})"),
        }
    }
}
