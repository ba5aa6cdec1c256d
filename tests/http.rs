//! The web client over TLS: both versions, who the server is, and proxies that pass the connection on.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response, Uri, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use lariat::client::http::{Body, Builder, Client, Jar, Proxies, Proxy, Redirects, Versions};
use lariat::tls::Authority;
use lariat::{Connection, Endpoint, Reactor};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::common::{own_host, reactor};

/// A server of both versions, with a certificate of an authority of its own.
struct Secure {
    folder: tempfile::TempDir,
    host: String,
    port: u16,
    connections: Arc<AtomicUsize>,
    reactor: lariat::Handle,
    running: Option<std::thread::JoinHandle<()>>,
}

impl Secure {
    fn start() -> Self {
        Secure::start_at("127.0.0.1".into())
    }

    fn start_at(host: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::create("Test").expect("made");
        let issued = authority.issue_server(&["localhost", "server.example"]);
        let issued = issued.expect("issued");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        write("ca.pem", authority.certificate_pem()).expect("written");
        write("cert.pem", &issued.certificate_pem).expect("written");
        write("key.pem", &issued.key_pem).expect("written");
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let endpoint =
            ["cert", "key"]
                .iter()
                .fold(Endpoint::tls(host.as_str(), 0), |endpoint, key| {
                    let file = path(&format!("{key}.pem"));
                    endpoint.with_option(key, &file).expect("an option")
                });
        let endpoint = endpoint
            .with_option("alpn", "h2,http/1.1")
            .expect("an option");
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let reactor: Reactor = reactor();
        let listening = reactor
            .listen(endpoint, move |connection| {
                counted.fetch_add(1, Ordering::Relaxed);
                serve(connection)
            })
            .expect("listening");
        let port = listening.endpoint().port().expect("a port");
        let handle = reactor.handle();
        let running = std::thread::spawn(move || {
            reactor.run();
        });
        Secure {
            folder,
            host,
            port,
            connections,
            reactor: handle,
            running: Some(running),
        }
    }

    fn authorities(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What makes a client that trusts it and knows where it is.
    fn builder(&self) -> Builder {
        Client::builder().authorities(self.authorities()).instead(
            "server.example",
            443,
            self.endpoint(),
        )
    }

    /// Where it is.
    fn endpoint(&self) -> Endpoint {
        Endpoint::tcp(self.host.as_str(), self.port)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.reactor.stop();
        if let Some(running) = self.running.take() {
            running.join().expect("the reactor ends");
        }
    }
}

/// Answers with the version, the host and the length of what it was sent.
async fn serve(connection: Connection) -> Result<(), hyper::Error> {
    let is_two = connection
        .tls()
        .is_some_and(|tls| tls.alpn.as_deref() == Some(b"h2"));
    let stream = TokioIo::new(connection);
    let service = service_fn(answer);
    match is_two {
        true => {
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            server.serve_connection(stream, service).await
        }
        false => {
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(stream, service).await
        }
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let host = match parts.headers.get("host") {
        Some(host) => String::from_utf8_lossy(host.as_bytes()).into_owned(),
        None => parts
            .uri
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    let sent = body.collect().await.map_or(0, |body| body.to_bytes().len());
    let cookie = parts
        .headers
        .get("cookie")
        .map_or("-", |cookie| cookie.to_str().unwrap_or("?"));
    let text = format!("{:?} {host} {sent} {cookie}", parts.version);
    let mut response = Response::new(Full::new(Bytes::from(text)));
    let headers = response.headers_mut();
    match parts.uri.path() {
        "/plain" => {
            headers.insert(
                "location",
                http::HeaderValue::from_static("http://127.0.0.1:1/"),
            );
            *response.status_mut() = http::StatusCode::FOUND;
        }
        "/cookie" => {
            headers.insert("set-cookie", http::HeaderValue::from_static("id=7; Secure"));
        }
        "/long" => {
            for number in 0..2000 {
                let name = http::HeaderName::try_from(format!("x-{number}")).expect("a name");
                headers.insert(name, http::HeaderValue::from_static("something of some length that adds up to more than may be there, all in all, as there are two thousand of them"));
            }
        }
        _ => {}
    }
    Ok(response)
}

fn there(path: &str) -> Uri {
    format!("https://server.example{path}")
        .parse()
        .expect("an address")
}

async fn get(client: &Client, address: Uri) -> Result<(Version, String), String> {
    let request = Request::get(address)
        .body(Body::empty())
        .expect("a request");
    let response = client
        .send(request)
        .await
        .map_err(|error| error.to_string())?;
    let version = response.version();
    let text = response.into_body().text(1 << 20).await;
    Ok((version, text.map_err(|error| error.to_string())?))
}

#[tokio::test]
async fn version_two_is_spoken_where_both_can_and_one_connection_carries_all() {
    let server = Secure::start();
    let client = server.builder().build().expect("a client");
    let asking: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client, there("/")).await })
        })
        .collect();
    for asking in asking {
        let (version, text) = asking.await.expect("no panic").expect("an answer");
        assert_eq!(version, Version::HTTP_2);
        assert_eq!(text, "HTTP/2.0 server.example 0 -");
    }
    assert_eq!(server.connections(), 1);
    let request = Request::post(there("/")).header("Host", "other.example");
    let request = request.body(vec![0; 300_000].into()).expect("a request");
    let response = client.send(request).await.expect("an answer");
    let text = response.into_body().text(1000).await.expect("text");
    assert_eq!(text, "HTTP/2.0 other.example 300000 -");

    let one = server
        .builder()
        .versions(Versions::Http1)
        .build()
        .expect("a client");
    let (version, text) = get(&one, there("/")).await.expect("an answer");
    assert_eq!(
        (version, text.as_str()),
        (Version::HTTP_11, "HTTP/1.1 server.example 0 -")
    );
    let two = server
        .builder()
        .versions(Versions::Http2)
        .build()
        .expect("a client");
    assert_eq!(
        get(&two, there("/")).await.expect("an answer").0,
        Version::HTTP_2
    );
}

