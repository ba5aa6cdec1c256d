//! What the tests of this crate share: identities and a handshake over memory.

#![allow(clippy::unwrap_used, dead_code)]

pub mod peer;

use std::time::{Duration, SystemTime};

use lariat_tls::{
    Authority, ClientOptions, ClientTls, Identity, Issued, ServerOptions, ServerTls, TlsError,
    TlsStream, Trust,
};
use tokio::io::DuplexStream;

pub type Stream = TlsStream<DuplexStream>;

pub fn authority() -> Authority {
    Authority::create("Test authority").unwrap()
}

pub fn identity(issued: &Issued) -> Identity {
    Identity::from_pem(issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes()).unwrap()
}

pub fn server_identity(authority: &Authority) -> Identity {
    identity(&authority.issue_server(&["localhost", "127.0.0.1"]).unwrap())
}

pub fn server_options(authority: &Authority) -> ServerOptions {
    ServerOptions::new(server_identity(authority))
}

pub fn server(authority: &Authority) -> ServerTls {
    ServerTls::new(server_options(authority)).unwrap()
}

pub fn client_options(authority: &Authority) -> ClientOptions {
    ClientOptions {
        trust: Trust::Authorities(authority.certificate_pem().into()),
        ..ClientOptions::default()
    }
}

pub fn client(authority: &Authority) -> ClientTls {
    ClientTls::new(client_options(authority)).unwrap()
}

/// Both sides of one handshake: what the server and what the client came to.
pub async fn handshake(
    server: &ServerTls,
    client: &ClientTls,
    name: &str,
) -> (Result<Stream, TlsError>, Result<Stream, TlsError>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    tokio::join!(server.accept(far), client.connect(name, near))
}

/// A certificate for `localhost` and its key, as PEM text, that begins and ends so many
/// seconds from now (or, below zero, ago).
pub fn issue_with_validity(authority: &Authority, begin: i64, end: i64) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new(vec![String::from("localhost")]).unwrap();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let at = |offset: i64| {
        let seconds = i64::try_from(now.as_secs()).unwrap() + offset;
        epoch + Duration::from_secs(u64::try_from(seconds).unwrap())
    };
    parameters.not_before = at(begin);
    parameters.not_after = at(end);
    let authority_key = rcgen::KeyPair::from_pem(authority.key_pem()).unwrap();
    let issuer =
        rcgen::Issuer::from_ca_cert_pem(authority.certificate_pem(), authority_key).unwrap();
    let certificate = parameters.signed_by(&key, &issuer).unwrap();
    (certificate.pem(), key.serialize_pem())
}
