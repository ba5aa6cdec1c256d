//! What the commands that connect have in common: the endpoint, and how long to wait.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use lariat_client::asking::AskOptions;
use lariat_client::names::{self, Client, Names};
use lariat_net::{CONNECT_TIMEOUT, ConnectOptions, Connection};
use lariat_protocol::Endpoint;
use tokio::runtime::Builder;

use crate::failure::Failure;

/// Reads a number of seconds, with or without a fraction, from 0 to a year.
pub fn seconds(text: &str) -> Result<Duration, String> {
    const YEAR: f64 = 31_536_000.0;
    let seconds = text.parse::<f64>().ok();
    let seconds = seconds.filter(|seconds| (0.0..=YEAR).contains(seconds));
    let seconds = seconds.ok_or("not a number of seconds, such as 5 or 0.5")?;
    Ok(Duration::from_secs_f64(seconds))
}

/// Reads an endpoint to connect to; a host alone is one of TCP. None of its options may be
/// a service's.
///
/// # Errors
///
/// Wrong usage: it does not parse, or leads to this process itself.
pub fn endpoint(text: &str) -> Result<Endpoint, Failure> {
    endpoint_by(text, "tcp")
}

/// Reads a server's endpoint, which may be a host alone in the default scheme, and the port that
/// may stand behind it.
///
/// # Errors
///
/// Wrong usage: as [`endpoint`], or there is a port too many.
pub fn endpoint_at(
    server: &str,
    default_scheme: &str,
    port: Option<u16>,
) -> Result<Endpoint, Failure> {
    let endpoint = endpoint_by(server, default_scheme)?;
    let Some(port) = port else {
        return Ok(endpoint);
    };
    if endpoint.host().is_none() {
        return Err(Failure::usage(format!(
            "{endpoint} has no port; leave out {port}"
        )));
    }
    if let Some(first) = endpoint.port() {
        return Err(Failure::usage(format!(
            "the port is given twice: {first} in {server}, and {port} behind it"
        )));
    }
    Ok(endpoint.with_port(port))
}

fn endpoint_by(text: &str, default_scheme: &str) -> Result<Endpoint, Failure> {
    let endpoint = Endpoint::parse_with_default(text, default_scheme)?;
    endpoint.service_options(&[])?;
    match endpoint.base() {
        lariat_protocol::endpoint::Base::Stdio => Err(Failure::usage(
            "stdio: is where this command itself reads and writes; connect to another endpoint",
        )),
        lariat_protocol::endpoint::Base::Memory(_) => Err(Failure::usage(format!(
            "{endpoint}: mem:// endpoints are within one process; nobody listens in this one"
        ))),
        _ => Ok(endpoint),
    }
}

/// How to connect when it may take so long.
pub fn options(timeout: Option<Duration>) -> ConnectOptions {
    ConnectOptions {
        timeout: timeout.unwrap_or(CONNECT_TIMEOUT),
        resolver: Some(Arc::new(Names::new(name_server(timeout)))),
        ..ConnectOptions::default()
    }
}

/// The name server that was named on the command line, which is one for the whole process.
static NAME_SERVER: OnceLock<Endpoint> = OnceLock::new();

/// Takes down which name server is asked: the one that was said, else that of `LARIAT_NAMES`, else
/// the one of this machine.
///
/// # Errors
///
/// Wrong usage: it is no endpoint that a name server can be at.
pub fn set_name_server(said: Option<&str>) -> Result<(), Failure> {
    let variable = std::env::var("LARIAT_NAMES");
    let variable = variable.ok().filter(|value| !value.is_empty());
    let (text, by) = match (said, &variable) {
        (Some(said), _) => (said, "--names"),
        (None, Some(variable)) => (variable.as_str(), "LARIAT_NAMES"),
        (None, None) => return Ok(()),
    };
    let wrong = |reason: String| Failure::usage(format!("{by}: {reason}"));
    let server = endpoint(text);
    let server =
        server.map_err(|failure| wrong(failure.message().unwrap_or_default().to_owned()))?;
    if server.service().is_some() || server.is_datagram() {
        return Err(wrong(format!(
            "{server} is no name server's; write for example tcp://localhost:{}",
            names::PORT
        )));
    }
    let _ = NAME_SERVER.set(server.with_default_port(names::PORT));
    Ok(())
}

/// A client of the name server that is asked.
pub fn name_server(timeout: Option<Duration>) -> Client {
    let server = NAME_SERVER.get().cloned();
    let connect = ConnectOptions {
        timeout: timeout.unwrap_or(CONNECT_TIMEOUT),
        ..ConnectOptions::default()
    };
    Client::new(
        server.unwrap_or_else(names::default_server),
        AskOptions { connect, timeout },
    )
}

/// Where a name leads, for what connects to one place again and again; any other endpoint as it is.
///
/// # Errors
///
/// When nobody offers it, or nobody is there.
pub fn located(endpoint: Endpoint) -> Result<Endpoint, Failure> {
    if endpoint.service().is_none() {
        return Ok(endpoint);
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (found, _) = runtime.block_on(lariat_net::find(&endpoint, options(None)))?;
    Ok(found)
}

/// Standard input and output as a connection: read by a thread of its own that nothing
/// waits for, and written by another, so that a signal is heard while either is stuck.
///
/// # Errors
///
/// When the system gives no threads.
pub async fn standard_streams() -> Result<Connection, Failure> {
    Ok(lariat_net::connect(&"stdio:".parse()?).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for wrong in ["", "-1", "nan", "inf", "1e9", "5s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_endpoint_leads_elsewhere_and_has_the_engines_options_only() {
        let read = |text| endpoint(text).map(|endpoint| endpoint.to_string());
        assert_eq!(read("localhost:7"), Ok("tcp://localhost:7".into()));
        for wrong in ["stdio:", "mem://x", "tcp://x:1?quiet_ms=5", "tpc://x", ""] {
            let failure = read(wrong).expect_err(wrong);
            assert_eq!(failure.code(), crate::failure::USAGE, "{wrong}");
        }
    }
}
