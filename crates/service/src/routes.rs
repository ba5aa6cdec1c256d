//! Routes of line protocols: which pattern leads to which handler, as web frameworks have it for paths.
//!
//! Read [`Routes`] first.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::ops::Index;
use std::sync::Arc;

use lariat_protocol::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat_protocol::{ConnectionInfo, Error, Factory, Protocol, Refusal, Transport};
use lariat_re::{Group, Limits, Match, Pattern};

/// The longest line that is taken, in bytes, unless [`Builder::longest_line`] says otherwise.
pub const LONGEST_LINE: usize = 4096;

/// What looking whether a line is for a route may take, unless [`Builder::limits`] says otherwise: whoever
/// connects chooses the lines. A look that a person meant takes a few hundred steps, and one that is
/// given up about a millisecond.
pub const LIMITS: Limits = Limits {
    steps: 10_000,
    steps_per_byte: 25,
    memory: 1 << 20,
};

/// What each line of an answer ends with.
const LINE_END: &str = "\r\n";

type Handler = Box<dyn Fn(&Routed<'_>) -> Reply + Send + Sync>;

type Otherwise = Box<dyn Fn(&str) -> Reply + Send + Sync>;

/// A line protocol by its routes, to be listened with.
///
/// The first route whose pattern is the whole line answers it. A line for which there is none is
/// answered by an error line that says what there is, and so is one that is not UTF-8 or takes too
/// long to understand; the connection goes on. One that is too long is answered and ends it.
///
/// Over messages (`ws`, `udp`, `unixgram`) one without a line end is a line, and each answer is one message. A
/// datagram that ends with CR LF is taken for an answer, as all answers end, and is not answered itself: two
/// servers that a forged source points at each other would otherwise do so for ever. So who asks by
/// datagrams ends them with LF, or with nothing. Over `unixgram`, where no source can be forged, such a one is answered too.
/// Over `udp` an answer that is more than three times as long as its question is not sent, unless the network that asks
/// is among the endpoint's `amplify_to`.
///
/// What a connection remembers from one line to the next has no place here: that is a
/// [`FrameProtocol`] of one's own, which may ask [`Routes::answer`] for the rest.
///
/// ```
/// use lariat_protocol::{Factory, Transport};
/// use lariat_service::routes::{Reply, Routes};
///
/// let routes = Routes::builder()
///     .route(r"hello (?P<name>\w+)", |line| format!("good day, {}", &line["name"]))
///     .usage("hello NAME")
///     .route("quit", |_| Reply::line("bye").and_end())
///     .build()?;
/// assert_eq!(routes.answer(b"hello you"), Reply::line("good day, you"));
///
/// let mut transport = Transport::unconnected();
/// let mut protocol = routes.build(transport.info()).expect("routes take everybody");
/// protocol.data_received(&mut transport, b"help\nquit\n");
/// let said = transport.take_written();
/// assert_eq!(said, b"error unknown; say one of: hello NAME, quit\r\nbye\r\n");
/// assert!(transport.is_closing());
/// # Ok::<(), lariat_service::routes::RoutesError>(())
/// ```
#[derive(Clone)]
pub struct Routes(Arc<Table>);

/// What all connections share.
struct Table {
    routes: Vec<(Pattern, Handler)>,
    otherwise: Otherwise,
    longest_line: usize,
}

impl Routes {
    /// Begins with no route.
    pub fn builder() -> Builder {
        Builder {
            routes: Vec::new(),
            otherwise: None,
            longest_line: LONGEST_LINE,
            limits: LIMITS,
            misplaced: None,
        }
    }

    /// What a line, without its end, is answered.
    pub fn answer(&self, line: &[u8]) -> Reply {
        let Ok(line) = std::str::from_utf8(line) else {
            return Reply::error("the line is not UTF-8");
        };
        for (pattern, handler) in &self.0.routes {
            match pattern.fullmatch(line) {
                Ok(Some(found)) => return handler(&Routed(found)),
                Ok(None) => {}
                // It may be for this route, which goes before those behind it.
                Err(_) => return Reply::error("the line takes too long to understand"),
            }
        }
        (self.0.otherwise)(line)
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.0.routes.iter().map(|(pattern, _)| pattern.pattern());
        formatter.debug_list().entries(patterns).finish()
    }
}

impl Factory for Routes {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let lines = Lines::new(self.0.longest_line);
        Some(Box::new(Framed::new(lines, Routing(self.clone()))))
    }

    fn refusal(&self, _: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        let reply = Reply::error(format!("{why}; try again later"));
        Some(reply.text.into_bytes().into())
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        datagram.ends_with(LINE_END.as_bytes())
    }
}

/// One connection.
struct Routing(Routes);

impl FrameProtocol<Lines> for Routing {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        self.0.answer(line.content()).write_to(transport);
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, error: Error) {
        Reply::error(&error).write_to(transport);
        transport.fail(error);
    }
}

/// Puts routes together.
pub struct Builder {
    routes: Vec<Route>,
    otherwise: Option<Otherwise>,
    longest_line: usize,
    limits: Limits,
    /// Words that stand before the first route.
    misplaced: Option<String>,
}

/// A route that is not compiled yet.
struct Route {
    pattern: String,
    usage: String,
    handler: Handler,
}

