//! SOCKS 4, and 4a with names: a proxy passes a connection on to an address of IPv4, or to what it looks up itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};

use super::socks::{Failure, hear, looked_up, say};
use super::{Kind, Proxy, ProxyFault};
use crate::http::Error;
use crate::http::event::Witness;

const VERSION: u8 = 4;

/// The address that is none, behind which a name stands (4a).
const NAMED: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);

/// What a proxy is asked for a connection to a host and port.
pub(super) async fn request(
    proxy: &Proxy,
    host: &str,
    port: u16,
    witness: Option<&Witness>,
) -> Result<Vec<u8>, Error> {
    let (address, name) = match (host.parse::<IpAddr>(), proxy.kind) {
        // Others of these are the sign that a name follows.
        (Ok(IpAddr::V4(address)), _) if address.octets()[..3] != [0; 3] => (address, None),
        (Ok(_), _) => return Err(only_four(proxy, host)),
        (Err(_), Kind::Socks4) => {
            let found = looked_up(host, port, witness).await?;
            (first_of_four(proxy, host, &found)?, None)
        }
        (Err(_), _) => (NAMED, Some(host)),
    };
    let login = proxy.asking.as_ref().and_then(|asking| asking.login());
    let user = login.map_or("", |(user, _)| user);
    let mut request = vec![VERSION, 1];
    request.extend_from_slice(&port.to_be_bytes());
    request.extend_from_slice(&address.octets());
    for word in [Some(user), name].into_iter().flatten() {
        if word.contains('\0') {
            let problem = "a name with a NUL in it cannot be told to a proxy of SOCKS 4";
            return Err(Error::Misuse(problem.into()));
        }
        request.extend_from_slice(word.as_bytes());
        request.push(0);
    }
    Ok(request)
}

fn first_of_four(proxy: &Proxy, host: &str, found: &[SocketAddr]) -> Result<Ipv4Addr, Error> {
    let four = found.iter().find_map(|address| match address.ip() {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    });
    four.ok_or_else(|| only_four(proxy, host))
}

fn only_four(proxy: &Proxy, host: &str) -> Error {
    Error::Proxy {
        proxy: proxy.to_string(),
        problem: format!(
            "{host} has no address of IPv4, and a proxy of SOCKS 4 knows no other; socks5:// does"
        ),
        fault: ProxyFault::Refused,
    }
}

/// The conversation, up to why the proxy does not connect, if it does not.
pub(super) async fn ask<S>(stream: &mut S, request: &[u8]) -> Result<Option<String>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    say(stream, request).await?;
    // Behind both an address stands that is of no use.
    let [version, code, ..] = hear::<8, S>(stream).await?;
    match (version, code) {
        (0, 90) => Ok(None),
        (0, code) => Ok(Some(reason(code))),
        (version, _) => Err(Failure::Said(format!(
            "it does not speak SOCKS 4: its answer begins with {version} and not with 0"
        ))),
    }
}

fn reason(code: u8) -> String {
    match code {
        91 => "it says no, or there is no way there".into(),
        92 => "it cannot ask this machine who asks".into(),
        93 => "this machine says that somebody else asks".into(),
        code => format!("for the reason {code}"),
    }
}
