//! Lariat: the command as it ships, and the engine alone in a process of this program.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Given, Process, Running, did_not_start, folder, not_installed};
use crate::load::identity;

/// `lariat serve`, with what the endpoints' options say.
pub struct Serve {
    /// Its process, and the address of the first endpoint.
    pub running: Running,
    /// Where each endpoint is, in the order asked for.
    pub addresses: Vec<SocketAddr>,
}

impl Serve {
    /// Serves the timestamp on `endpoints`. `{identity}` in one stands for the certificate
    /// and key of this run.
    ///
    /// # Errors
    ///
    /// When the command was not built, or refuses an endpoint.
    pub fn start(given: Given, endpoints: &[&str]) -> io::Result<Serve> {
        Serve::service(given, "timestamp", endpoints)
    }

    /// Serves something else.
    fn service(given: Given, service: &str, endpoints: &[&str]) -> io::Result<Serve> {
        let folder = folder()?;
        identity::write(folder.path())?;
        let mut command = vec![binary()?, "serve".into(), "--json".into(), "--state".into()];
        command.push(folder.path().join("state").display().to_string());
        command.extend(endpoints.iter().map(|endpoint| {
            let identity = identity::options(folder.path());
            format!("{service}={}", endpoint.replace("{identity}", &identity))
        }));
        let mut process = Process::start(given, &folder.path().join("log"), &command)?;
        let mut addresses = Vec::new();
        loop {
            let line = process.line()?;
            let Ok(said) = serde_json::from_str::<serde_json::Value>(&line) else {
                return Err(did_not_start(&folder, line.trim()));
            };
            if said.get("ready").is_some() {
                break;
            }
            let endpoint = said["endpoint"].as_str().unwrap_or_default();
            addresses.extend(authority(endpoint));
        }
        let Some(&address) = addresses.first() else {
            return Err(io::Error::other("lariat serve named no address"));
        };
        let running = Running {
            address,
            process,
            folder,
        };
        Ok(Serve { running, addresses })
    }

    /// Writes the certificate and key that it was told once more.
    pub fn write_identity(&self) -> io::Result<()> {
        identity::write(self.running.folder.path()).map(drop)
    }
}

/// `lariat serve names` with its state in a folder, and without limits that a measurement meets.
pub fn names(given: Given, state: &Path) -> io::Result<(Process, SocketAddr)> {
    let command = [
        binary()?,
        "serve".into(),
        "--json".into(),
        "--state".into(),
        state.display().to_string(),
        "names=tcp://127.0.0.1:0?total=1000000&per_address=1000000".into(),
    ];
    let mut process = Process::start(given, &state.join("log"), &command)?;
    let line = process.line()?;
    let said = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
    let address = said["endpoint"].as_str().and_then(authority);
    let address = address.ok_or_else(|| {
        let log = std::fs::read_to_string(state.join("log")).unwrap_or_default();
        io::Error::other(format!("lariat serve names did not start: {}", log.trim()))
    })?;
    Ok((process, address))
}

/// The address in an endpoint that has one.
fn authority(endpoint: &str) -> Option<SocketAddr> {
    let (_, rest) = endpoint.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The command beside this program, built with it.
pub fn binary() -> io::Result<String> {
    let program = std::env::current_exe()?;
    let beside: Vec<PathBuf> = program
        .ancestors()
        .skip(1)
        .take(2)
        .map(PathBuf::from)
        .collect();
    beside
        .iter()
        .map(|folder| folder.join("lariat"))
        .find(|path| path.is_file())
        .map(|path| path.display().to_string())
        .ok_or_else(|| not_installed("lariat (build it: cargo build --release)"))
}

/// The timestamp service of `lariat serve` on plain TCP.
pub fn tcp(given: Given) -> io::Result<Running> {
    Ok(Serve::start(given, &["tcp://127.0.0.1:0"])?.running)
}

/// The sleep service of `lariat serve`.
pub fn sleep(given: Given) -> io::Result<Running> {
    Ok(Serve::service(given, "sleep", &["tcp://127.0.0.1:0"])?.running)
}

/// The chat of `lariat serve`, in which nobody is slowed.
pub fn chat(given: Given) -> io::Result<Running> {
    let endpoint = "tcp://127.0.0.1:0?lines_per_second=0";
    Ok(Serve::service(given, "chat", &[endpoint])?.running)
}

/// On TLS.
pub fn tls(given: Given) -> io::Result<Running> {
    Ok(Serve::start(given, &["tls://127.0.0.1:0?{identity}"])?.running)
}

/// On UDP.
pub fn udp(given: Given) -> io::Result<Running> {
    Ok(Serve::start(given, &["udp://127.0.0.1:0"])?.running)
}

/// On WebSocket.
pub fn websocket(given: Given) -> io::Result<Running> {
    Ok(Serve::start(given, &["ws://127.0.0.1:0"])?.running)
}

/// The engine with the service, and nothing of the command.
pub fn engine(given: Given) -> io::Result<Running> {
    ourselves(given, "lariat")
}

/// The loop by hand.
pub fn epoll(given: Given) -> io::Result<Running> {
    ourselves(given, "epoll")
}

/// The loop by hand on UDP.
pub fn batches(given: Given) -> io::Result<Running> {
    ourselves(given, "datagrams")
}

/// A server of this program.
pub fn ourselves(given: Given, engine: &str) -> io::Result<Running> {
    let program = std::env::current_exe()?.display().to_string();
    let command = [program, "host".into(), engine.into()];
    Running::printing(given, folder()?, &command)
}
