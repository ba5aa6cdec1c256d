//! A connected UDP socket: the client's side, which also hears that nobody listens.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use socket2::SockRef;
use tokio::io::{Interest, ReadBuf};
use tokio::net::UdpSocket;

use crate::carrier::Received;

type Failing = Pin<Box<dyn Future<Output = io::Error> + Send>>;

pub(crate) struct ConnectedUdp {
    socket: Arc<UdpSocket>,
    /// Waits for an error of the socket. A refusal (ICMP's "port unreachable") makes a
    /// socket neither readable nor writable, so whoever only waits for an answer would
    /// never hear of it.
    failing: Failing,
}

impl ConnectedUdp {
    pub(crate) fn new(socket: UdpSocket) -> Self {
        let socket = Arc::new(socket);
        ConnectedUdp {
            failing: failing(Arc::clone(&socket)),
            socket,
        }
    }

    pub(crate) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Received>> {
        let mut buffer = ReadBuf::new(buffer);
        if let Poll::Ready(received) = self.socket.poll_recv(context, &mut buffer) {
            received?;
            return Poll::Ready(Ok(Received::Message(buffer.filled().len())));
        }
        let failed = self.failing.as_mut().poll(context);
        failed.map(|error| {
            self.failing = failing(Arc::clone(&self.socket));
            Err(error)
        })
    }

    pub(crate) fn poll_send(
        &self,
        context: &mut Context<'_>,
        message: &Bytes,
    ) -> Poll<io::Result<()>> {
        self.socket.poll_send(context, message).map_ok(drop)
    }
}

fn failing(socket: Arc<UdpSocket>) -> Failing {
    Box::pin(async move {
        let take = || match SockRef::from(&*socket).take_error()? {
            Some(error) => Err(error),
            None => Err(io::ErrorKind::WouldBlock.into()),
        };
        let failed: io::Result<Infallible> = socket.async_io(Interest::ERROR, take).await;
        match failed {
            Err(error) => error,
            Ok(never) => match never {},
        }
    })
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_refusal_is_heard_while_an_answer_is_waited_for() {
        let nobody = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
        let address = nobody.local_addr().expect("bound");
        // Connected to itself, it hears nobody else, and nobody else has its port.
        nobody.connect(address).expect("a way there");
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("loopback");
        socket.connect(address).await.expect("a way there");
        let mut socket = ConnectedUdp::new(socket);
        let mut buffer = [0; 8];
        let mut sent = false;
        // Waiting first, as a client does whose reader is another task.
        let received = poll_fn(|context| {
            let received = socket.poll_receive(context, &mut buffer);
            if received.is_pending() && !sent {
                sent = socket.poll_send(context, &Bytes::from("hi")).is_ready();
            }
            received
        });
        let received = tokio::time::timeout(Duration::from_secs(30), received);
        let received = received.await.expect("told in time");
        let error = received.expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
