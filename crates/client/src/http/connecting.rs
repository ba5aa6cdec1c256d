//! From a target to a connection that takes requests: through a proxy, under TLS, in the version that the server chose.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use lariat_net::{ClientTls, ConnectOptions, Connection, OnResolved, client_tls};
use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::Base;

use super::address::Target;
use super::body::{Moved, Outgoing};
use super::event::{Event, Witness};
use super::observer::{Observed, Observer, Watch};
use super::pool::{About, Fresh, Key, Sender};
use super::proxy::{Kind, Proxies, Proxy, pass_on_by_socks, pass_on_by_tunnel};
use super::{Error, Limits, ProxyFault, Versions, explain};

/// The most that is read at once into memory of hyper's, at least: what it takes unless told otherwise.
const READ_BUFFER: usize = 400 * 1024;

/// How a client connects.
pub(super) struct Connecting {
    /// TLS with servers.
    pub(super) secrecy: Secrecy,
    /// TLS with proxies that are spoken to by it.
    pub(super) secrecy_of_proxies: Secrecy,
    /// Endpoints that stand for hosts and ports.
    pub(super) instead: HashMap<(String, u16), Endpoint>,
    pub(super) proxies: Proxies,
    pub(super) versions: Versions,
    pub(super) limits: Limits,
    pub(super) deadline: Duration,
    pub(super) observer: Option<Arc<dyn Observer>>,
    /// How many connections there were.
    pub(super) count: AtomicU64,
}

/// A client's side of TLS.
pub(super) struct Secrecy {
    /// An endpoint with its options.
    endpoint: Endpoint,
    /// Made when it is wanted first, since it may read the system's authorities.
    made: Mutex<Option<ClientTls>>,
}

impl Secrecy {
    /// As an endpoint's options say.
    pub(super) fn of(endpoint: Endpoint) -> Self {
        Secrecy {
            endpoint,
            made: Mutex::new(None),
        }
    }

    fn tls(&self) -> Result<ClientTls, Error> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tls) = &*made {
            return Ok(tls.clone());
        }
        let tls = client_tls(&self.endpoint).map_err(|error| lariat_net::Error::Open {
            endpoint: "https".into(),
            error,
        })?;
        Ok(made.insert(tls).clone())
    }
}

/// The way to a target.
pub(super) enum Way<'a> {
    /// To the server itself.
    Direct,
    /// A proxy is given the request.
    Given(&'a Proxy),
    /// A proxy passes the connection on.
    Passed(&'a Proxy),
}

impl<'a> Way<'a> {
    /// The proxy that the way leads to, if it does.
    fn proxy(&self) -> Option<&'a Proxy> {
        match self {
            Way::Direct => None,
            Way::Given(proxy) | Way::Passed(proxy) => Some(proxy),
        }
    }
}

