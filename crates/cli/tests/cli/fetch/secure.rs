//! What goes over TLS: who is shown to whom, and what is not said where there is none.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use lariat_tls::{Directory, Identity, ServerOptions, ServerTls};
use tempfile::TempDir;

use super::{begin, fetch, read_head};

/// A server that gives each connection one of these answers, and then what it was asked on each; nothing where the
/// handshake came to nothing.
fn serve(options: ServerOptions, answers: Vec<String>) -> (String, JoinHandle<Vec<String>>) {
    let tls = ServerTls::new(options).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let asked = answers.iter().map(|answer| {
            let (stream, _) = listener.accept().unwrap();
            let Ok(mut stream) = tls.accept_blocking(stream) else {
                return String::new();
            };
            let mut heard = Vec::new();
            while !heard.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                match stream.read(&mut byte) {
                    Ok(1) => heard.push(byte[0]),
                    _ => return String::new(),
                }
            }
            stream.write_all(answer.as_bytes()).unwrap();
            let _ = stream.close();
            String::from_utf8(heard).unwrap()
        });
        asked.collect()
    });
    (url, serving)
}

fn answer(lines: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{lines}Connection: close\r\nContent-Length: 2\r\n\r\nok")
}

/// A folder with an authority and a server's certificate, by which nobody is trusted.
fn certified() -> (TempDir, Directory, Identity) {
    let folder = tempfile::tempdir().unwrap();
    let directory = Directory::open(folder.path().join("certificates")).unwrap();
    let identity = directory.server_identity(&["localhost"]).unwrap();
    (folder, directory, identity)
}

#[test]
fn who_asks_is_shown_also_to_a_server_that_is_not_checked() {
    let (folder, directory, identity) = certified();
    let authority = std::fs::read(directory.authority_certificate()).unwrap();
    let options = ServerOptions {
        client_authorities: Some(authority),
        require_client: true,
        ..ServerOptions::new(identity)
    };
    let (url, serving) = serve(options, vec![answer(""), answer("")]);
    let files = directory.issue_client("alice").unwrap();
    let path = |path: &std::path::Path| path.display().to_string();
    let (certificate, key) = (path(&files.certificate), path(&files.key));
    let shown = fetch(
        &folder,
        &["-k", "--cert", &certificate, "--key", &key, &url],
    );
    assert_eq!(
        (shown.code, shown.text().as_str()),
        (Some(0), "ok"),
        "{}",
        shown.errors
    );
    let nobody = fetch(&folder, &["-k", &url]);
    assert_ne!(nobody.code, Some(0));
    assert!(nobody.errors.contains("certificate"), "{}", nobody.errors);
    let heard = serving.join().unwrap();
    assert!(heard[0].starts_with("GET / HTTP/1.1\r\n") && heard[1].is_empty());
}

#[test]
fn cookies_that_are_for_tls_alone_are_not_sent_without_it() {
    let (folder, _, identity) = certified();
    let (plain, _) = begin();
    let both = "Set-Cookie: safe=1; Secure; Path=/\r\nSet-Cookie: any=1; Path=/\r\n";
    let away = answer(&format!("{both}Location: {}\r\n", plain.url("/a.txt")));
    let away = away.replace("200 OK", "302 Found");
    let answers = vec![answer(both), answer(""), away];
    let (url, serving) = serve(ServerOptions::new(identity), answers);
    let by_url = plain.url("/a.txt");
    for arguments in [
        &["-k", "-c", "jar", &url][..],
        &["-k", "-b", "jar", &url],
        &["-b", "jar", &by_url],
        &["-k", "-b", "", "--redirect-to-plain", &url],
    ] {
        let outcome = fetch(&folder, arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    }
    let heard = serving.join().unwrap();
    let line = heard[1].lines().find(|line| line.starts_with("Cookie: "));
    let line = line.expect("cookies");
    assert!(line.contains("safe=1") && line.contains("any=1"), "{line}");
    let heard = plain.heard();
    assert_eq!(heard.len(), 2);
    for heard in heard {
        assert_eq!(heard.header("cookie"), Some("any=1"));
    }
}

#[test]
fn a_proxy_may_be_spoken_to_by_tls() {
    let (folder, directory, identity) = certified();
    let authority = directory.authority_certificate();
    let authority = authority.to_str().unwrap();
    let options = ServerOptions::new(identity.clone());
    let (url, serving) = serve(options, vec![answer(""); 5]);
    // The certificate is for this name.
    let proxy = url.replace("127.0.0.1", "localhost");
    let plain = "http://a.example/x";
    for trust in [
        &["--ca", authority][..],
        &["--proxy-ca", authority],
        &["--proxy-insecure"],
    ] {
        let outcome = fetch(&folder, &[trust, &["-x", &proxy, plain]].concat());
        assert_eq!(
            (outcome.code, outcome.text().as_str()),
            (Some(0), "ok"),
            "{trust:?}: {}",
            outcome.errors
        );
    }
    // Nobody who is not checked is told anything, whoever the server may be.
    let (_elsewhere, other, _) = certified();
    let other = other.authority_certificate();
    let other = ["--ca", authority, "--proxy-ca", other.to_str().unwrap()];
    for trust in [&["-k"][..], &other] {
        let outcome = fetch(&folder, &[trust, &["-x", &proxy, plain]].concat());
        let words = "and --proxy-insecure whoever answers";
        outcome.assert_failed(60, words, trust);
    }
    let heard = serving.join().unwrap();
    for heard in &heard[..3] {
        let begin = "GET http://a.example/x HTTP/1.1\r\n";
        assert!(heard.starts_with(begin), "{heard:?}");
    }
    assert_eq!(heard[3..], ["", ""]);

    // TLS with the server goes within that with the proxy, which here is both.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let tls = ServerTls::new(ServerOptions::new(identity)).unwrap();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut outer = tls.accept_blocking(stream).unwrap();
        let asked = read_head(&mut outer);
        outer
            .write_all(b"HTTP/1.1 200 There You Are\r\n\r\n")
            .unwrap();
        let mut inner = tls.accept_blocking(outer).unwrap();
        let told = read_head(&mut inner);
        inner.write_all(answer("").as_bytes()).unwrap();
        let _ = inner.close();
        (asked, told)
    });
    let url = "https://localhost:9/within";
    let outcome = fetch(&folder, &["--ca", authority, "-v", "-x", &proxy, url]);
    assert_eq!(
        (outcome.code, outcome.text().as_str()),
        (Some(0), "ok"),
        "{}",
        outcome.errors
    );
    assert_eq!(
        outcome.errors.matches("\n* TLS 1.3, ").count(),
        2,
        "{}",
        outcome.errors
    );
    let (asked, told) = serving.join().unwrap();
    assert!(
        asked.starts_with("CONNECT localhost:9 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(told.starts_with("GET /within HTTP/1.1\r\n"), "{told}");
}
