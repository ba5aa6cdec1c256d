//! TLS over the stream sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use lariat_socketserver::{
    Deadlines, Options, Pooled, Sequential, Server, Strategy, StreamRequest, Tcp, Threading, Tls,
    Unix, handler,
};
use lariat_tls::{
    Authority, ClientOptions, ClientTls, Identity, Issued, ServerOptions, ServerTls, Trust,
};

use crate::classes::shout;
use crate::clients::{PATIENCE, connect, heard, serving};

fn both_sides() -> (ServerTls, ClientTls) {
    let authority = Authority::create("Test authority").expect("keys");
    let issued = authority
        .issue_server(&["localhost"])
        .expect("a certificate");
    let (certificate, key) = (issued.certificate_pem, issued.key_pem);
    let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("PEM");
    let server = ServerTls::new(ServerOptions::new(identity)).expect("a server's side");
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Authorities(authority.certificate_pem().into()),
        ..ClientOptions::default()
    });
    (server, client.expect("a client's side"))
}

fn speaks_tls<S: Strategy + Default>() {
    let (tls, client) = both_sides();
    let server = Server::<Tls<Tcp>, S, _>::builder(shout)
        .options(Options {
            tls: Some(tls),
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        // Somebody who does not speak it is told nothing, and hurts nobody.
        let mut plain = connect(&server);
        plain
            .write_all(b"hi there, this is no TLS\n")
            .expect("it reads");
        let _ = heard(&mut plain);
        let stream = connect(&server);
        let mut stream = client
            .connect_blocking("localhost", stream)
            .expect("a handshake");
        let long = [b"x".repeat(900), b"\n".to_vec()].concat().repeat(200);
        stream.write_all(&long).expect("it reads");
        let mut answer = vec![0; long.len()];
        stream.read_exact(&mut answer).expect("it answers");
        assert_eq!(answer, long.to_ascii_uppercase());
        stream.close().expect("an end");
        assert_eq!(stream.read(&mut [0]).expect("the end"), 0);
    });
}

#[test]
fn unix_sockets_speak_tls() {
    let (tls, client) = both_sides();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let server = Server::<Tls<Unix>, Threading, _>::builder(shout)
        .options(Options {
            tls: Some(tls),
            ..Options::default()
        })
        .bind(&path)
        .expect("a path");
    serving(&server, || {
        let stream = UnixStream::connect(&path).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut stream = client
            .connect_blocking("localhost", stream)
            .expect("a handshake");
        stream.write_all(b"hi\n").expect("it reads");
        let mut answer = [0; 3];
        stream.read_exact(&mut answer).expect("it answers");
        assert_eq!(&answer, b"HI\n");
    });
}

#[test]
fn a_handler_sees_who_speaks_tls() {
    let authority = Authority::create("Test authority").expect("keys");
    let identity = |issued: Issued| {
        let (certificate, key) = (issued.certificate_pem, issued.key_pem);
        Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("PEM")
    };
    let own = authority.issue_server(&["localhost"]);
    let mut asking = ServerOptions::new(identity(own.expect("a certificate")));
    asking.client_authorities = Some(authority.certificate_pem().into());
    asking.require_client = true;
    let theirs = authority.issue_client("Ada").expect("a certificate");
    let client = ClientTls::new(ClientOptions {
        trust: Trust::Authorities(authority.certificate_pem().into()),
        identity: Some(identity(theirs)),
        ..ClientOptions::default()
    })
    .expect("a client's side");
    let who = handler(|request: &mut StreamRequest| {
        let session = request.session().ok_or("no TLS")?;
        let (name, count) = (session.server_name, session.peer_certificates.len());
        write!(request.wfile, "{name:?} {count}")?;
        Ok(())
    });
    let server = Server::<Tls<Tcp>, Threading, _>::builder(who)
        .options(Options {
            tls: Some(ServerTls::new(asking).expect("a server's side")),
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut stream = client
            .connect_blocking("localhost", connect(&server))
            .expect("a handshake");
        let mut said = String::new();
        stream.read_to_string(&mut said).expect("an end in order");
        assert_eq!(said, "Some(\"localhost\") 1");
    });
}

#[test]
fn every_strategy_speaks_tls() {
    speaks_tls::<Sequential>();
    speaks_tls::<Threading>();
    speaks_tls::<Pooled>();
}

#[test]
fn a_handshake_has_a_deadline() {
    let (tls, _) = both_sides();
    let server = Server::<Tls<Tcp>, Threading, _>::builder(shout)
        .options(Options {
            tls: Some(tls),
            deadlines: Deadlines {
                first_byte: Some(Duration::from_millis(50)),
                ..Deadlines::default()
            },
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut silent: TcpStream = connect(&server);
        assert_eq!(heard(&mut silent).expect("the end"), b"");
    });
}

/// Whether a server ends a connection whose client makes its handshake, says these words, and then
/// sends one record a byte at a time, which would take minutes.
fn ends_what_drips(deadlines: Deadlines, words: &[u8]) {
    let (tls, client) = both_sides();
    let server = Server::<Tls<Tcp>, Threading, _>::builder(shout)
        .options(Options {
            tls: Some(tls),
            deadlines,
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut dripping = connect(&server);
        let below = dripping.try_clone().expect("a descriptor");
        let mut handshaken = client
            .connect_blocking("localhost", below)
            .expect("a handshake");
        handshaken.write_all(words).expect("it reads");
        // A record of application data.
        dripping.write_all(&[23, 3, 3, 0x40, 0]).expect("it reads");
        let pause = Some(Duration::from_millis(10));
        dripping.set_read_timeout(pause).expect("a socket");
        let end = loop {
            match dripping.read(&mut [0; 1024]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Session tickets.
                Ok(1..) => {}
                end => break end,
            }
            if let Err(error) = dripping.write_all(b"x") {
                break Err(error);
            }
        };
        drop((end, handshaken));
    });
}

#[test]
fn a_record_that_drips_in_is_not_waited_for_beyond_the_deadlines() {
    // The handshake is within the first two, and the client's words within the third.
    let soon = Some(Duration::from_secs(2));
    let whole = Deadlines {
        request: soon,
        ..Deadlines::NONE
    };
    ends_what_drips(whole, b"");
    let first_byte = Deadlines {
        first_byte: soon,
        ..Deadlines::NONE
    };
    ends_what_drips(first_byte, b"");
    let idle = Deadlines {
        idle: soon,
        ..Deadlines::NONE
    };
    ends_what_drips(idle, b"hi\n");
}

#[test]
fn a_certificate_has_to_be_given() {
    let missing = Server::<Tls<Tcp>, Threading, _>::bind("127.0.0.1:0", shout);
    let said = missing.expect_err("no certificate").to_string();
    assert!(said.contains("needs Options::tls"), "{said}");
}
