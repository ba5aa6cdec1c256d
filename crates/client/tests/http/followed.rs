//! Where answers point to, what goes along, and what is asked again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::{Method, Request};
use lariat_client::http::{Authentication, Body, Client, Exchange, Jar, Redirects, Retries};

use crate::server::{Server, answer, ends, leads, ok, stalls};
use crate::{ALL, client, failed, fetched, get};

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap_or_default()
}

#[tokio::test]
async fn an_answer_that_points_elsewhere_is_followed_over_the_same_connection() {
    let server = Server::start(|request| match first_line(request) {
        "GET /a HTTP/1.1" => leads(302, "/b?c#d"),
        _ => ok("x"),
    })
    .await;
    let twice = Server::start({
        let there = server.at("/b").to_string();
        move |request| match first_line(request) {
            "GET /1 HTTP/1.1" => leads(307, "2"),
            "GET /2 HTTP/1.1" => leads(308, &there),
            _ => ok("never"),
        }
    })
    .await;
    let client = client();
    let response = client.send(get(twice.at("/1"))).await.unwrap();
    let exchange = response.extensions().get::<Exchange>().unwrap();
    assert_eq!(exchange.address, server.at("/b"));
    assert_eq!(exchange.redirects, [twice.at("/1"), twice.at("/2")]);
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "x");
    assert_eq!((twice.connections(), server.connections()), (1, 1));
    let none = Client::builder()
        .redirects(Redirects::none())
        .build()
        .unwrap();
    let response = none.send(get(server.at("/a"))).await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "elsewhere");
}

#[tokio::test]
async fn who_asks_elsewhere_is_looked_up_anew() {
    let there = Server::start(|_| ok("x")).await;
    let address = there.at("/b").to_string();
    let here = Server::start(move |request| match first_line(request) {
        "GET /a HTTP/1.1" => leads(302, "/again"),
        _ => leads(302, &address),
    })
    .await;
    let client = Client::builder()
        .logins(|host| (host == "127.0.0.1").then(|| Authentication::basic("anna", "x")))
        .build()
        .unwrap();
    fetched(&client, here.at("/a")).await.unwrap();
    let asked = |heard: Vec<String>| {
        let lines = heard.into_iter();
        let said = lines.map(|request| request.contains("\r\nAuthorization: Basic YW5uYTp4\r\n"));
        said.collect::<Vec<bool>>()
    };
    // The first server's is for the caller to say, and stays what it was there.
    assert_eq!(asked(here.heard()), [false, false]);
    assert_eq!(asked(there.heard()), [true]);
}

#[tokio::test]
async fn methods_and_bodies_go_along_as_the_status_says() {
    let server = Server::start(|request| {
        let line = first_line(request);
        let status = line
            .split(['/', ' '])
            .nth(2)
            .and_then(|word| word.parse().ok());
        match status {
            Some(status) => leads(status, "/end"),
            None => ok("end"),
        }
    })
    .await;
    let client = client();
    for (status, method, follows) in [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "DELETE", "DELETE"),
    ] {
        let body = match method {
            "HEAD" => Body::empty(),
            _ => Body::repeatable(
                || http_body_util::Full::new("body".into()).map_err_to_io(),
                None,
            ),
        };
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(server.at(&format!("/{status}")))
            .header("Content-Type", "text/plain")
            .body(body)
            .unwrap();
        client.send(request).await.unwrap();
        let heard = server.heard().pop().unwrap();
        assert!(
            heard.starts_with(&format!("{follows} /end ")),
            "{status} {method}: {heard}"
        );
        let has_body = follows != "GET" && follows != "HEAD";
        assert_eq!(
            heard.contains("body"),
            has_body,
            "{status} {method}: {heard}"
        );
        assert_eq!(
            heard.contains("Content-Type"),
            has_body || method == "HEAD",
            "{heard}"
        );
    }
    let once = Body::reader(&b"body"[..], None);
    let request = Request::post(server.at("/307")).body(once).unwrap();
    let error = client.send(request).await.unwrap_err().to_string();
    assert!(
        error.ends_with("the body of the request cannot be sent a second time"),
        "{error}"
    );
}

use http_body_util::BodyExt;

/// A body whose errors are those of a source.
trait MapErrToIo:
    http_body::Body<Data = bytes::Bytes, Error = std::convert::Infallible> + Sized
{
    fn map_err_to_io(
        self,
    ) -> impl http_body::Body<Data = bytes::Bytes, Error = std::io::Error> + Send + 'static
    where
        Self: Send + 'static,
    {
        self.map_err(|never| match never {})
    }
}

