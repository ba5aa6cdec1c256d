//! SOCKS 5 (RFC 1928), with a name and a password where they are asked for (RFC 1929): a proxy passes a connection on. What
//! version 4 has in common with it is here as well.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Kind, Proxy, ProxyFault, socks4};
use crate::http::Error;
use crate::http::event::{Event, Witness};

const VERSION: u8 = 5;

/// Ways to say who asks.
const NOBODY: u8 = 0;
const BY_PASSWORD: u8 = 2;
const NO_WAY: u8 = 255;

/// Asks for a connection to a host and port, over which everything goes that follows. A name that is looked up here is told.
pub(in crate::http) async fn pass_on<S>(
    proxy: &Proxy,
    stream: &mut S,
    host: &str,
    port: u16,
    witness: Option<&Witness>,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let failed = |fault, problem: String| Error::Proxy {
        proxy: proxy.to_string(),
        problem,
        fault,
    };
    let wrong = |problem| failed(ProxyFault::Broken, problem);
    let asked = match proxy.kind {
        Kind::Socks4 | Kind::Socks4WithNames => {
            let request = socks4::request(proxy, host, port, witness).await?;
            socks4::ask(stream, &request).await
        }
        _ => {
            let target = target(proxy, host, port, witness).await?;
            ask(proxy, stream, &target).await
        }
    };
    let refused = asked.map_err(|error| match error {
        Failure::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            wrong("it closed the connection before it had passed it on".into())
        }
        Failure::Io(error) => wrong(format!("the connection broke: {error}")),
        Failure::Said(problem) => wrong(problem),
        Failure::WantsLogin => failed(
            ProxyFault::WantsLogin,
            "it wants a name and a password".into(),
        ),
    })?;
    match refused {
        None => Ok(()),
        Some(why) => Err(failed(
            ProxyFault::Refused,
            format!("it does not connect to {host}:{port}: {why}"),
        )),
    }
}

/// What goes wrong on the way to an answer.
pub(super) enum Failure {
    Io(io::Error),
    Said(String),
    WantsLogin,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Io(error)
    }
}

/// Where the connection is to go, as the request has it: an address, or a name for the proxy to look up.
async fn target(
    proxy: &Proxy,
    host: &str,
    port: u16,
    witness: Option<&Witness>,
) -> Result<Vec<u8>, Error> {
    let mut target = Vec::new();
    match (host.parse::<IpAddr>(), proxy.kind) {
        (Ok(address), _) => push_address(&mut target, address),
        (Err(_), Kind::Socks) => {
            let found = looked_up(host, port, witness).await?;
            // A proxy tries one address: IPv4 is what nearly all of them can reach.
            let best = found
                .iter()
                .find(|address| address.is_ipv4())
                .or(found.first());
            match best {
                Some(address) => push_address(&mut target, SocketAddr::ip(address)),
                None => return Err(Error::Misuse(format!("{host} has no address"))),
            }
        }
        (Err(_), _) => {
            let length = u8::try_from(host.len()).map_err(|_| Error::Address {
                address: host.to_owned(),
                problem: "a name has at most 255 bytes".into(),
            })?;
            target.extend_from_slice(&[3, length]);
            target.extend_from_slice(host.as_bytes());
        }
    }
    target.extend_from_slice(&port.to_be_bytes());
    Ok(target)
}

/// The addresses of a name.
pub(super) async fn looked_up(
    host: &str,
    port: u16,
    witness: Option<&Witness>,
) -> Result<Vec<SocketAddr>, Error> {
    let name = host.to_owned();
    // The system's resolver blocks for as long as it likes.
    let looking = tokio::task::spawn_blocking(move || lariat_net::lookup::resolve(&name, port));
    let Ok(found) = looking.await else {
        return Err(Error::Misuse("the runtime is shutting down".into()));
    };
    let addresses = found.map_err(lariat_net::Error::from)?;
    if let Some(witness) = witness {
        let addresses = &addresses;
        witness.tell(&Event::Resolved { host, addresses });
    }
    Ok(addresses)
}

fn push_address(target: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            target.push(1);
            target.extend_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            target.push(4);
            target.extend_from_slice(&address.octets());
        }
    }
}

/// The conversation, up to why the proxy does not connect, if it does not.
async fn ask<S>(proxy: &Proxy, stream: &mut S, target: &[u8]) -> Result<Option<String>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let login = proxy.asking.as_ref().and_then(|asking| asking.login());
    let greeting: &[u8] = match login {
        Some(_) => &[VERSION, 2, NOBODY, BY_PASSWORD],
        None => &[VERSION, 1, NOBODY],
    };
    say(stream, greeting).await?;
    let [version, way] = hear(stream).await?;
    check_version(version)?;
    match (way, login) {
        (NOBODY, _) => {}
        (BY_PASSWORD, Some((user, password))) => log_in(stream, user, password).await?,
        (BY_PASSWORD | NO_WAY, None) => return Err(Failure::WantsLogin),
        (NO_WAY, Some(_)) => {
            return Err(Failure::Said("it takes no name and password".into()));
        }
        (way, _) => {
            return Err(Failure::Said(format!(
                "it chose the way {way} to log in, which it was not offered"
            )));
        }
    }
    let mut request = vec![VERSION, 1, 0];
    request.extend_from_slice(target);
    say(stream, &request).await?;
    let [version, code, _, kind] = hear(stream).await?;
    check_version(version)?;
    // Behind a failure some send nothing more.
    if code != 0 {
        return Ok(Some(reason(code)));
    }
    skip_address(stream, kind).await?;
    Ok(None)
}

async fn log_in<S>(stream: &mut S, user: &str, password: &str) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = vec![1];
    for word in [user, password] {
        let length = u8::try_from(word.len()).map_err(|_| {
            Failure::Said("a name or a password has at most 255 bytes there".into())
        })?;
        message.push(length);
        message.extend_from_slice(word.as_bytes());
    }
    say(stream, &message).await?;
    match hear::<2, S>(stream).await? {
        [_, 0] => Ok(()),
        _ => Err(Failure::Said(
            "it does not take the name and the password".into(),
        )),
    }
}

/// The address from which the proxy connects, which is of no use.
async fn skip_address<S: AsyncRead + Unpin>(stream: &mut S, kind: u8) -> Result<(), Failure> {
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => {
            let [length] = hear(stream).await?;
            usize::from(length)
        }
        kind => {
            return Err(Failure::Said(format!(
                "its answer has an address of the kind {kind}, and there is 1, 3 and 4"
            )));
        }
    };
    let mut rest = vec![0; length + 2];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

fn check_version(version: u8) -> Result<(), Failure> {
    match version {
        VERSION => Ok(()),
        _ => Err(Failure::Said(format!(
            "it does not speak SOCKS 5: its answer begins with {version} and not with 5"
        ))),
    }
}

pub(super) async fn say<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// So many bytes and no more: what follows is the server's.
pub(super) async fn hear<const LENGTH: usize, S: AsyncRead + Unpin>(
    stream: &mut S,
) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// RFC 1928, section 6.
fn reason(code: u8) -> String {
    match code {
        1 => "something failed there".into(),
        2 => "its rules do not allow it".into(),
        3 => "network unreachable".into(),
        4 => "host unreachable".into(),
        5 => "connection refused".into(),
        6 => "it took too long".into(),
        7 => "it makes no connections for others".into(),
        8 => "it does not know this kind of address".into(),
        code => format!("for the reason {code}"),
    }
}
