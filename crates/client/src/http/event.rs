//! What happens on the way of one request, for whoever wants to see it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, Uri, Version};
use lariat_protocol::{Address, TlsInfo};

use super::{Error, Proxy};

/// Is told what happens on the way of one request, among whose `extensions` it stands: each head that is sent and
/// received, also where an answer points elsewhere or the request is repeated.
///
/// It is called while the request is on its way, which waits for it. Heads have passwords and cookies in them.
///
/// ```no_run
/// # async fn f(client: lariat_client::http::Client, mut request: http::Request<lariat_client::http::Body>)
/// # -> Result<(), lariat_client::http::Error> {
/// use lariat_client::http::{Event, Witness};
///
/// request.extensions_mut().insert(Witness::new(|event| match event {
///     Event::Connected { peer, .. } => println!("connected to {peer}"),
///     Event::Answered { status, .. } => println!("{status}"),
///     _ => {}
/// }));
/// client.send(request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Witness(Arc<dyn Fn(&Event<'_>) + Send + Sync>);

impl Witness {
    /// One that is told by this function.
    pub fn new(told: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Witness(Arc::new(told))
    }

    pub(super) fn tell(&self, event: &Event<'_>) {
        (self.0)(event);
    }

    /// Tells of a head that has come. Where it says no `reason`, that is the usual one, which version 2 has not.
    pub(super) fn tell_answered(
        &self,
        version: Version,
        status: StatusCode,
        reason: Option<&[u8]>,
        headers: &HeaderMap,
    ) {
        let usual = match version {
            Version::HTTP_2 => None,
            _ => status.canonical_reason(),
        };
        let said = reason.map(String::from_utf8_lossy);
        self.tell(&Event::Answered {
            version,
            status,
            reason: said.as_deref().or(usual).unwrap_or_default(),
            headers,
        });
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Witness").finish_non_exhaustive()
    }
}

/// Something that happens on the way of a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The addresses of the name are known to which a connection is made: the host's, or a proxy's, and then also the host's where a
    /// proxy of SOCKS is told an address. Nothing is told of what is an address itself.
    #[non_exhaustive]
    Resolved {
        /// The name.
        host: &'a str,
        /// Its addresses, as the system orders them; those of both families are tried in turns. A proxy of SOCKS is told one.
        addresses: &'a [SocketAddr],
    },
    /// A connection was made for it.
    #[non_exhaustive]
    Connected {
        /// The other end.
        peer: &'a Address,
        /// The proxy that this is, if it is one.
        proxy: Option<&'a Proxy>,
    },
    /// The server proved its name, or a proxy that is spoken to by TLS did, and what follows goes over it.
    #[non_exhaustive]
    Secured {
        /// What was agreed on.
        tls: &'a TlsInfo,
    },
    /// It has a connection that was there already.
    #[non_exhaustive]
    Reused {
        /// The other end.
        peer: &'a Address,
    },
    /// This head is sent, to a server or a proxy.
    #[non_exhaustive]
    Asked {
        /// The method; `CONNECT` where a proxy is asked to pass the connection on.
        method: &'a Method,
        /// What stands behind it: a path, a host and port for `CONNECT`, or a whole address for a proxy and over version 2.
        uri: &'a Uri,
        /// The version.
        version: Version,
        /// The lines behind the first, in their order.
        headers: &'a HeaderMap,
    },
    /// So many bytes of the request's body were taken to be sent.
    #[non_exhaustive]
    Sent {
        /// How many, beside those that were told before.
        bytes: usize,
    },
    /// This head has come. Those of 1xx come before the one that is the answer.
    #[non_exhaustive]
    Answered {
        /// The version.
        version: Version,
        /// The status.
        status: StatusCode,
        /// What the server calls it; nothing over version 2.
        reason: &'a str,
        /// The lines behind the first, as they came: before anything is unpacked.
        headers: &'a HeaderMap,
    },
    /// The answer points there, which is asked next.
    #[non_exhaustive]
    Redirected {
        /// What was asked for.
        from: &'a Uri,
        /// Where.
        to: &'a Uri,
    },
    /// It will be asked again.
    #[non_exhaustive]
    Again {
        /// Why there was no answer, if there was none.
        error: Option<&'a Error>,
        /// After how long.
        after: Duration,
    },
}