impl MapErrToIo for http_body_util::Full<bytes::Bytes> {}

#[tokio::test]
async fn a_circle_is_named_and_so_is_a_way_without_end() {
    let server = Server::start(|request| match first_line(request) {
        "GET /a HTTP/1.1" => leads(302, "/b"),
        "GET /b HTTP/1.1" => leads(302, "/c"),
        "GET /c HTTP/1.1" => leads(302, "/b"),
        line => {
            let number: u32 = line.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
            leads(302, &format!("/{}", number + 1))
        }
    })
    .await;
    let [a, b, c] = ["/a", "/b", "/c"].map(|path| server.at(path));
    assert_eq!(
        failed(&client(), a.clone()).await,
        format!("{a}: it leads round in a circle: {b} → {c} → {b}")
    );
    assert_eq!(server.heard().len(), 3);
    let text = failed(&client(), server.at("/0")).await;
    let (begin, end) = (server.at("/0"), server.at("/11"));
    assert_eq!(
        text,
        format!("{begin}: it leads on 11 times, at last to {end}, and more are not followed")
    );
    assert_eq!(server.heard().len(), 3 + 11);
}

#[tokio::test]
async fn what_leads_to_no_server_or_out_of_tls_is_not_followed() {
    let server = Server::start(|request| match first_line(request) {
        "GET /file HTTP/1.1" => leads(302, "file:///etc/passwd"),
        "GET /none HTTP/1.1" => leads(302, "http://"),
        _ => answer("302 Found", "", "no location"),
    })
    .await;
    let text = failed(&client(), server.at("/file")).await;
    assert!(
        text.contains("it points to \"file:///etc/passwd\": "),
        "{text}"
    );
    let text = failed(&client(), server.at("/none")).await;
    assert!(text.contains("it points to \"http://\": "), "{text}");
    assert_eq!(
        fetched(&client(), server.at("/")).await.unwrap(),
        "no location"
    );
}

#[tokio::test]
async fn what_is_for_one_server_does_not_go_to_another() {
    let other = Server::start(|_| ok("x")).await;
    let there = other.at("/").to_string();
    let server = Server::start(move |request| match first_line(request) {
        "GET /here HTTP/1.1" => leads(302, "/end"),
        "GET /there HTTP/1.1" => leads(302, &there),
        _ => ok("x"),
    })
    .await;
    let secrets = [
        ("Authorization", "Bearer s"),
        ("Cookie", "c=s"),
        ("Host", "own.example"),
    ];
    for path in ["/here", "/there"] {
        let mut request = get(server.at(path));
        for (name, value) in secrets {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
            .headers_mut()
            .insert("X-Other", "1".parse().unwrap());
        client().send(request).await.unwrap();
    }
    for (name, value) in secrets {
        let line = format!("\r\n{name}: {value}\r\n");
        assert!(server.heard()[1].contains(&line), "{}", server.heard()[1]);
        assert!(!other.heard()[0].contains(&line), "{}", other.heard()[0]);
    }
    assert!(other.heard()[0].contains("\r\nX-Other: 1\r\n"));
}

#[tokio::test]
async fn cookies_are_kept_and_told() {
    let server = Server::start(|request| match first_line(request) {
        "GET /login HTTP/1.1" => answer(
            "302 Found",
            "Location: /login\r\nSet-Cookie: id=7; Path=/\r\nSet-Cookie: x=y; Path=/elsewhere\r\n",
            "",
        ),
        _ => ok("x"),
    })
    .await;
    // It points to itself until it gets its cookie, and that is no circle.
    let asks = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&asks);
    let strict = Server::start(move |request| {
        asked.fetch_add(1, Ordering::Relaxed);
        match request.contains("\r\nCookie: own=1; seen=1\r\n") {
            true => ok("in"),
            false => answer("302 Found", "Location: /\r\nSet-Cookie: seen=1\r\n", ""),
        }
    })
    .await;
    let jar = Arc::new(Jar::new());
    let client = Client::builder().cookies(Arc::clone(&jar)).build().unwrap();
    let mut request = get(strict.at("/"));
    request
        .headers_mut()
        .insert("Cookie", "own=1".parse().unwrap());
    let response = client.send(request).await.unwrap();
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "in");
    assert_eq!(asks.load(Ordering::Relaxed), 2);
    let text = failed(&client, server.at("/login")).await;
    assert!(text.contains("in a circle"), "{text}");
    fetched(&client, server.at("/")).await.unwrap();
    let told = server.heard().pop().unwrap();
    assert!(
        told.contains("\r\nCookie: ") && told.contains("id=7") && !told.contains("x=y"),
        "{told}"
    );
    // Hosts have cookies, and not ports.
    assert_eq!(jar.len(), 3);
}

