//! Proxies of HTTP: what they are told, what they say, and what is not told to them.

use http::{Request, Uri};
use lariat_client::http::{Body, Builder, Client, Error, Proxies, Proxy, ProxyFault, Versions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Reply, Server, Then, answer, ends, ok, stalls};
use crate::{failed, fetched, impatient};

pub fn through(proxy: &str) -> Client {
    by(Client::builder(), proxy)
}

/// The same where nothing is to come.
pub fn briefly_through(proxy: &str) -> Client {
    by(impatient(), proxy)
}

fn by(builder: Builder, proxy: &str) -> Client {
    let proxy: Proxy = proxy.parse().unwrap();
    builder.proxies(Proxies::all(proxy)).build().unwrap()
}

#[tokio::test]
async fn a_proxy_is_given_requests_for_any_server_over_one_connection() {
    let proxy = Server::start(|_| ok("by proxy")).await;
    let client = through(&format!("me:secret@{}", proxy.address));
    for address in ["http://a.example:81/x?y", "http://b.example/"] {
        let text = fetched(&client, address.parse().unwrap()).await.unwrap();
        assert_eq!(text, "by proxy");
    }
    let heard = proxy.heard();
    assert!(
        heard[0].starts_with("GET http://a.example:81/x?y HTTP/1.1\r\nHost: a.example:81\r\n"),
        "{}",
        heard[0]
    );
    assert!(
        heard[0].contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"),
        "{}",
        heard[0]
    );
    assert!(
        heard[1].starts_with("GET http://b.example/ HTTP/1.1\r\n"),
        "{}",
        heard[1]
    );
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn there_is_no_proxy_for_some() {
    let server = Server::start(|_| ok("direct")).await;
    let proxy: Proxy = "127.0.0.1:1".parse().unwrap();
    let but = Proxies::all(proxy.clone()).except("example.org, 127.0.0.0/8");
    let client = Client::builder().proxies(but).build().unwrap();
    assert_eq!(fetched(&client, server.at("/")).await.unwrap(), "direct");
    let client = Client::builder()
        .proxies(Proxies::all(proxy))
        .build()
        .unwrap();
    assert_eq!(
        failed(&client, server.at("/")).await,
        "cannot connect to the proxy http://127.0.0.1:1: connection refused (127.0.0.1:1)"
    );
}

#[tokio::test]
async fn a_proxy_that_passes_nothing_on_says_why() {
    let long = "HTTP/1.1 200 OK\r\n".to_owned() + &"A: b\r\n".repeat(10_000);
    for (reply, words) in [
        (
            ends("HTTP/1.1 403 Not\x1b[31m You\r\n\r\n"),
            "it says 403 Not[31m You to CONNECT a.example:443",
        ),
        (
            answer("407 Who", "", ""),
            "it says 407 Who and wants a name and a password",
        ),
        (
            ends("SSH-2.0-x\r\n\r\n"),
            "its answer to CONNECT is no HTTP: \"SSH-2.0-x\"",
        ),
        (
            ends("HTTP/1.1 2000\r\n\r\n"),
            "its answer to CONNECT is no HTTP: \"2000\"",
        ),
        (
            ends(""),
            "it closed the connection before it had answered CONNECT",
        ),
        (
            ends(long),
            "its answer to CONNECT is longer than 16384 bytes",
        ),
        (
            ends("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 Injected\r\n\r\n"),
            "it sent something before the server could have been asked",
        ),
    ] {
        let Reply { bytes, .. } = reply;
        let proxy = Server::start(move |_| ends(bytes.clone())).await;
        let client = through(&format!("http://{}", proxy.address));
        assert_eq!(
            failed(&client, "https://a.example/".parse().unwrap()).await,
            format!("the proxy http://{}: {words}", proxy.address)
        );
        let asked = "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n";
        assert_eq!(proxy.heard(), [asked]);
    }
    let silent = Server::start(|_| stalls("")).await;
    let client = briefly_through(&format!("http://{}", silent.address));
    let text = failed(&client, "https://a.example/".parse().unwrap()).await;
    assert!(text.contains("within 0.2 s"), "{text}");
}

#[tokio::test]
async fn what_a_proxy_passes_on_must_be_the_server() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = nobody.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = nobody.accept().await.unwrap();
        // Only when it is asked: right behind the answer to CONNECT it would be the proxy's word.
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        stream.write_all(b"no TLS").await.unwrap();
    });
    let proxy = Server::start(move |_| Reply {
        bytes: b"HTTP/1.1 200 Established\r\n\r\n".to_vec(),
        then: Then::Tunnel(there),
    })
    .await;
    let client = through(&format!("http://me:secret@{}", proxy.address));
    let text = failed(&client, "https://a.example/".parse().unwrap()).await;
    assert!(text.contains("https://a.example"), "{text}");
    assert!(proxy.heard()[0].contains("\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
}

#[tokio::test]
async fn a_login_that_is_said_goes_to_the_proxy_alone() {
    let server = Server::start(|_| ok("direct")).await;
    let said = |address: Uri| {
        Request::get(address)
            .header("Proxy-Authorization", "Basic c2VjcmV0")
            .body(Body::empty())
            .unwrap()
    };
    crate::client().send(said(server.at("/"))).await.unwrap();
    assert!(
        !server.heard()[0].contains("c2VjcmV0"),
        "{:?}",
        server.heard()
    );
    let proxy = Server::start(|_| answer("407 No", "", "")).await;
    let client = through(&proxy.address.to_string());
    let secure = "https://a.example/".parse().unwrap();
    let error = client.send(said(secure)).await.unwrap_err();
    assert!(
        proxy.heard()[0].contains("\r\nProxy-Authorization: Basic c2VjcmV0\r\n"),
        "{:?}",
        proxy.heard()
    );
    assert!(
        matches!(
            error,
            Error::Proxy {
                fault: ProxyFault::Refused,
                ..
            }
        ),
        "{error:?}"
    );
    let nowhere = through("http://nowhere.invalid");
    let plain = "http://a.example/".parse().unwrap();
    let error = fetched(&nowhere, plain).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Proxy {
                fault: ProxyFault::NotFound,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_to_be_version_2_alone_is_not_given_to_a_proxy() {
    let proxy = Server::start(|_| ok("never")).await;
    let proxies = Proxies::all(proxy.address.to_string().parse().unwrap());
    let client = Client::builder()
        .proxies(proxies)
        .versions(Versions::Http2)
        .build()
        .unwrap();
    let text = failed(&client, "http://a.example/".parse().unwrap()).await;
    assert!(text.contains("is given requests in HTTP/1.1"), "{text}");
    assert_eq!(proxy.connections(), 0);
}
