//! The command server: `date`, `os`, `ls`, `help`, `quit`, and what the configuration adds.
//!
//! A [`Custom`] command is a program with its arguments, run as they stand and never through a shell;
//! what a client sends is no part of them. [`Command`] serves them all over any stream. What the
//! bytes mean is [`lariat_protocol::command`]'s.
//!
//! Files are looked at and programs started on threads that may block, at most so many at once, and
//! what is not wanted any more is ended.

mod custom;
mod listing;
mod os;
mod platform;
mod running;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use cap_std::fs::Dir;
use lariat_protocol::command::{Answer, CommandServer, Commands, Request, Started, refusal};
use lariat_protocol::endpoint::{EndpointError, nearest};
use lariat_protocol::{ConnectionInfo, Endpoint, Factory, Handle, Message, Protocol, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

pub use custom::{Custom, CustomError, OUTPUT_LIMIT, TIME_LIMIT};
pub use listing::{MAXIMUM_LISTING, MAXIMUM_NAMES};

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 2] = ["root", "running"];

/// How many programs and listings may be at work at once: enough for a few people, and little for a
/// machine.
pub const RUNNING: usize = 16;

/// What is known to every server, and what it does.
const BUILT_IN: [(&str, &str); 5] = [
    ("date", "the local time"),
    ("help", "this list"),
    ("ls", "[DIR]: the names in a directory"),
    ("os", "the system's family, name, release and machine"),
    ("quit", "ends the connection"),
];

/// The command service, to be listened with.
///
/// ```
/// use lariat_service::command::{Command, Custom};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let uptime = Custom::new("uptime", ["uptime"])?;
/// let service = Command::new().with(uptime).listing(".")?;
/// # drop(service);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Command {
    root: Option<Arc<Dir>>,
    customs: Arc<BTreeMap<String, Arc<Custom>>>,
    running: Arc<Semaphore>,
    most: usize,
}

impl Default for Command {
    fn default() -> Self {
        Command::new()
    }
}

impl Command {
    /// The service with what every server knows, but without a directory to list.
    pub fn new() -> Self {
        Command {
            root: None,
            customs: Arc::default(),
            running: Arc::new(Semaphore::new(RUNNING)),
            most: RUNNING,
        }
    }

    /// The service as an endpoint's options want it: `?root=DIR` is the directory that `ls` is
    /// confined to, which is opened now, and `?running=N` how many programs and listings may be at
    /// work at once, 16 by default.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows or that cannot be so, and an endpoint
    /// of datagrams, where anybody could ask in anybody's name.
    pub fn from_endpoint(
        endpoint: &Endpoint,
        customs: impl IntoIterator<Item = Custom>,
    ) -> Result<Self, EndpointError> {
        let mut service = Command::new();
        for (key, value) in endpoint.service_options(&OPTIONS)? {
            let wrong = |reason: String| EndpointError::Option {
                key: key.to_string(),
                reason,
            };
            match key {
                "root" => {
                    let opened = service.listing(value);
                    service = opened.map_err(|error| wrong(format!("{value}: {error}")))?;
                }
                _ => {
                    let most = value.parse().ok().filter(|most| (1..=1000).contains(most));
                    let most = most.ok_or_else(|| {
                        wrong(format!("{value:?} is to be a number from 1 to 1000"))
                    });
                    service = service.running(most?);
                }
            }
        }
        if endpoint.is_datagram() {
            return Err(EndpointError::Service {
                reason: format!(
                    "{endpoint}: commands are answered over streams alone, since anybody can send a \
                     datagram in anybody's name; use tcp, tls, ws or unix"
                ),
            });
        }
        Ok(customs.into_iter().fold(service, Command::with))
    }