impl Connecting {
    /// Which way requests to a target go.
    pub(super) fn way(&self, target: &Target) -> Way<'_> {
        let is_elsewhere = self.instead.contains_key(&(target.host(), target.port()));
        match self.proxies.of(target) {
            Some(_) if is_elsewhere => Way::Direct,
            None => Way::Direct,
            Some(proxy) if proxy.kind.is_http() && !target.is_secure() => Way::Given(proxy),
            Some(proxy) => Way::Passed(proxy),
        }
    }

    /// What connections are kept by for a target.
    pub(super) fn key(&self, target: &Target) -> Key {
        match self.way(target) {
            Way::Given(proxy) => Key {
                is_secure: proxy.kind == Kind::Https,
                host: proxy.host.clone(),
                port: proxy.port,
                through: Some("requests".into()),
            },
            way => Key {
                is_secure: target.is_secure(),
                host: target.host(),
                port: target.port(),
                through: match way {
                    Way::Passed(proxy) => Some(proxy.to_string()),
                    _ => None,
                },
            },
        }
    }

    /// Whether a connection to a target may come to be of version 2.
    pub(super) fn may_be_two(&self, target: &Target) -> bool {
        self.observer.is_none()
            && match self.versions {
                Versions::Both => target.is_secure(),
                Versions::Http1 => false,
                Versions::Http2 => !matches!(self.way(target), Way::Given(_)),
            }
    }

    /// Connects, within the time for it. A proxy that is asked for the connection may be told by the request who asks.
    pub(super) async fn dial(
        &self,
        target: &Target,
        said: Option<&HeaderValue>,
        witness: Option<&Witness>,
    ) -> Result<Fresh, Error> {
        let way = self.way(target);
        let is_passed = AtomicBool::new(false);
        let opening = self.open(target, &way, &is_passed, said, witness);
        let dialled = tokio::time::timeout(self.deadline, opening).await;
        dialled.unwrap_or_else(|_| {
            // Whoever was waited for is to be named.
            let endpoint = match way.proxy().filter(|_| !is_passed.into_inner()) {
                Some(proxy) => format!("the proxy {proxy}"),
                None => target.server(),
            };
            Err(Error::Connect(lariat_net::Error::TimedOut {
                endpoint,
                after: self.deadline,
            }))
        })
    }

    async fn open(
        &self,
        target: &Target,
        way: &Way<'_>,
        is_passed: &AtomicBool,
        said: Option<&HeaderValue>,
        witness: Option<&Witness>,
    ) -> Result<Fresh, Error> {
        // What cannot be is found before anybody is asked.
        if let (Versions::Http2, Way::Given(proxy)) = (self.versions, way) {
            return Err(Error::Misuse(format!(
                "the proxy {proxy} is given requests in HTTP/1.1, and HTTP/2 alone was to be spoken"
            )));
        }
        let tls = match target.is_secure() {
            true => Some(self.secrecy.tls()?),
            false => None,
        };
        let connection = self.reach(target, way, witness).await?;
        if let Some(witness) = witness {
            let (peer, proxy) = (connection.peer(), way.proxy());
            witness.tell(&Event::Connected { peer, proxy });
            if let Some(tls) = connection.tls() {
                witness.tell(&Event::Secured { tls });
            }
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let watch = self.observer.clone().map(|observer| Watch {
            observer,
            connection: number,
        });
        let mut stream = Observed::new(connection, watch.clone());
        if let Way::Passed(proxy) = *way {
            match proxy.kind {
                Kind::Http | Kind::Https => {
                    let there = target.host_and_port();
                    pass_on_by_tunnel(proxy, &mut stream, &there, said, witness).await
                }
                _ => {
                    let (host, port) = (target.host(), target.port());
                    pass_on_by_socks(proxy, &mut stream, &host, port, witness).await
                }
            }?;
            is_passed.store(true, Ordering::Relaxed);
        }
        if let Some(tls) = tls {
            // Whoever it leads through, the server is the one that proves its name.
            let plain = stream.into_inner();
            let connection = plain.start_tls_with(&tls, &target.host()).await;
            let connection = connection.map_err(|error| lariat_net::Error::Open {
                endpoint: target.server(),
                error,
            })?;
            if let (Some(witness), Some(tls)) = (witness, connection.tls()) {
                witness.tell(&Event::Secured { tls });
            }
            stream = Observed::new(connection, watch);
        }
        self.begin(stream, target).await
    }

    /// The connection on which everything else is built: to the server, to what stands for it, or to a proxy.
    async fn reach(
        &self,
        target: &Target,
        way: &Way<'_>,
        witness: Option<&Witness>,
    ) -> Result<Connection, Error> {
        let host = target.host();
        let mut options = ConnectOptions {
            timeout: self.deadline,
            ..ConnectOptions::default()
        };
        let (endpoint, named) = match way {
            Way::Given(proxy) | Way::Passed(proxy) => {
                let (host, port) = (proxy.host.as_str(), proxy.port);
                let endpoint = match proxy.kind {
                    Kind::Https => {
                        options.tls = Some(self.secrecy_of_proxies.tls()?);
                        Endpoint::tls(host, port)
                    }
                    _ => Endpoint::tcp(host, port),
                };
                (endpoint, format!("the proxy {proxy}"))
            }
            Way::Direct => match self.instead.get(&(host.clone(), target.port())) {
                Some(endpoint) => (endpoint.clone(), endpoint.to_string()),
                None => {
                    let endpoint = Endpoint::tcp(host.as_str(), target.port());
                    (endpoint, target.server())
                }
            },
        };
        options.on_resolved = witness.map(|witness| {
            let witness = witness.clone();
            // Another one than the target's, where a proxy or an endpoint stands for that.
            let host = match endpoint.base() {
                Base::Tcp { host, .. } => host.to_string(),
                _ => host,
            };
            OnResolved::new(move |addresses| {
                witness.tell(&Event::Resolved {
                    host: &host,
                    addresses,
                });
            })
        });
        let connected = lariat_net::connect_with(&endpoint, options).await;
        connected.map_err(|error| match (error, way) {
            (lariat_net::Error::Lookup(error), Way::Given(proxy) | Way::Passed(proxy)) => {
                Error::Proxy {
                    proxy: proxy.to_string(),
                    problem: error.to_string(),
                    fault: ProxyFault::NotFound,
                }
            }
            (error, _) => renamed(error, named).into(),
        })
    }

    /// Agrees on the version, and has a task move the bytes.
    async fn begin(&self, stream: Observed, target: &Target) -> Result<Fresh, Error> {
        let connection = stream.connection();
        let chosen = connection.tls().and_then(|tls| tls.alpn.as_deref());
        let is_two = match self.versions {
            _ if !self.may_be_two(target) => false,
            Versions::Http2 => {
                if target.is_secure() && chosen != Some(b"h2") {
                    return Err(Error::Invalid {
                        server: target.server(),
                        problem: "it does not speak HTTP/2, and nothing else was to be spoken"
                            .into(),
                    });
                }
                true
            }
            _ => chosen == Some(b"h2"),
        };
        let about = Arc::new(About {
            peer: connection.peer().clone(),
            // What a proxy that is given the request has proved says nothing of the server.
            tls: connection
                .tls()
                .filter(|_| target.is_secure())
                .cloned()
                .map(Arc::new),
            written: stream.written(),
            used: Moved::now(),
        });
        tracing::debug!(server = target.server(), peer = %about.peer, is_two, "connected");
        let sender = match is_two {
            true => self.begin_two(stream, target).await?,
            false => self.begin_one(stream, target).await?,
        };
        Ok(Fresh { sender, about })
    }

    async fn begin_one(&self, stream: Observed, target: &Target) -> Result<Sender, Error> {
        let begun = http1::Builder::new()
            .title_case_headers(true)
            .max_headers(self.limits.header_lines)
            .max_header_size(self.limits.header_bytes)
            .max_buf_size(self.limits.header_bytes.max(READ_BUFFER))
            .handshake::<_, Outgoing>(TokioIo::new(stream))
            .await;
        let (sender, connection) = begun.map_err(|error| self.failed(target, &error))?;
        let moving = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        Ok(Sender::One(sender, moving.abort_handle()))
    }

    async fn begin_two(&self, stream: Observed, target: &Target) -> Result<Sender, Error> {
        let header = u32::try_from(self.limits.header_bytes).unwrap_or(u32::MAX);
        let begun = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(header)
            .handshake::<_, Outgoing>(TokioIo::new(stream))
            .await;
        let (sender, connection) = begun.map_err(|error| self.failed(target, &error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
        });
        Ok(Sender::Two(sender))
    }

    fn failed(&self, target: &Target, error: &hyper::Error) -> Error {
        explain::head(&target.server(), error, &self.limits)
    }
}

/// The names of the application protocols that a client offers, as an endpoint has them.
pub(super) fn offered(versions: Versions, is_observed: bool) -> &'static str {
    match versions {
        _ if is_observed => "http/1.1",
        Versions::Both => "h2,http/1.1",
        Versions::Http1 => "http/1.1",
        Versions::Http2 => "h2",
    }
}

/// The same error of what a person knows it by: not the endpoint that was made for it.
fn renamed(error: lariat_net::Error, name: String) -> lariat_net::Error {
    match error {
        lariat_net::Error::Connect { attempts, .. } => lariat_net::Error::Connect {
            endpoint: name,
            attempts,
        },
        lariat_net::Error::TimedOut { after, .. } => lariat_net::Error::TimedOut {
            endpoint: name,
            after,
        },
        lariat_net::Error::Open { error, .. } => lariat_net::Error::Open {
            endpoint: name,
            error,
        },
        error => error,
    }
}
