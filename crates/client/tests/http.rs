//! The HTTP client, against servers and proxies that say what each test has them say.

#![allow(clippy::unwrap_used)]

#[path = "http/asked.rs"]
mod asked;
#[path = "http/bodies.rs"]
mod bodies;
#[path = "http/faults.rs"]
mod faults;
#[path = "http/followed.rs"]
mod followed;
#[path = "http/kept.rs"]
mod kept;
#[path = "http/proxies.rs"]
mod proxies;
#[path = "http/server.rs"]
mod server;
#[path = "http/socks.rs"]
mod socks;
#[path = "http/witnessed.rs"]
mod witnessed;

use std::time::Duration;

use http::{Request, Response, Uri};
use lariat_client::http::{Body, Builder, Client, Deadlines, Error};

/// Shorter than by default, where nothing is to come.
const SHORT: Duration = Duration::from_millis(200);

/// More than any body here has.
const ALL: usize = 1 << 20;

fn client() -> Client {
    Client::builder().build().expect("a client")
}

/// What makes a client that does not wait for long.
fn impatient() -> Builder {
    Client::builder().deadlines(Deadlines {
        connect: SHORT,
        answer: SHORT,
        between: SHORT,
        whole: None,
    })
}

fn get(address: Uri) -> Request<Body> {
    Request::get(address)
        .body(Body::empty())
        .expect("a request")
}

/// What stands at an address.
async fn fetched(client: &Client, address: Uri) -> Result<String, Error> {
    client.send(get(address)).await?.into_body().text(ALL).await
}

/// Why there is no whole answer.
async fn failed(client: &Client, address: Uri) -> String {
    let error = fetched(client, address).await.expect_err("a failure");
    let text = error.to_string();
    assert!(!text.contains('\n'), "{text}");
    text
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}