impl Builder {
    /// Leads lines that this pattern matches as a whole, and none before it, to this handler.
    ///
    /// The handler runs on the thread of the connection, which it must not hold: it is for what can be
    /// answered at once.
    pub fn route<R: Into<Reply>>(
        mut self,
        pattern: &str,
        handler: impl Fn(&Routed<'_>) -> R + Send + Sync + 'static,
    ) -> Self {
        self.routes.push(Route {
            pattern: pattern.to_owned(),
            usage: pattern.to_owned(),
            handler: Box::new(move |line| handler(line).into()),
        });
        self
    }

    /// How the route before this is said, for who says what there is no route for; without it
    /// that is its pattern.
    pub fn usage(mut self, words: &str) -> Self {
        match self.routes.last_mut() {
            Some(route) => route.usage = words.to_owned(),
            None => self.misplaced = Some(words.to_owned()),
        }
        self
    }

    /// Answers lines for which there is no route by this, and not by an error line.
    pub fn otherwise<R: Into<Reply>>(
        mut self,
        handler: impl Fn(&str) -> R + Send + Sync + 'static,
    ) -> Self {
        self.otherwise = Some(Box::new(move |line| handler(line).into()));
        self
    }

    /// Takes lines of so many bytes at most, the line end not counted; by default [`LONGEST_LINE`].
    pub fn longest_line(mut self, bytes: usize) -> Self {
        self.longest_line = bytes;
        self
    }

    /// What looking whether a line is for a route may take, by default [`LIMITS`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Compiles the patterns.
    ///
    /// # Errors
    ///
    /// The first that is none, or a usage before which there is no route.
    pub fn build(self) -> Result<Routes, RoutesError> {
        if let Some(words) = self.misplaced {
            return Err(RoutesError::Usage { words });
        }
        let usages: Vec<&str> = self.routes.iter().map(|route| &*route.usage).collect();
        let unknown = Reply::error(match usages.is_empty() {
            true => "unknown".to_owned(),
            false => format!("unknown; say one of: {}", usages.join(", ")),
        });
        let mut routes = Vec::with_capacity(self.routes.len());
        for route in self.routes {
            let pattern =
                Pattern::new(route.pattern.as_str()).map_err(|source| RoutesError::Pattern {
                    shown: source.caret().unwrap_or(route.pattern),
                    source,
                })?;
            routes.push((pattern.limited(self.limits), route.handler));
        }
        Ok(Routes(Arc::new(Table {
            routes,
            otherwise: self
                .otherwise
                .unwrap_or_else(|| Box::new(move |_| unknown.clone())),
            longest_line: self.longest_line,
        })))
    }
}

/// Why routes cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoutesError {
    /// What a route is to match is no pattern.
    #[error("a route is no pattern:\n{shown}")]
    Pattern {
        /// The pattern, with a caret under the place where there is one.
        shown: String,
        /// What is wrong there.
        source: lariat_re::Error,
    },
    /// A usage stands before the first route.
    #[error("the usage {words:?} stands before the first route, and belongs behind its own")]
    Usage {
        /// Its words.
        words: String,
    },
}

/// A line with what its route's groups matched.
///
/// `&line["name"]` and `&line[1]` are a group's text, empty where it has no part in the line.
pub struct Routed<'l>(Match<'l>);

impl<'l> Routed<'l> {
    /// The whole line.
    pub fn text(&self) -> &'l str {
        self.0.text()
    }

    /// A group's text, by its number or its name; nothing if it has no part in the line.
    ///
    /// # Panics
    ///
    /// If the pattern has no such group, as indexing does. The connection ends, and others go on.
    pub fn group(&self, group: impl Group) -> Option<&'l str> {
        let found = self.0.group(group);
        found.unwrap_or_else(|error| panic!("{:?}: {error}", self.0.pattern().pattern()))
    }
}

impl<G: Group> Index<G> for Routed<'_> {
    type Output = str;

    fn index(&self, group: G) -> &str {
        self.group(group).unwrap_or_default()
    }
}

/// What is said to a line: one line or several, or nothing ([`Reply::default`]), and whether that
/// was all.
///
/// A handler may return a text, which is one line, or a `Result`, whose error becomes an error line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Lines, each with its end.
    text: String,
    ends: bool,
}

impl Reply {
    /// One line. A line end within is replaced by a space, so that text from elsewhere cannot
    /// become a line of its own.
    pub fn line(line: impl AsRef<str>) -> Self {
        Reply::lines([line])
    }

    /// Several lines, of which the same holds.
    pub fn lines<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> Self {
        let mut text = String::new();
        for line in lines {
            text.extend(line.as_ref().chars().map(|character| match character {
                '\r' | '\n' => ' ',
                character => character,
            }));
            text.push_str(LINE_END);
        }
        Reply { text, ends: false }
    }

    /// An error line: `error` and why.
    pub fn error(why: impl Display) -> Self {
        Reply::line(format!("error {why}"))
    }

    /// Ends the connection behind this.
    pub fn and_end(mut self) -> Self {
        self.ends = true;
        self
    }

    /// Says it on a connection: where there are messages, as one.
    pub fn write_to(&self, transport: &mut Transport) {
        if !self.text.is_empty() {
            transport.write(self.text.as_bytes());
        }
        if self.ends {
            transport.lose_connection();
        }
    }
}

impl From<&str> for Reply {
    fn from(line: &str) -> Self {
        Reply::line(line)
    }
}

impl From<String> for Reply {
    fn from(line: String) -> Self {
        Reply::line(line)
    }
}

impl<R: Into<Reply>, E: Display> From<Result<R, E>> for Reply {
    fn from(result: Result<R, E>) -> Self {
        result.map_or_else(Reply::error, R::into)
    }
}
