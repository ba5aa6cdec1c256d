//! The NNTP client, against a small server whose faults are ordered.

#[path = "nntp/asked.rs"]
mod asked;
#[path = "nntp/compressed.rs"]
mod compressed;
#[path = "nntp/faults.rs"]
mod faults;
#[path = "nntp/newest.rs"]
mod newest;
#[path = "nntp/posted.rs"]
mod posted;

use std::time::Duration;

use lariat_client::nntp::{Client, Limits, Options};
use lariat_protocol::Endpoint;
use lariat_testkit::NntpServer;

/// Shorter than by default, where nothing is to come.
const SHORT: Duration = Duration::from_millis(300);

fn endpoint(server: &NntpServer) -> Endpoint {
    Endpoint::tcp("127.0.0.1", server.address().port())
}

/// A server with a group of two articles, and one of none.
fn server() -> NntpServer {
    let server = NntpServer::start();
    server.add_group("misc.test", "For tests");
    server.add_group("misc.empty", "For nothing");
    server.put(
        "misc.test",
        "From: Anna <anna@x.example>\nSubject: a rope\nDate: Sat, 17 Jun 2006 17:00:00 +0000\n\
         Message-ID: <1@x.example>\n\nHello.\n.\n..two\n\n",
    );
    server.put(
        "misc.test",
        "From: =?utf-8?q?J=C3=BCrgen?= <j@x.example>\nSubject: Re: a rope\nReferences: <1@x.example>\n\
         Message-ID: <2@x.example>\n\n> Hello.\nYes.\n",
    );
    server
}

async fn client(server: &NntpServer) -> Client {
    Client::connect(&endpoint(server), Options::default())
        .await
        .expect("connected")
}

/// One that does not take much.
async fn frugal(server: &NntpServer) -> Client {
    let limits = Limits {
        line: 1000,
        article: 50_000,
        block: 200_000,
        lines: 10_000,
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    Client::connect(&endpoint(server), options)
        .await
        .expect("connected")
}
