//! Connecting to `name:SERVICE`, by a resolver that knows what a test tells it.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::channel;

use lariat::{
    BackOff, ConnectOptions, Connection, ConnectionInfo, Endpoint, Error, Protocol, Reconnecting,
    Resolver, Resolving, Transport,
};
use lariat_testkit::Nobody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{Certificates, PATIENCE, reactor};

/// Knows one service, `greeting`, at these endpoints.
#[derive(Debug)]
struct Known(Vec<String>);

impl Resolver for Known {
    fn resolve<'a>(&'a self, service: &'a Endpoint) -> Resolving<'a> {
        Box::pin(async move {
            if service.service() != Some("greeting") {
                return Err(format!("nobody offers {service}").into());
            }
            let parsed = self.0.iter().map(|text| text.parse::<Endpoint>());
            Ok(parsed.collect::<Result<_, _>>()?)
        })
    }
}

fn knowing(endpoints: &[&str]) -> ConnectOptions {
    let endpoints = endpoints.iter().map(|text| (*text).to_owned()).collect();
    ConnectOptions {
        timeout: PATIENCE,
        resolver: Some(Arc::new(Known(endpoints))),
        ..ConnectOptions::default()
    }
}

async fn greet(mut connection: Connection) -> std::io::Result<()> {
    connection.write_all(b"hello").await?;
    connection.shutdown().await
}

/// What is heard of a service, and from where.
async fn heard(service: &str, options: ConnectOptions) -> Result<(String, String), Error> {
    let service = service.parse()?;
    let (found, mut connection) = lariat::find(&service, options).await?;
    let mut heard = String::new();
    let read = connection.read_to_string(&mut heard).await;
    read.expect("read to the end");
    Ok((found.to_string(), heard))
}

fn endpoint(nobody: &Nobody) -> String {
    format!("tcp://{}", nobody.address())
}

#[test]
fn a_name_leads_to_the_first_that_answers() {
    let reactor = reactor();
    let listening = reactor.listen("tcp://127.0.0.1:0", greet).expect("bound");
    let there = listening.endpoint().to_string();
    let nobody = Nobody::tcp();
    let options = knowing(&["stdio:", &endpoint(&nobody), &there, "tcp://192.0.2.1:9"]);
    let found = reactor.handle().wait(heard("name:greeting", options));
    assert_eq!(found.expect("found"), (there, "hello".to_owned()));
}

#[test]
fn what_tls_is_wanted_or_given_for_goes_to_what_has_it() {
    let reactor = reactor();
    let certificates = Certificates::create();
    let plain = reactor.listen("tcp://127.0.0.1:0", greet).expect("bound");
    let listening = certificates.listening();
    let tls = reactor
        .handle()
        .listen_with("tls://127.0.0.1:0", listening, greet);
    let tls = tls.expect("bound").endpoint().to_string();
    let plain = plain.endpoint().to_string();
    let options = ConnectOptions {
        tls: certificates.connecting().tls,
        ..knowing(&[&plain, &tls])
    };
    let found = reactor.handle().wait(heard("name:greeting", options));
    assert_eq!(found.expect("found"), (tls, "hello".to_owned()));
    let options = knowing(&[&plain]);
    let error = reactor
        .handle()
        .wait(heard("name:greeting?verify=none", options));
    assert_eq!(
        error.expect_err("plain").to_string(),
        format!("name:greeting?verify=none: it is at none that this can use, but at {plain}")
    );
}

#[test]
fn what_cannot_be_found_or_reached_is_told() {
    let reactor = reactor();
    let said = |service: &'static str, options| {
        let error = reactor.handle().wait(heard(service, options));
        error.expect_err("nobody is there").to_string()
    };
    assert_eq!(said("name:other", knowing(&[])), "nobody offers name:other");
    assert_eq!(
        said("name:greeting", ConnectOptions::default()),
        "name:greeting: there is no name server to ask; give ConnectOptions a resolver"
    );
    let nobodies = [Nobody::tcp(), Nobody::tcp()];
    let [first, second] = nobodies.each_ref().map(endpoint);
    let refused = |endpoint: &str| {
        let address = endpoint.trim_start_matches("tcp://");
        format!("cannot connect to {endpoint}: connection refused ({address})")
    };
    assert_eq!(
        said("name:greeting", knowing(&[&first, &second])),
        format!(
            "nobody who offers name:greeting answers: {}; {}",
            refused(&first),
            refused(&second)
        )
    );
    let error = reactor.listen("name:greeting", greet).expect_err("a name");
    assert!(
        error
            .to_string()
            .starts_with("name:greeting: a name is connected to, and not listened on"),
        "{error}"
    );
}

/// One that takes the connection and says nothing is left for the next, on a clock that runs
/// as fast as nothing happens.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn one_that_keeps_silent_is_left_for_the_next() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("bound");
    let silent = format!("tls://{}", silent.local_addr().expect("an address"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("greeting.sock");
    let _listening = std::os::unix::net::UnixListener::bind(&path).expect("bound");
    let there = format!("unix://{}", path.display());
    let (found, _) = lariat::find(
        &"name:greeting".parse().expect("a name"),
        knowing(&[&silent, &there]),
    )
    .await
    .expect("found");
    assert_eq!(found.to_string(), there);
    // The last of them has all the time that is left, and no more.
    let begun = tokio::time::Instant::now();
    let error = heard("name:greeting", knowing(&[&silent, &silent])).await;
    let error = error.expect_err("silent").to_string();
    assert!(error.contains("no answer within"), "{error}");
    assert!(begun.elapsed() <= PATIENCE + PATIENCE / 10);
}

/// Tells what it hears.
struct Listener(std::sync::mpsc::Sender<Vec<u8>>);

impl Protocol for Listener {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        let _ = self.0.send(data.to_vec());
        transport.lose_connection();
    }
}

#[test]
fn an_event_driven_client_asks_again_whenever_it_connects() {
    let reactor = reactor();
    let listening = reactor.listen("tcp://127.0.0.1:0", greet).expect("bound");
    let (sender, heard) = channel();
    let build =
        move |_: &ConnectionInfo| Some(Box::new(Listener(sender.clone())) as Box<dyn Protocol>);
    let factory = Reconnecting::new(Factory(build), BackOff::default());
    let options = knowing(&[&listening.endpoint().to_string()]);
    let connector = reactor
        .handle()
        .connect_with("name:greeting", options, factory);
    let connector = connector.expect("a name");
    for _ in 0..2 {
        assert_eq!(heard.recv_timeout(PATIENCE).expect("heard"), b"hello");
    }
    connector.stop();
}

struct Factory<F>(F);

impl<F> lariat::Factory for Factory<F>
where
    F: Fn(&ConnectionInfo) -> Option<Box<dyn Protocol>> + Send + Sync + 'static,
{
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        (self.0)(connection)
    }
}
