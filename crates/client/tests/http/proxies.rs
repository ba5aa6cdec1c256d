//! Proxies of both kinds: what they are told, what they say, and what is not told to them.

use std::net::SocketAddr;

use http::{Request, Uri};
use lariat_client::http::{Body, Client, Error, Proxies, Proxy, ProxyFault};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Reply, Server, Then, answer, ends, ok, says, stalls};
use crate::{failed, fetched, impatient};

fn through(proxy: &str) -> Client {
    let proxy: Proxy = proxy.parse().unwrap();
    impatient().proxies(Proxies::all(proxy)).build().unwrap()
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
    let client = through(&format!("http://{}", silent.address));
    let text = failed(&client, "https://a.example/".parse().unwrap()).await;
    assert!(text.contains("within 0.2 s"), "{text}");
}

#[tokio::test]
async fn what_a_proxy_passes_on_must_be_the_server() {
    let nobody = Server::start(|_| says("no TLS")).await;
    let there = nobody.address;
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

/// A proxy that expects each of these and says each answer, and then passes on.
async fn socks(
    script: Vec<(Vec<u8>, Vec<u8>)>,
    onward: Option<SocketAddr>,
) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (expected, said) in script {
            let mut heard = vec![0; expected.len()];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, expected);
            stream.write_all(&said).await.unwrap();
        }
        if let Some(onward) = onward {
            let mut there = TcpStream::connect(onward).await.unwrap();
            copy_bidirectional(&mut stream, &mut there).await.unwrap();
        }
    });
    (address, task)
}

const GREETING: &[u8] = &[5, 1, 0];
const CONNECTED: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn by_name(name: &str, port: u16) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    [&[5, 1, 0, 3, length], name.as_bytes(), &port.to_be_bytes()].concat()
}

#[tokio::test]
async fn socks_passes_on_by_name_by_address_and_for_who_logs_in() {
    let server = Server::start(|_| ok("by socks")).await;
    let named = (by_name("a.example", 80), CONNECTED.to_vec());
    let to_address = vec![5, 1, 0, 1, 127, 0, 0, 1, 0, 80];
    let with_name = [&[5, 0, 0, 3, 3][..], b"abc", &[0, 80]].concat();
    for (begin, script, there) in [
        (
            "socks5h://",
            vec![(GREETING.to_vec(), vec![5, 0]), named.clone()],
            "http://a.example/",
        ),
        (
            "socks5://",
            vec![
                (GREETING.to_vec(), vec![5, 0]),
                (to_address.clone(), with_name),
            ],
            "http://127.0.0.1/",
        ),
        (
            "socks5h://me:secret@",
            vec![
                (vec![5, 2, 0, 2], vec![5, 2]),
                ([&[1, 2][..], b"me", &[6], b"secret"].concat(), vec![1, 0]),
                named,
            ],
            "http://a.example/",
        ),
    ] {
        let (address, task) = socks(script, Some(server.address)).await;
        let client = through(&format!("{begin}{address}"));
        let text = fetched(&client, there.parse().unwrap()).await.unwrap();
        assert_eq!(text, "by socks");
        drop(client);
        task.await.unwrap();
    }
    assert!(server.heard()[0].starts_with("GET / HTTP/1.1\r\nHost: a.example\r\n"));
}

#[tokio::test]
async fn socks_that_passes_nothing_on_says_why() {
    let asked = by_name("a.example", 80);
    let greeted = (GREETING.to_vec(), vec![5, 0]);
    for (script, words) in [
        (
            vec![(GREETING.to_vec(), vec![5, 255])],
            "it wants a name and a password",
        ),
        (
            vec![(GREETING.to_vec(), vec![5, 7])],
            "it chose the way 7 to log in, which it was not offered",
        ),
        (
            vec![(GREETING.to_vec(), b"HTTP/1.1 400".to_vec())],
            "it does not speak SOCKS 5: its answer begins with 72 and not with 5",
        ),
        (
            vec![(GREETING.to_vec(), vec![5])],
            "it closed the connection before it had passed it on",
        ),
        (
            vec![greeted.clone(), (asked.clone(), vec![5, 5, 0, 1])],
            "it does not connect to a.example:80: connection refused",
        ),
        (
            vec![greeted.clone(), (asked.clone(), vec![5, 99, 0, 1])],
            "it does not connect to a.example:80: for the reason 99",
        ),
        (
            vec![greeted.clone(), (asked.clone(), vec![5, 0, 0, 9])],
            "its answer has an address of the kind 9, and there is 1, 3 and 4",
        ),
        (
            vec![greeted, (asked, vec![5, 0, 0, 1, 0])],
            "it closed the connection before it had passed it on",
        ),
    ] {
        let (address, task) = socks(script, None).await;
        let client = through(&format!("socks5h://{address}"));
        assert_eq!(
            failed(&client, "http://a.example/".parse().unwrap()).await,
            format!("the proxy socks5h://{address}: {words}")
        );
        task.await.unwrap();
    }
    let login = vec![
        (vec![5, 2, 0, 2], vec![5, 2]),
        (b"\x01\x01a\x01b".to_vec(), vec![1, 1]),
    ];
    let (address, _task) = socks(login, None).await;
    let client = through(&format!("socks5://a:b@{address}"));
    let text = failed(&client, "http://127.0.0.1/".parse().unwrap()).await;
    assert!(
        text.ends_with("it does not take the name and the password"),
        "{text}"
    );
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
