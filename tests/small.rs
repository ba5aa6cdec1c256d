//! The small services of RFC 862 to 868, the whole way: over every carrier, asked by our own
//! clients and by plain sockets.

mod datagrams;
mod hostile;
mod streams;

use lariat::client::asking::AskOptions;
use lariat::client::{chargen, daytime, discard, echo, qotd, time};
use lariat::service::chargen::Chargen;
use lariat::service::daytime::Daytime;
use lariat::service::discard::Discard;
use lariat::service::echo::Echo;
use lariat::service::qotd::Qotd;
use lariat::service::time::Time;
use lariat::{ConnectOptions, Endpoint, IntoService, ListenOptions, Listening, Reactor, Service};

use crate::common::{Certificates, reactor};

/// The service of a name, as an endpoint's options want it.
fn service(name: &str, endpoint: &Endpoint) -> Service {
    match name {
        "echo" => Echo.into_service(),
        "discard" => Discard.into_service(),
        "daytime" => Daytime.into_service(),
        "time" => Time.into_service(),
        "qotd" => Qotd::from_endpoint(endpoint).expect("known").into_service(),
        "chargen" => Chargen::from_endpoint(endpoint)
            .expect("known")
            .into_service(),
        name => panic!("no service {name}"),
    }
}

fn serve_with(reactor: &Reactor, name: &str, endpoint: &str, options: ListenOptions) -> Listening {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    let service = service(name, &endpoint);
    let listening = reactor.handle().listen_with(endpoint, options, service);
    listening.expect("listening")
}

fn serve(reactor: &Reactor, name: &str, endpoint: &str) -> Listening {
    serve_with(reactor, name, endpoint, ListenOptions::default())
}

/// Asks a service through our client, and looks whether it is answered as it should be.
async fn ask(name: &str, endpoint: &Endpoint, connect: ConnectOptions) {
    let options = AskOptions {
        connect,
        timeout: None,
    };
    let what = format!("{name}, {endpoint}");
    match name {
        "echo" => {
            let client = echo::Client::connect(endpoint, options).await;
            let mut client = client.expect(&what);
            // More than the buffers between the two hold, where there is no end to a message.
            let long = vec![
                b'x';
                if client.is_message_oriented() {
                    1000
                } else {
                    20_000_000
                }
            ];
            for message in [&b"hi"[..], b"a\0\xff\n", b"", &long] {
                client.exchange(message).await.expect(&what);
            }
            client.close().await.expect(&what);
        }
        "discard" => {
            let client = discard::Client::connect(endpoint, options).await;
            let mut client = client.expect(&what);
            for _ in 0..100 {
                client.send(&[b'x'; 1000]).await.expect(&what);
            }
            client.finish().await.expect(&what);
        }
        "chargen" => {
            let client = chargen::Client::connect(endpoint, options).await;
            let mut client = client.expect(&what);
            let mut pattern = lariat::chargen::Pattern::default();
            for _ in 0..20 {
                let messages = client.is_message_oriented();
                let came = client.next().await.expect(&what);
                let mut rest = came.expect("no end");
                if messages {
                    assert!(rest.len() <= 512, "{name}, {endpoint}");
                    pattern = Default::default();
                }
                while !rest.is_empty() {
                    let expected = pattern.next(rest.len());
                    rest = rest.strip_prefix(expected).expect("the pattern");
                }
            }
        }
        "qotd" => {
            let quote = qotd::ask(endpoint, options).await.expect(&what);
            assert!(!quote.is_empty() && quote.len() <= 512);
        }
        "daytime" => {
            let time = daytime::ask(endpoint, options).await.expect(&what);
            let year = String::from_utf8_lossy(&time).into_owned();
            assert_eq!(time.len(), 24, "{year}");
        }
        "time" => {
            let reading = time::ask(endpoint, options).await.expect(&what);
            let ahead = reading.ahead();
            // The coarse clock is a few milliseconds late.
            assert!(
                *ahead.start() <= 0.0 && *ahead.end() >= -0.02,
                "{endpoint}: {ahead:?}"
            );
        }
        name => panic!("no service {name}"),
    }
}

#[test]
fn every_service_answers_our_client_over_every_carrier() {
    let reactor = reactor();
    let certificates = Certificates::create();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["echo", "discard", "chargen", "qotd", "daytime", "time"] {
        let path = folder.path().join(name);
        let path = path.display();
        let endpoints = [
            "tcp://127.0.0.1:0".to_string(),
            "tcp://[::1]:0".into(),
            "tls://localhost:0".into(),
            "udp://127.0.0.1:0".into(),
            "udp://[::1]:0".into(),
            "ws://127.0.0.1:0".into(),
            "wss://localhost:0".into(),
            format!("mem://small-{name}"),
            #[cfg(unix)]
            format!("unix://{path}.sock"),
            #[cfg(unix)]
            format!("unixgram://{path}.gram"),
        ];
        for endpoint in &endpoints {
            let parsed: Endpoint = endpoint.parse().expect("an endpoint");
            let (listening, connecting) = match parsed.is_tls() {
                true => (certificates.listening(), certificates.connecting()),
                false => Default::default(),
            };
            let listening = serve_with(&reactor, name, endpoint, listening);
            let bound = listening.endpoint().clone();
            reactor
                .handle()
                .wait(async move { ask(name, &bound, connecting).await });
        }
    }
}
