//! The name that a client asks a server for (SNI).
//!
//! The library keeps it, but tells it of its buffered connections only. It also shows it to
//! whoever chooses the certificate: that is done here, where there is nothing to choose, so
//! that the name can be noted. The call comes from within the step of the handshake that
//! takes the client's first message in, on the same thread.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

thread_local! {
    static ASKED: RefCell<Option<Box<str>>> = const { RefCell::new(None) };
}

/// Shows every client the same certificate, and notes what it asked for.
#[derive(Debug)]
pub(crate) struct OneCertificate(pub(crate) Arc<CertifiedKey>);

impl ResolvesServerCert for OneCertificate {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        ASKED.set(hello.server_name().map(Box::from));
        Some(Arc::clone(&self.0))
    }
}

/// Does a step of a handshake, and tells what name was asked for in it, if one was.
pub(crate) fn during<R>(step: impl FnOnce() -> R) -> (R, Option<Box<str>>) {
    ASKED.take();
    let result = step();
    (result, ASKED.take())
}
