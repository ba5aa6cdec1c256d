//! The PROXY header on a carrier: read by a server, sent by a client.

use std::io;

use lariat_protocol::proxy::{self, Header, Version};
use lariat_protocol::{Address, ConnectionInfo, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::carrier::Carrier;
use crate::open::OpenError;

/// Reads a header, and corrects the ends of the connection by what it says. Nothing behind it
/// is read: that is the next layer's.
pub(crate) async fn read(
    carrier: &mut Carrier,
    info: &mut ConnectionInfo,
) -> Result<(), OpenError> {
    let mut head = Vec::with_capacity(128);
    loop {
        let more = proxy::needed(&head).map_err(OpenError::Proxy)?;
        if more == 0 {
            break;
        }
        let from = head.len();
        // What a header may be long in all is bounded, whatever a peer claims.
        head.resize(from + more, 0);
        let read = carrier.read_exact(&mut head[from..]).await;
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => OpenError::Proxy(Error::unexpected(
                "the connection ended within the PROXY header",
            )),
            _ => OpenError::Io(error),
        })?;
    }
    // A proxy that speaks for itself, or does not know for whom, changes nothing.
    if let Some((
        Header::Proxied {
            source,
            destination,
        },
        _,
    )) = proxy::decode(&head).map_err(OpenError::Proxy)?
    {
        info.peer = Address::from(source);
        info.local = Address::from(destination);
    }
    Ok(())
}

/// Sends a header that tells the ends of this connection.
pub(crate) async fn write(
    carrier: &mut Carrier,
    info: &ConnectionInfo,
    version: Version,
) -> Result<(), OpenError> {
    let header = match (info.local.inet(), info.peer.inet()) {
        (Some(source), Some(destination)) => Header::Proxied {
            source,
            destination,
        },
        _ => Header::Unknown,
    };
    let header = proxy::encode(&header, version);
    carrier.write_all(&header).await.map_err(OpenError::Io)?;
    carrier.flush().await.map_err(OpenError::Io)
}