#[tokio::test]
async fn what_came_to_nothing_is_asked_again() {
    let asks = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&asks);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => ends("HTTP/1."),
        1 => answer("503 Busy", "Retry-After: 0\r\n", "busy"),
        _ => ok("done"),
    })
    .await;
    let retries = Retries {
        first: Duration::from_millis(10),
        ..Retries::times(2)
    };
    let patient = Client::builder().retries(retries).build().unwrap();
    let begun = Instant::now();
    let request = Request::put(server.at("/")).body("again".into()).unwrap();
    let response = patient.send(request).await.unwrap();
    let exchange = response.extensions().get::<Exchange>().unwrap();
    assert_eq!(exchange.repetitions, 2);
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "done");
    assert!(begun.elapsed() >= Duration::from_millis(5));
    assert!(server.heard().iter().all(|heard| heard.ends_with("again")));
    assert_eq!(server.heard().len(), 3);

    // What may do something twice is not, nor what cannot be sent twice.
    let posted = Request::post(server.at("/")).body("once".into()).unwrap();
    let error = patient.send(posted).await.unwrap_err();
    assert!(error.may_pass(), "{error}");
    let once = Body::reader(&b"once"[..], None);
    let request = Request::put(server.at("/")).body(once).unwrap();
    assert_eq!(patient.send(request).await.unwrap().status(), 503);
    assert_eq!(fetched(&client(), server.at("/")).await.unwrap(), "done");
    failed(&client(), server.at("/")).await;
    let short = Retries {
        longest: Duration::from_secs(1),
        ..Retries::times(2)
    };
    let busy = Server::start(|_| answer("429 Slow", "Retry-After: 100\r\n", "slow")).await;
    let client = Client::builder().retries(short).build().unwrap();
    assert_eq!(fetched(&client, busy.at("/")).await.unwrap(), "slow");
    assert_eq!(busy.heard().len(), 1);
}

#[tokio::test]
async fn an_answer_without_end_does_not_keep_anybody_from_the_next() {
    let server = Server::start(|request| match first_line(request) {
        "GET /a HTTP/1.1" => stalls("HTTP/1.1 302 X\r\nLocation: /b\r\nContent-Length: 9\r\n\r\nx"),
        _ => ok("b"),
    })
    .await;
    // The time between two pieces is a minute, and that of the test is half of it.
    let fetching = fetched_by(client(), server.at("/a"));
    let fetched = tokio::time::timeout(Duration::from_secs(30), fetching).await;
    assert_eq!(fetched.expect("in time"), "b");
    assert_eq!(server.connections(), 2);
}

async fn fetched_by(client: Client, address: http::Uri) -> String {
    fetched(&client, address).await.unwrap()
}

#[tokio::test]
async fn to_log_in_at_the_same_address_is_no_circle() {
    let server = Server::start(|request| {
        let host = request.lines().find_map(|line| line.strip_prefix("Host: "));
        match request.contains("Authorization: Basic bWU6c2VjcmV0") {
            true => ok("in"),
            false => leads(302, &format!("http://me:secret@{}/", host.unwrap())),
        }
    })
    .await;
    assert_eq!(fetched(&client(), server.at("/")).await.unwrap(), "in");
}

#[tokio::test]
async fn each_answer_sets_cookies_and_each_line_of_them_is_sent() {
    let server = Server::start(|request| match request.contains("; set=1") {
        true => ok("known"),
        false => answer("503 Busy", "Set-Cookie: set=1\r\nRetry-After: 0\r\n", ""),
    })
    .await;
    let client = Client::builder()
        .cookies(Arc::new(Jar::new()))
        .build()
        .unwrap();
    let mut request = Request::get(server.at("/"))
        .header("Cookie", "a=1")
        .header("Cookie", "b=2")
        .body(Body::empty())
        .unwrap();
    // Those of a request are in the place of the client's.
    request.extensions_mut().insert(Retries::times(1));
    let response = client.send(request).await.unwrap();
    assert_eq!(response.into_body().text(ALL).await.unwrap(), "known");
    let heard = server.heard();
    assert!(
        heard[1].contains("\r\nCookie: a=1; b=2; set=1\r\n"),
        "{heard:?}"
    );
}
