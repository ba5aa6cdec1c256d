//! What a witness of a request is told.

use std::sync::{Arc, Mutex};

use http::Request;
use lariat_client::http::{Body, Client, Event, Observer, Retries, Witness};

use crate::server::{Server, answer, ends, ok, says};
use crate::{ALL, get};

/// The bytes that went over the connections of a client.
#[derive(Default)]
struct Wire {
    sent: Mutex<String>,
    received: Mutex<String>,
}

impl Observer for Wire {
    fn sent(&self, _: u64, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).unwrap();
        self.sent.lock().unwrap().push_str(text);
    }

    fn received(&self, _: u64, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).unwrap();
        self.received.lock().unwrap().push_str(text);
    }
}

/// The heads that a witness has seen, as they would be on the wire, and the other events by their names.
#[derive(Default)]
pub struct Told {
    sent: String,
    /// How many bytes of the bodies behind each head were sent.
    bodies: Vec<usize>,
    received: String,
    pub others: Vec<String>,
}

pub fn witness() -> (Witness, Arc<Mutex<Told>>) {
    let told = Arc::new(Mutex::new(Told::default()));
    let telling = Arc::clone(&told);
    let witness = Witness::new(move |event| telling.lock().unwrap().hear(event));
    (witness, told)
}

impl Told {
    fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Asked {
                method,
                uri,
                version,
                headers,
                ..
            } => {
                self.sent += &format!("{method} {uri} {version:?}\r\n");
                for (name, value) in *headers {
                    self.sent += &format!("{name}: {}\r\n", value.to_str().unwrap());
                }
                self.sent += "\r\n";
                self.bodies.push(0);
            }
            Event::Sent { bytes, .. } => *self.bodies.last_mut().unwrap() += bytes,
            Event::Answered {
                version,
                status,
                reason,
                headers,
                ..
            } => {
                self.received += &format!("{version:?} {} {reason}\r\n", status.as_u16());
                for (name, value) in *headers {
                    self.received += &format!("{name}: {}\r\n", value.to_str().unwrap());
                }
                self.received += "\r\n";
            }
            Event::Connected { peer, proxy, .. } => {
                self.others.push(format!("connected to {peer} {proxy:?}"));
            }
            Event::Reused { peer, .. } => self.others.push(format!("reused {peer}")),
            Event::Resolved {
                host, addresses, ..
            } => {
                let is_tried = addresses.iter().all(|address| address.ip().is_loopback());
                self.others.push(format!("{host} is here: {is_tried}"));
            }
            Event::Redirected { from, to, .. } => {
                self.others.push(format!("from {from} to {to}"));
            }
            Event::Again { error, .. } => {
                let error = error.map(ToString::to_string);
                self.others.push(format!("again {error:?}"));
            }
            event => panic!("{event:?}"),
        }
    }
}

#[tokio::test]
async fn heads_are_told_as_they_are_on_the_wire() {
    let server = Server::start(|request| match request {
        _ if request.starts_with("POST /a") => answer("307 There", "Location: /b\r\n", ""),
        _ if request.starts_with("POST /b") => {
            says("HTTP/1.1 100 Continue\r\nx: y\r\n\r\nHTTP/1.1 202 Fine By Me\r\ncontent-length: 0\r\n\r\n")
        }
        _ => answer("204 No Content", "", ""),
    })
    .await;
    let wire = Arc::new(Wire::default());
    let client = Client::builder().observer(wire.clone()).build().unwrap();
    let (witness, told) = witness();
    let mut posted = Request::post(server.at("/a")).body("hello".into()).unwrap();
    let once = Body::reader(&b"piece"[..], None);
    let mut streamed = Request::put(server.at("/c")).body(once).unwrap();
    for request in [&mut posted, &mut streamed] {
        request.extensions_mut().insert(witness.clone());
        let request = std::mem::take(request);
        let response = client.send(request).await.unwrap();
        response.into_body().bytes(ALL).await.unwrap();
    }
    let told = told.lock().unwrap();
    let sent = wire.sent.lock().unwrap().to_ascii_lowercase();
    let bodies = ["hello", "hello", "5\r\npiece\r\n0\r\n\r\n"];
    let heads: Vec<&str> = told.sent.split_inclusive("\r\n\r\n").collect();
    let whole: String = heads
        .iter()
        .zip(bodies)
        .map(|(head, body)| format!("{head}{body}"))
        .collect();
    assert_eq!(sent, whole.to_ascii_lowercase());
    assert_eq!(told.bodies, [5; 3]);
    let received = wire.received.lock().unwrap().to_ascii_lowercase();
    assert_eq!(received, told.received.to_ascii_lowercase());
    let peer = server.address;
    let others = [
        format!("connected to {peer} None"),
        format!("from {} to {}", server.at("/a"), server.at("/b")),
        format!("reused {peer}"),
        format!("reused {peer}"),
    ];
    assert_eq!(told.others, others);
}

#[tokio::test]
async fn a_name_is_told_with_its_addresses() {
    let server = Server::start(|_| ok("x")).await;
    let (witness, told) = witness();
    let there = format!("http://localhost:{}/", server.address.port());
    let mut request = get(there.parse().unwrap());
    request.extensions_mut().insert(witness);
    crate::client().send(request).await.unwrap();
    let told = told.lock().unwrap();
    let connected = format!("connected to {} None", server.address);
    assert_eq!(told.others, ["localhost is here: true", &connected]);
}

#[tokio::test]
async fn what_is_asked_again_is_told_with_its_reason() {
    let server = Server::start(|_| ends("")).await;
    let (witness, told) = witness();
    let mut request = get(server.at("/"));
    let quickly = Retries {
        first: std::time::Duration::ZERO,
        ..Retries::times(1)
    };
    request.extensions_mut().insert(quickly);
    request.extensions_mut().insert(witness);
    let client = crate::client();
    client.send(request).await.unwrap_err();
    // Another request has no witness.
    let other = Server::start(|_| ok("x")).await;
    client.send(get(other.at("/"))).await.unwrap();
    let told = told.lock().unwrap();
    let peer = server.address;
    let why = format!("http://{peer}: it closed the connection before it had answered");
    let others = [
        format!("connected to {peer} None"),
        format!("again {:?}", Some(why)),
        format!("connected to {peer} None"),
    ];
    assert_eq!(told.others, others);
    assert_eq!(
        (told.sent.matches("GET / ").count(), told.received.as_str()),
        (2, "")
    );
}
