//! Messages between connections: how something elsewhere reaches a protocol.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A value on its way to a connection, of any type that both sides know.
///
/// A message for one receiver is [`Message::new`]; a message for many is
/// [`Message::shared`], which costs one allocation for all of them and clones cheaply.
///
/// ```
/// use lariat_protocol::Message;
///
/// struct Said(String);
/// let message = Message::new(Said("hello".into()));
/// assert_eq!(message.get::<Said>().unwrap().0, "hello");
/// assert!(message.get::<u32>().is_none());
/// ```
pub struct Message(Content);

enum Content {
    Owned(Box<dyn Any + Send>),
    Shared(Arc<dyn Any + Send + Sync>),
}

impl Message {
    /// A message for one connection.
    pub fn new<T: Any + Send>(value: T) -> Self {
        Message(Content::Owned(Box::new(value)))
    }

    /// A message for any number of connections, not copied for each.
    pub fn shared<T: Any + Send + Sync>(value: Arc<T>) -> Self {
        Message(Content::Shared(value))
    }

    /// The value, if it is a `T`.
    pub fn get<T: Any>(&self) -> Option<&T> {
        match &self.0 {
            Content::Owned(value) => value.downcast_ref(),
            Content::Shared(value) => value.downcast_ref(),
        }
    }

    /// The value itself, if it is a `T` for this receiver alone; else the message back.
    pub fn take<T: Any + Send>(self) -> Result<T, Message> {
        match self.0 {
            Content::Owned(value) => match value.downcast() {
                Ok(value) => Ok(*value),
                Err(value) => Err(Message(Content::Owned(value))),
            },
            shared => Err(Message(shared)),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.0 {
            Content::Owned(_) => "Message(owned)",
            Content::Shared(_) => "Message(shared)",
        })
    }
}

/// Which connection, among all that its mailbox serves: the place it has in a table, and
/// how many connections had that place before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId {
    /// The place in the table.
    pub slot: u32,
    /// Which of the place's tenants: a message for an earlier one must not reach a later.
    pub generation: u32,
}

/// Where a driver takes messages for the connections that it drives.
pub trait Mailbox: Send + Sync + 'static {
    /// Puts a message into a connection's bounded queue, and wakes the connection.
    fn deliver(&self, to: ConnectionId, message: Message) -> Result<(), SendError>;

    /// The same for the answer to something that the connection itself asked for: bounded
    /// by what it asked, so the queue's bound does not hold it up.
    fn deliver_result(&self, to: ConnectionId, message: Message) -> Result<(), SendError> {
        self.deliver(to, message)
    }
}

/// The address of one connection, for messages from elsewhere.
///
/// Cheap to clone and free to keep: a handle does not hold its connection open, and one
/// that outlives it says [`SendError::Gone`].
#[derive(Clone)]
pub struct Handle {
    mailbox: Arc<dyn Mailbox>,
    id: ConnectionId,
}

impl Handle {
    /// The handle of the connection `id` of `mailbox`; for drivers.
    pub fn new(mailbox: Arc<dyn Mailbox>, id: ConnectionId) -> Self {
        Handle { mailbox, id }
    }

    /// The connection's identity within its driver.
    pub fn id(&self) -> ConnectionId {
        self.id
    }

    /// Sends a value that the connection's `message_received` will be given.
    ///
    /// From any thread; never blocks. The queue of a connection is bounded, so a sender
    /// learns from [`SendError::Full`] that the receiver does not keep up.
    pub fn send(&self, message: Message) -> Result<(), SendError> {
        self.mailbox.deliver(self.id, message)
    }

    /// Sends the answer to something that the connection itself asked for, which is never
    /// [`SendError::Full`].
    pub fn send_result(&self, message: Message) -> Result<(), SendError> {
        self.mailbox.deliver_result(self.id, message)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Handle({}.{})", self.id.slot, self.id.generation)
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && Arc::ptr_eq(&self.mailbox, &other.mailbox)
    }
}

impl Eq for Handle {}

/// Why a message was not taken; it comes back.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection's queue is full: it does not keep up.
    #[error("the connection's message queue is full")]
    Full(Message),
    /// The connection has ended.
    #[error("the connection has ended")]
    Gone(Message),
}
