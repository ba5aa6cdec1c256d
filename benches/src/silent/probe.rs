//! One peer that does not do what it should, and how long it is kept.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::load::dial::{self, Stream};
use crate::load::exchange::ask;

/// How far a peer goes before it stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has connected.
    Connected,
    /// It has sent half of its first TLS message.
    HalfHello,
    /// The TLS handshake is done.
    Open,
    /// It had an answer.
    Answered,
}

/// What it does then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Nothing.
    Silent,
    /// It sends a byte now and then.
    Drips,
}

/// What a server is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The timestamp's lines.
    Lines,
    /// HTTP.
    Http,
    /// What is not asked anything here.
    Other,
}

impl Stage {
    /// Whether a server has it.
    pub fn exists(self, tls: bool, dialect: Dialect) -> bool {
        match self {
            Stage::Connected => true,
            Stage::HalfHello | Stage::Open => tls,
            Stage::Answered => dialect != Dialect::Other,
        }
    }
}

/// A peer.
pub struct Probe<'a> {
    pub server: SocketAddr,
    /// There if the server speaks TLS.
    pub connector: Option<&'a TlsConnector>,
    pub hello: &'a [u8],
    pub dialect: Dialect,
    pub stage: Stage,
    pub manner: Manner,
    pub drip: Duration,
    pub cap: Duration,
}

impl Probe<'_> {
    /// How long the server keeps it; `None` if longer than the cap.
    pub async fn run(self) -> io::Result<Option<Duration>> {
        let mut socket = dial::tcp(self.server, 0).await?;
        let begun = Instant::now();
        let (half, rest) = self.hello.split_at(self.hello.len() / 2);
        match (self.stage, self.connector) {
            (Stage::Connected, Some(_)) => self.watch(socket, begun, self.hello).await,
            (Stage::HalfHello, _) => {
                socket.write_all(half).await?;
                self.watch(socket, begun, rest).await
            }
            (_, None) => self.go_on(socket).await,
            (_, Some(connector)) => {
                let stream = dial::handshake(connector, socket).await?;
                self.go_on(stream).await
            }
        }
    }

    async fn go_on<S: Stream>(&self, mut stream: S) -> io::Result<Option<Duration>> {
        if self.stage == Stage::Answered {
            let (question, part): (&[u8], &[u8]) = match self.dialect {
                Dialect::Http => (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\n\r\nok"),
                _ => (b"hello\n", b"hello\n"),
            };
            ask(&mut stream, question, part).await?;
        }
        // Of a line there must be no end, or the drip would be a message now and then.
        let drops: &[u8] = match self.dialect {
            Dialect::Http => b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ",
            _ => b"",
        };
        self.watch(stream, Instant::now(), drops).await
    }

    /// Reads until the server ends the connection, sending `drops` one by one if it drips.
    async fn watch<S: Stream>(
        &self,
        mut stream: S,
        begun: Instant,
        drops: &[u8],
    ) -> io::Result<Option<Duration>> {
        let mut drops = drops.iter().copied().chain(std::iter::repeat(b'x'));
        let mut buffer = [0; 512];
        let mut clock = self.clock(begun);
        let watching = async {
            loop {
                tokio::select! {
                    read = stream.read(&mut buffer) => {
                        if matches!(read, Ok(0) | Err(_)) {
                            return;
                        }
                    }
                    _ = clock.tick(), if self.manner == Manner::Drips => {
                        let drop = [drops.next().unwrap_or(b'x')];
                        let sent = async {
                            stream.write_all(&drop).await?;
                            stream.flush().await
                        };
                        if sent.await.is_err() {
                            return;
                        }
                    }
                }
            }
        };
        let ended = timeout(self.cap, watching).await;
        Ok(ended.ok().map(|()| begun.elapsed()))
    }

    fn clock(&self, begun: Instant) -> Interval {
        let mut clock = interval_at(begun + self.drip, self.drip);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        clock
    }
}

/// The first message of a TLS client.
pub fn hello(connector: &TlsConnector) -> io::Result<Vec<u8>> {
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let config = std::sync::Arc::clone(connector.config());
    let mut client = ClientConnection::new(config, name).map_err(io::Error::other)?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello)?;
    Ok(hello)
}

/// What a stalled handshake has sent.
pub fn half_hello(connector: &TlsConnector) -> io::Result<Vec<u8>> {
    let mut hello = hello(connector)?;
    hello.truncate(hello.len() / 2);
    Ok(hello)
}
