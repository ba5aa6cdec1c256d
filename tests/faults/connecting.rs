//! Before there is a connection: each fault in exact words.

use std::time::Duration;

use lariat::service::timestamp::Timestamp;
use lariat::{ConnectOptions, Endpoint, Error};
use lariat_testkit::Nobody;

use super::{others_are_served, serve};
use crate::common::{PATIENCE, address, alone, connect, reactor};

fn connecting_fails(endpoint: &str, timeout: Duration) -> Error {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let reactor = reactor();
    reactor.handle().wait(async move {
        let options = ConnectOptions {
            timeout,
            ..ConnectOptions::default()
        };
        let connected = lariat::connect_with(&endpoint, options).await;
        connected.map(drop).expect_err("nobody is there")
    })
}

#[test]
fn refused() {
    let nobody = Nobody::tcp();
    let port = nobody.port();
    let endpoint = format!("tcp://127.0.0.1:{port}");
    assert_eq!(
        connecting_fails(&endpoint, PATIENCE).to_string(),
        format!("cannot connect to {endpoint}: connection refused (127.0.0.1:{port})")
    );
    assert_eq!(
        connecting_fails("mem://nobody", PATIENCE).to_string(),
        "cannot connect to mem://nobody: connection refused (mem://nobody)"
    );
}

#[test]
fn a_name_without_an_address() {
    // Reserved for what does not exist (RFC 6761), also where there is no network to ask.
    let name = "nobody-is-called-so.invalid";
    let error = connecting_fails(&format!("tcp://{name}:1"), PATIENCE);
    assert!(matches!(error, Error::Lookup(_)), "{error:?}");
    assert!(error.to_string().contains(name), "{error}");
}

#[test]
fn an_answer_that_does_not_come() {
    // It accepts, by the system's queue, and never says a word of TLS.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = silent.local_addr().expect("an address").port();
    let endpoint = format!("tls://127.0.0.1:{port}?verify=none");
    assert_eq!(
        connecting_fails(&endpoint, Duration::from_millis(300)).to_string(),
        format!("cannot connect to {endpoint}: no answer within 0.3 s")
    );
}

#[test]
fn a_port_that_is_taken() {
    let reactor = reactor();
    for scheme in ["tcp", "udp"] {
        let listening = serve(&reactor, &format!("{scheme}://127.0.0.1:0"));
        let port = listening.endpoint().port().expect("a port");
        // Also by a host of which it is one address of two.
        for host in ["127.0.0.1", "localhost", "0.0.0.0"] {
            let endpoint = format!("{scheme}://{host}:{port}");
            let address = host.replace("localhost", "127.0.0.1");
            let again = reactor.listen(&endpoint[..], Timestamp::default());
            assert_eq!(
                again.expect_err("taken").to_string(),
                format!(
                    "cannot listen on {endpoint}: {address}:{port} is in use by another program; \
                     choose another port or path (port 0 takes any that is free)"
                )
            );
        }
        if scheme == "tcp" {
            others_are_served(&listening);
        }
    }
}

#[test]
fn a_name_that_is_taken() {
    let reactor = reactor();
    let listening = serve(&reactor, "mem://taken");
    let again = reactor.listen("mem://taken", Timestamp::default());
    assert_eq!(
        again.expect_err("taken").to_string(),
        "cannot listen on mem://taken: mem://taken is in use by another program; \
         choose another port or path (port 0 takes any that is free)"
    );
    listening.close();
    crate::common::wait_until("the name is free", || {
        reactor.listen("mem://taken", Timestamp::default()).is_ok()
    });
}

#[test]
fn an_address_that_is_not_ours() {
    let reactor = reactor();
    // From the block for documentation, RFC 5737.
    let listening = reactor.listen("tcp://192.0.2.1:0", Timestamp::default());
    assert_eq!(
        listening.expect_err("not ours").to_string(),
        "cannot listen on tcp://192.0.2.1:0: 192.0.2.1:0 is not an address of this machine"
    );
}

/// A server that was killed starts again on its port at once, though connections that it
/// closed first still wait out their time.
#[test]
fn the_port_of_a_server_that_is_gone_is_free_at_once() {
    use std::io::{Read, Write};

    let server = {
        let reactor = reactor();
        let listening = serve(&reactor, &alone());
        let mut stream = connect(&listening);
        stream.write_all(b"hi\n").expect("sent");
        stream.read_exact(&mut [0; 30]).expect("answered");
        reactor.handle().stop();
        reactor.run();
        let _ = stream.read(&mut [0]);
        address(&listening)
    };
    let reactor = reactor();
    others_are_served(&serve(&reactor, &format!("tcp://{server}")));
}