    /// The same, and `ls` lists what is in this directory and below it.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn listing(mut self, root: impl AsRef<Path>) -> std::io::Result<Self> {
        let root = Dir::open_ambient_dir(root, cap_std::ambient_authority())?;
        self.root = Some(Arc::new(root));
        Ok(self)
    }

    /// The same with one command more. One of the same name is replaced.
    pub fn with(mut self, custom: Custom) -> Self {
        let customs = Arc::make_mut(&mut self.customs);
        customs.insert(custom.name().into(), Arc::new(custom));
        self
    }

    /// The same with so many programs and listings at work at once.
    pub fn running(mut self, most: usize) -> Self {
        self.running = Arc::new(Semaphore::new(most));
        self.most = most;
        self
    }

    fn names(&self) -> Vec<&str> {
        let built_in = BUILT_IN.iter().map(|(name, _)| *name);
        let mut names: Vec<&str> = built_in
            .chain(self.customs.keys().map(String::as_str))
            .collect();
        names.sort_unstable();
        names
    }

    fn help(&self) -> String {
        let built_in = BUILT_IN.iter().map(|(name, what)| (*name, *what));
        let customs = self.customs.values();
        let mut all: Vec<(&str, &str)> = built_in
            .chain(customs.map(|custom| (custom.name(), custom.help())))
            .collect();
        all.sort_unstable();
        let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let line = |(name, what): &(&str, &str)| {
            format!("{name:width$}  {what}").trim_end().to_string() + "\n"
        };
        all.iter().map(line).collect()
    }

    fn unknown(&self, name: &str) -> Answer {
        let known = self.names();
        let hint = nearest(name, &known);
        let hint = hint.map_or(String::new(), |word| format!("did you mean {word:?}? "));
        let known = known.join(", ");
        Answer::error(format!("no command {name:?} ({hint}known: {known})"))
    }

    /// A place among those at work, or why there is none.
    fn place(&self) -> Result<OwnedSemaphorePermit, Answer> {
        Arc::clone(&self.running).try_acquire_owned().map_err(|_| {
            Answer::error(format!(
                "{} commands are at work, which is as many as may be; try again",
                self.most
            ))
        })
    }

    fn list(&self, directory: &str, to: Handle) -> Started<Work> {
        let Some(root) = &self.root else {
            return Started::Answered(Answer::error(
                "there is no directory to list; the server names one by ?root=DIR",
            ));
        };
        let place = match self.place() {
            Ok(place) => place,
            Err(busy) => return Started::Answered(busy),
        };
        let (root, directory) = (Arc::clone(root), directory.to_string());
        work(to, async move {
            let listing = tokio::task::spawn_blocking(move || {
                // A disk that hangs keeps its place, even when nobody waits any more.
                let _place = place;
                listing::list(&root, &directory)
            });
            let listed = listing.await;
            listed.unwrap_or_else(|_| Answer::error("the listing broke off"))
        })
    }

    fn run(&self, custom: &Arc<Custom>, to: Handle) -> Started<Work> {
        match self.place() {
            Ok(place) => {
                let custom = Arc::clone(custom);
                work(to, async move {
                    let _place = place;
                    running::run(custom).await
                })
            }
            Err(busy) => Started::Answered(busy),
        }
    }
}

impl Factory for Command {
    fn build(&self, _: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        Some(Box::new(CommandServer::new(self.clone())))
    }

    fn refusal(&self, _: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        Some(refusal(why).into())
    }
}

impl Commands for Command {
    type Work = Work;

    fn start(&mut self, request: &Request, to: Handle) -> Started<Work> {
        let name = request.name();
        if name == "ls" {
            return self.list(request.argument(), to);
        }
        let custom = self.customs.get(name).cloned();
        if custom.is_none() && !BUILT_IN.iter().any(|(known, _)| *known == name) {
            return Started::Answered(self.unknown(name));
        }
        if !request.argument().is_empty() {
            return Started::Answered(Answer::error(format!("{name} takes no argument")));
        }
        match custom {
            Some(custom) => self.run(&custom, to),
            None => Started::Answered(Answer::ok(match name {
                "date" => crate::clock::local_ctime().to_vec(),
                "os" => os::description().into_bytes(),
                _ => self.help().into_bytes(),
            })),
        }
    }
}

/// A task that is ended when nobody wants its answer.
pub struct Work(AbortHandle);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Has the answer worked out on the connection's thread, which only waits.
fn work(to: Handle, answer: impl Future<Output = Answer> + Send + 'static) -> Started<Work> {
    let task = tokio::spawn(async move {
        // The connection may have ended meanwhile.
        let _ = to.send_result(Message::new(answer.await));
    });
    Started::Working(Work(task.abort_handle()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(endpoint: &str) -> Result<Command, String> {
        let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
        Command::from_endpoint(&endpoint, []).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_read_and_what_is_wrong_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().display();
        let service = from(&format!("tcp://localhost:1?root={root}&running=3"));
        let service = service.expect("good options");
        assert!(service.root.is_some() && service.most == 3);
        for (endpoint, words) in [
            (
                "tcp://localhost:1?root=/no/such/folder",
                "/no/such/folder: ",
            ),
            ("tcp://localhost:1?running=0", "from 1 to 1000"),
            ("tcp://localhost:1?rooot=x", "rooot"),
            ("udp://localhost:1", "over streams alone"),
        ] {
            let error = from(endpoint).expect_err(endpoint);
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_unknown_is_told_with_what_is_meant() {
        let custom = Custom::new("disk", ["df"])
            .expect("a good one")
            .described("free space");
        let service = Command::new().with(custom);
        let answer = String::from_utf8(service.unknown("dat").encode()).expect("text");
        assert_eq!(
            answer,
            "error no command \"dat\" (did you mean \"date\"? known: date, disk, help, ls, os, quit)\n"
        );
        assert!(
            service.help().contains("\ndisk  free space\n"),
            "{}",
            service.help()
        );
        assert!(service.help().starts_with("date  the local time\n"));
    }
}
