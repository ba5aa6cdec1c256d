//! The metrics endpoint: counters over HTTP/1.1, for Prometheus and whoever reads its text.
//!
//! It answers `GET` and `HEAD` of `/metrics` and nothing else, counts nothing by itself, and
//! asks nobody who they are: whoever reaches the endpoint may read it. The text is the
//! exposition format 0.0.4.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use lariat_net::{Connection, IntoService, Service};

/// Where the counters are.
pub const PATH: &str = "/metrics";

/// How long the header of a request may take, however it drips.
const HEADER_TIME: Duration = Duration::from_secs(10);

/// The most that is held of a request; a scraper's has a few hundred bytes.
const MOST_BUFFERED: usize = 16 * 1024;

/// A service that answers each scrape with what `text` gives at that moment.
///
/// It is best listened for by a reactor of its own, so that it answers while the one that is
/// looked at is held up or drains.
///
/// ```
/// use lariat_net::{Reactor, observe};
/// use lariat_service::metrics;
///
/// # fn main() -> Result<(), lariat_net::Error> {
/// let served = Reactor::builder().threads(1).build()?;
/// let watching = Reactor::builder().threads(1).build()?;
/// let handle = served.handle();
/// let counters = metrics::service(move || observe::prometheus(&handle.stats()));
/// watching.listen("tcp://localhost:0", counters)?;
/// # Ok(()) }
/// ```
pub fn service(text: impl Fn() -> String + Send + Sync + 'static) -> Service {
    with_header_time(HEADER_TIME, text)
}

fn with_header_time(
    header_time: Duration,
    text: impl Fn() -> String + Send + Sync + 'static,
) -> Service {
    let text: Arc<dyn Fn() -> String + Send + Sync> = Arc::new(text);
    let serve = move |connection: Connection| {
        let text = Arc::clone(&text);
        async move {
            let draining = connection.draining().clone();
            let answer = service_fn(|request: Request<hyper::body::Incoming>| {
                let answer = answer(request.method(), request.uri().path(), &*text);
                async move { Ok::<_, Infallible>(answer) }
            });
            let serving = http1::Builder::new()
                // Without a timer there is no deadline.
                .timer(TokioTimer::new())
                .header_read_timeout(header_time)
                .max_buf_size(MOST_BUFFERED)
                .serve_connection(TokioIo::new(connection), answer);
            let mut serving = pin!(serving);
            let ended = tokio::select! {
                ended = serving.as_mut() => ended,
                () = draining.cancelled() => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            };
            ended.map_err(std::io::Error::other)
        }
    };
    serve.into_service()
}

fn answer(method: &Method, path: &str, text: &dyn Fn() -> String) -> Response<Full<Bytes>> {
    let (status, content, body) = match (path, method) {
        // hyper leaves the body of an answer to HEAD out, and says how long it would be.
        (PATH, &Method::GET | &Method::HEAD) => (
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            text(),
        ),
        (PATH, _) => plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"),
        _ => plain(StatusCode::NOT_FOUND, "there is only /metrics\n"),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

fn plain(status: StatusCode, words: &str) -> (StatusCode, &'static str, String) {
    (status, "text/plain; charset=utf-8", words.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use lariat_net::Reactor;

    use super::*;

    fn served(header_time: Duration) -> (Reactor, TcpStream) {
        let reactor = Reactor::builder().threads(1).build().expect("started");
        let service = with_header_time(header_time, || "x 1\n".into());
        let listening = reactor.listen("tcp://127.0.0.1:0", service);
        let endpoint = listening.expect("listening").endpoint().to_string();
        let stream = TcpStream::connect(endpoint.trim_start_matches("tcp://"));
        (reactor, stream.expect("connected"))
    }

    #[test]
    fn a_header_that_drips_is_not_waited_for() {
        let (_reactor, mut stream) = served(Duration::from_millis(200));
        let begun = std::time::Instant::now();
        let mut ended = false;
        // Far fewer than the engine's own deadlines would let pass.
        for byte in b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: "
            .iter()
            .cycle()
        {
            let dripping = begun.elapsed() < Duration::from_secs(20);
            ended = !dripping || stream.write_all(&[*byte]).is_err();
            if ended {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(ended && begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_connection_is_kept_for_the_next_scrape_and_ends_with_the_server() {
        let (reactor, mut stream) = served(HEADER_TIME);
        for _ in 0..2 {
            let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
            stream.write_all(request).expect("sent");
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\nx 1\n") {
                let mut part = [0; 512];
                let length = stream.read(&mut part).expect("an answer");
                assert!(length > 0, "it ended within the answer");
                answer.extend_from_slice(&part[..length]);
            }
        }
        reactor.handle().stop();
        assert_eq!(stream.read(&mut [0; 1]).expect("an end"), 0);
        drop(stream);
        assert_eq!(reactor.run().forced, 0);
    }

    #[test]
    fn only_the_counters_are_there_and_only_to_be_read() {
        let status = |method, path: &str| answer(&method, path, &|| "x 1\n".into()).status();
        assert_eq!(status(Method::GET, "/metrics"), StatusCode::OK);
        assert_eq!(status(Method::HEAD, "/metrics"), StatusCode::OK);
        let refused = StatusCode::METHOD_NOT_ALLOWED;
        assert_eq!(status(Method::POST, "/metrics"), refused);
        for path in ["/", "/metrics/", "/metrics2", "//metrics"] {
            assert_eq!(status(Method::GET, path), StatusCode::NOT_FOUND, "{path}");
        }
        let answer = answer(&Method::DELETE, PATH, &String::new);
        assert_eq!(answer.headers()[ALLOW], "GET, HEAD");
    }
}