#[tokio::test]
async fn a_connection_of_version_two_that_is_gone_is_not_waited_for() {
    let server = Secure::start_at(own_host());
    let client = server.builder().build().expect("a client");
    get(&client, there("/")).await.expect("an answer");
    drop(server);
    let error = get(&client, there("/")).await.expect_err("nobody is there");
    assert!(error.contains("connection refused"), "{error}");
}

#[tokio::test]
async fn the_server_proves_who_it_is() {
    let server = Secure::start();
    let stranger = Client::builder().instead("server.example", 443, server.endpoint());
    let other = server
        .builder()
        .instead("other.example", 443, server.endpoint());
    let other = other.build().expect("a client");
    if let Err(error) = get(&stranger.build().expect("a client"), there("/")).await {
        assert!(error.starts_with("https://server.example: "), "{error}");
    } else {
        panic!("a stranger was believed");
    }
    let wrong = "https://other.example/".parse().expect("an address");
    let error = get(&other, wrong).await.expect_err("another name");
    assert!(error.contains("other.example"), "{error}");
    let anybody = Client::builder()
        .instead("server.example", 443, server.endpoint())
        .insecure()
        .build()
        .expect("a client");
    assert!(get(&anybody, there("/")).await.is_ok());
}

#[tokio::test]
async fn out_of_tls_it_leads_only_where_that_is_allowed() {
    let server = Secure::start();
    let client = server.builder().build().expect("a client");
    let error = get(&client, there("/plain")).await.expect_err("no TLS");
    assert!(
        error.contains("points to http://127.0.0.1:1/, which is without TLS"),
        "{error}"
    );
    let allowed = Redirects {
        to_plain_text: true,
        ..Redirects::default()
    };
    let client = server
        .builder()
        .redirects(allowed)
        .build()
        .expect("a client");
    let error = get(&client, there("/plain"))
        .await
        .expect_err("nobody there");
    assert!(error.contains("connection refused"), "{error}");
}

#[tokio::test]
async fn what_is_for_tls_and_how_much_a_header_is_hold_for_version_two() {
    let server = Secure::start();
    let jar = Arc::new(Jar::new());
    let client = server
        .builder()
        .cookies(Arc::clone(&jar))
        .build()
        .expect("a client");
    get(&client, there("/cookie")).await.expect("an answer");
    let (_, text) = get(&client, there("/")).await.expect("an answer");
    assert_eq!(text, "HTTP/2.0 server.example 0 id=7");
    let limits = lariat::client::http::Limits {
        header_bytes: 8192,
        ..Default::default()
    };
    let client = server.builder().limits(limits).build().expect("a client");
    get(&client, there("/long"))
        .await
        .expect_err("too long a header");
    get(&client, there("/")).await.expect("the next one");
}

/// A proxy of both kinds that passes one connection on to this port, whatever it is asked for. Says what that was.
async fn proxy(onward: u16) -> (u16, tokio::task::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut heard = vec![0; 1000];
        let length = stream.read(&mut heard).await.expect("a request");
        let answer: &[u8] = match heard[0] {
            5 => {
                stream.write_all(&[5, 0]).await.expect("written");
                let more = stream.read(&mut heard[length..]).await.expect("a request");
                heard.truncate(length + more);
                &[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]
            }
            _ => {
                heard.truncate(length);
                b"HTTP/1.1 200 Connected\r\n\r\n"
            }
        };
        stream.write_all(answer).await.expect("written");
        let mut there = TcpStream::connect(("127.0.0.1", onward))
            .await
            .expect("connected");
        let _ = copy_bidirectional(&mut stream, &mut there).await;
        heard
    });
    (port, task)
}

#[tokio::test]
async fn proxies_pass_on_what_only_the_server_reads() {
    let server = Secure::start();
    for (scheme, asked) in [
        ("http", b"CONNECT server.example:443 HTTP/1.1\r\n".to_vec()),
        (
            "socks5h",
            b"\x05\x01\x00\x05\x01\x00\x03\x0eserver.example\x01\xbb".to_vec(),
        ),
    ] {
        let (port, heard) = proxy(server.port).await;
        let proxy: Proxy = format!("{scheme}://127.0.0.1:{port}")
            .parse()
            .expect("a proxy");
        let client = Client::builder()
            .authorities(server.authorities())
            .proxies(Proxies::all(proxy))
            .build()
            .expect("a client");
        let (version, text) = get(&client, there("/")).await.expect("an answer");
        assert_eq!(version, Version::HTTP_2);
        assert_eq!(text, "HTTP/2.0 server.example 0 -");
        drop(client);
        let heard = heard.await.expect("the proxy ends");
        assert!(
            heard.starts_with(&asked),
            "{:?}",
            String::from_utf8_lossy(&heard)
        );
    }
}
