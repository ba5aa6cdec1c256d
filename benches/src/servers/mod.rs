//! The servers that are measured, each started as its own users would start it.
//!
//! Nothing is installed from here: what a machine lacks is said by the name of its package,
//! and the others are measured.

pub mod blocking;
pub mod daemons;
pub mod files;
pub mod host;
pub mod lariat;
pub mod news;
pub mod nginx;
pub mod scripts;
pub mod tokio_usual;

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use crate::platform::child::{Ask, Given, Process};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server and how it is started.
#[derive(Clone, Copy)]
pub struct Server {
    /// What the tables call it.
    pub name: &'static str,
    /// Starts it; an error says what is not installed, or why it did not start.
    pub start: fn(Given) -> io::Result<Running>,
}

/// A server that runs, until it is dropped.
pub struct Running {
    /// Where it answers.
    pub address: SocketAddr,
    /// Its process.
    pub process: Process,
    // Behind the process, which has its files in there.
    folder: TempDir,
}

impl Running {
    /// Starts a program that prints its address as its first line.
    fn printing(given: Given, folder: TempDir, command: &[String]) -> io::Result<Running> {
        let mut process = Process::start(given, &folder.path().join("log"), command)?;
        let line = process.line()?;
        match line.trim().parse() {
            Ok(address) => Ok(Running {
                address,
                process,
                folder,
            }),
            Err(_) => Err(did_not_start(&folder, line.trim())),
        }
    }

    /// Starts a program that was told where to listen.
    fn listening(
        given: Given,
        folder: TempDir,
        address: SocketAddr,
        command: &[String],
    ) -> io::Result<Running> {
        let mut process = Process::start(given, &folder.path().join("log"), command)?;
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if !process.runs()? || Instant::now() >= end {
                return Err(did_not_start(&folder, ""));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(Running {
            address,
            process,
            folder,
        })
    }
}

/// The servers of the timestamp protocol on plain TCP, the one by hand first.
pub const TIMESTAMP: [Server; 9] = [
    Server {
        name: "epoll by hand",
        start: lariat::epoll,
    },
    Server {
        name: "lariat, engine",
        start: lariat::engine,
    },
    Server {
        name: "lariat serve",
        start: lariat::tcp,
    },
    Server {
        name: "tokio, usual loop",
        start: tokio_usual::start,
    },
    Server {
        name: "Go",
        start: scripts::go,
    },
    Server {
        name: "Node",
        start: scripts::node,
    },
    Server {
        name: "asyncio + uvloop",
        start: scripts::uvloop,
    },
    Server {
        name: "Twisted",
        start: scripts::twisted,
    },
    Server {
        name: "Python threads",
        start: scripts::threads,
    },
];

/// The server of [`TIMESTAMP`] that is called so.
pub fn timestamp(name: &str) -> Server {
    let found = TIMESTAMP.iter().find(|server| server.name == name);
    *found.unwrap_or(&TIMESTAMP[0])
}

fn folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("lariat-benches-").tempdir()
}

/// An address that nobody has now.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// Where a program is, or the package that would bring it.
pub fn program(name: &str, package: &str) -> io::Result<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders
        .map(|folder: PathBuf| folder.join(name))
        .find(|path| path.is_file())
        .map(|path| path.display().to_string())
        .ok_or_else(|| not_installed(package))
}

fn not_installed(package: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("not installed: {package}"))
}

fn did_not_start(folder: &TempDir, printed: &str) -> io::Error {
    let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let last = log.lines().rev().find(|line| !line.trim().is_empty());
    let said = last.unwrap_or(printed);
    io::Error::other(format!("did not start: {said:?}"))
}
