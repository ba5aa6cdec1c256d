//! What is seen of it: heads, bytes, and what programs read.

use lariat_testkit::{Heard, WebFault};

use super::{begin, fetch, shown};

#[test]
fn heads_are_shown_where_they_are_wanted() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let both = shown(&folder, &["-i", &url]);
    assert!(both.starts_with("HTTP/1.1 200 OK\nDate: "), "{both}");
    assert!(both.ends_with("\nContent-Length: 6\n\nhello\n"), "{both}");
    let head = shown(&folder, &["-I", &url]);
    assert!(head.ends_with("\nContent-Length: 6\n\n"), "{head}");
    assert_eq!(server.heard()[1].method, "HEAD");
    server.set_header("/a.txt", "Set-Cookie", "secret=1");
    let outcome = fetch(&folder, &["-v", "-H", "Authorization: secret", &url]);
    let errors = outcome.errors;
    let begin = format!(
        "* connected to {}\n> GET /a.txt HTTP/1.1\n",
        server.address()
    );
    assert!(errors.starts_with(&begin), "{errors}");
    assert!(errors.contains("> Authorization: ****\n"), "{errors}");
    assert!(errors.contains("< HTTP/1.1 200 OK\n") && errors.contains("< Set-Cookie: ****\n"));
    assert!(!errors.contains("secret"), "{errors}");
}

#[test]
fn heads_of_several_files_say_whose_they_are() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let places = ["-v", "-Z", "1", "-o", "a", "-o", "b"];
    let outcome = fetch(&folder, &[&places[..], &[&url, &url]].concat());
    let errors = outcome.errors;
    assert!(errors.contains("\n> GET /a.txt HTTP/1.1\n"), "{errors}");
    assert!(errors.contains("\n2> GET /a.txt HTTP/1.1\n"), "{errors}");
    assert!(errors.contains("\n2< HTTP/1.1 200 OK\n"), "{errors}");
}

#[test]
fn the_bytes_on_the_wire_are_shown_without_secrets() {
    let (server, folder) = begin();
    let outcome = fetch(
        &folder,
        &["--raw", "-H", "Cookie: a=secret", &server.url("/a.txt")],
    );
    let errors = outcome.errors;
    assert!(
        errors.starts_with("> GET /a.txt HTTP/1.1\\r\\n\n"),
        "{errors}"
    );
    assert!(errors.contains("< HTTP/1.1 200 OK\\r\\n\n"), "{errors}");
    assert!(errors.ends_with("< \\r\\n\n< hello\\n\n"), "{errors}");
    assert!(
        errors.to_lowercase().contains("> cookie: ****") && !errors.contains("secret"),
        "{errors}"
    );
    assert_eq!(outcome.output, b"hello\n");
}

#[test]
fn programs_read_a_line_for_each_url() {
    let (server, folder) = begin();
    let urls = [server.url("/a.txt"), server.url("/nothing")];
    let outcome = fetch(&folder, &["--json", &urls[0], &urls[1]]);
    assert_eq!(outcome.code, Some(22));
    let text = outcome.text();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["url"], *urls[0]);
    assert_eq!(
        (&lines[0]["status"], &lines[0]["bytes"]),
        (&200.into(), &6.into())
    );
    assert_eq!(lines[0]["body"], "hello\n");
    assert_eq!(lines[0]["headers"]["content-length"][0], "6");
    assert!(lines[0]["seconds"].is_number() && lines[0]["error"].is_null());
    assert_eq!(
        (&lines[1]["status"], &lines[1]["code"]),
        (&404.into(), &22.into())
    );
    let outcome = fetch(&folder, &["--json", "-o", "here", &urls[0]]);
    let line: serde_json::Value = serde_json::from_str(&outcome.text()).unwrap();
    assert_eq!(
        (&line["file"], &line["transferred"]),
        (&"here".into(), &6.into())
    );
    assert_eq!(outcome.errors, "");
}

#[test]
fn programs_are_told_how_an_answer_came_about() {
    let (server, folder) = begin();
    let address = server.address().to_string();
    server.redirect("/old", "/a.txt");
    let urls = [server.url("/old"), server.url("/a.txt")];
    for place in [&[][..], &["-o", "here"]] {
        let text = shown(&folder, &[&["--json"], place, &[&urls[0]]].concat());
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["url"], *urls[0]);
        assert_eq!(line["address"], *urls[1]);
        assert_eq!(line["redirects"], serde_json::json!([urls[0]]));
        assert_eq!(line["peer"], *address);
        assert_eq!(line["version"], "HTTP/1.1");
        assert_eq!(line["repetitions"], 0);
    }
}

#[test]
fn what_came_to_nothing_is_told_as_far_as_it_came() {
    let (server, folder) = begin();
    let nowhere = "http://127.0.0.1:1/";
    let url = server.url("/old");
    let port = server.address().port();
    server.redirect("/old", nowhere);
    for place in [&[][..], &["-o", "here"]] {
        let outcome = fetch(&folder, &[&["--json"], place, &[&url]].concat());
        assert_eq!(outcome.code, Some(7), "{}", outcome.errors);
        let line: serde_json::Value = serde_json::from_str(&outcome.text()).unwrap();
        assert_eq!(line["status"], 302, "{line}");
        assert_eq!(line["headers"]["location"][0], nowhere);
        assert_eq!(line["address"], nowhere);
        assert_eq!(line["redirects"], serde_json::json!([url]));
        assert_eq!(line["peer"], server.address().to_string());
        assert_eq!(line["code"], 7);
        let format = "%{http_code} %{num_redirects} %{url_effective} %{remote_port} %{method} \
            %{num_connects} %{exitcode}\\n";
        let outcome = fetch(&folder, &[&["-w", format], place, &[&url]].concat());
        assert_eq!(outcome.text(), format!("302 1 {nowhere} {port} GET 1 7\n"));
    }
    server.order("/gone", 2, WebFault::HangsUp);
    let words = ["-s", "--retry", "1", "-w", "%{http_code} %{num_retries}"];
    let outcome = fetch(&folder, &[&words[..], &[&server.url("/gone")]].concat());
    assert_eq!((outcome.code, outcome.text()), (Some(52), "000 1".into()));
}

/// The lines by which `-v` shows a request, as the server has heard it.
fn as_heard(heard: &Heard) -> String {
    let mut text = format!("> {} {} HTTP/1.1\n", heard.method, heard.target);
    for (name, value) in &heard.headers {
        let value = match name.as_str() {
            "Authorization" => "****",
            _ => value,
        };
        text.push_str(&format!("> {name}: {value}\n"));
    }
    text + ">\n"
}

#[test]
fn each_hop_is_seen_as_it_was_sent_and_received() {
    let (server, folder) = begin();
    let address = server.address();
    let away = leading_away(&address.to_string());
    server.order("/old", 1, WebFault::Says(away));
    let outcome = fetch(&folder, &["-v", "-d", "x=y", &server.url("/old")]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    let heard = server.heard();
    let seen = [
        &format!("* connected to {address}\n"),
        &as_heard(&heard[0]),
        "< HTTP/1.1 303 Over There\n",
        &format!("< Location: http://****@{address}/a.txt\n"),
        "< Set-Cookie: ****\n< Connection: close\n< Content-Length: 0\n<\n",
        &format!("* it points to http://{address}/a.txt\n"),
        &format!("* connected to {address}\n"),
        &as_heard(&heard[1]),
        "< HTTP/1.1 200 OK\n",
    ]
    .concat();
    assert!(outcome.errors.starts_with(&seen), "{}", outcome.errors);
    assert!(outcome.errors.ends_with("< Content-Length: 6\n<\n"));
    assert!(!outcome.errors.contains("secret"), "{}", outcome.errors);
    assert!(heard[0].headers.len() > 4 && heard[0].body == b"x=y");
}

/// An answer that points to where a password is said, and ends the connection.
fn leading_away(host: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 303 Over There\r\nLocation: http://me:secret@{host}/a.txt\r\n\
         Set-Cookie: a=secret\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn a_proxy_that_is_asked_for_a_connection_is_seen_as_well() {
    let (proxy, folder) = begin();
    let address = proxy.address().to_string();
    let refusal = b"HTTP/1.1 403 Not You\r\nVia: x\r\nContent-Length: 0\r\n\r\n".to_vec();
    proxy.order("a.example:443", 2, WebFault::Says(refusal));
    let url = "https://a.example/";
    let outcome = fetch(&folder, &["-v", "-x", &address, url]);
    let seen = [
        &format!("* connected to {address}, the proxy http://{address}\n"),
        &as_heard(&proxy.heard()[0]),
        "< HTTP/1.1 403 Not You\n< Via: x\n< Content-Length: 0\n<\n",
    ]
    .concat();
    assert!(outcome.errors.starts_with(&seen), "{}", outcome.errors);
    assert!(seen.contains("> CONNECT a.example:443 HTTP/1.1\n> Host: a.example:443\n>\n"));
    // It is no answer of the server's.
    let outcome = fetch(&folder, &["-i", "-x", &address, url]);
    assert_eq!(outcome.text(), "");
}

#[test]
fn the_heads_of_all_hops_are_shown_where_heads_are_wanted() {
    let (server, folder) = begin();
    server.redirect("/old", "/a.txt");
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n";
    let answer = "HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nok";
    let both = [early, answer].concat().into_bytes();
    server.order("/early", 1, WebFault::Says(both));
    for option in ["-i", "-I"] {
        let text = shown(&folder, &[option, &server.url("/old")]);
        assert!(text.starts_with("HTTP/1.1 302 Found\nDate: "), "{text}");
        assert!(text.contains("\nLocation: /a.txt\n"), "{text}");
        assert!(text.contains("\n\nHTTP/1.1 200 OK\nDate: "), "{text}");
    }
    assert_eq!(
        shown(&folder, &["-i", &server.url("/early")]),
        "HTTP/1.1 103 Early Hints\nLink: </b>\n\nHTTP/1.1 200 Fine\nContent-Length: 2\n\nok"
    );
    // The file is the body alone.
    let text = shown(&folder, &["-q", "-i", "-O", &server.url("/a.txt")]);
    assert!(text.starts_with("HTTP/1.1 200 OK\nDate: "), "{text}");
    assert!(text.ends_with("\nContent-Length: 6\n\n"), "{text}");
    let saved = std::fs::read(folder.path().join("a.txt")).unwrap();
    assert_eq!(saved, b"hello\n");
}

#[test]
fn what_was_sent_and_where_it_led_is_written() {
    let (server, folder) = begin();
    server.redirect("/old", "/a.txt");
    server.redirect("/older", "/old");
    std::fs::write(folder.path().join("data"), "some data").unwrap();
    let there = server.url("/a.txt");
    let format = "%{http_code} %{size_upload} [%{redirect_url}]";
    let words = |path: &str, more: &[&str]| {
        let words = ["-q", "--any-status", "-o", "/dev/null", "-w", format];
        fetch(&folder, &[&words[..], more, &[&server.url(path)]].concat()).text()
    };
    assert_eq!(words("/b", &["-T", "data"]), "201 9 []");
    assert_eq!(words("/form", &["-d", "a=b"]), "200 3 []");
    // The server answers every POST, so it is told to point elsewhere. The last request is the one that counts.
    let elsewhere = "HTTP/1.1 302 There\r\nLocation: /a.txt\r\nContent-Length: 0\r\n\r\n";
    server.order("/old", 2, WebFault::Says(elsewhere.into()));
    assert_eq!(words("/old", &["-d", "a=b"]), "200 0 []");
    let unfollowed = words("/old", &["-d", "a=b", "--max-redirs", "0"]);
    assert_eq!(unfollowed, format!("302 3 [{there}]"));
    let too_often = words("/older", &["--max-redirs", "1"]);
    assert_eq!(too_often, format!("302 0 [{there}]"));
    // What was followed leads nowhere else, whatever came of that.
    server.redirect("/gone", "http://127.0.0.1:1/");
    assert_eq!(words("/gone", &[]), "302 0 []");
}

#[test]
fn what_came_is_written_in_the_callers_words() {
    let (server, folder) = begin();
    server.redirect("/old", "/a.txt");
    server.set_header("/a.txt", "Content-Type", "text/plain");
    let url = server.url("/a.txt");
    let format = "%{http_code} %{size_download} %{num_redirects} %{url_effective} %{remote_ip} \
        %{content_type} %header{content-length}\\n";
    let words = ["-s", "-o", "/dev/null", "-w", format, &server.url("/old")];
    assert_eq!(
        shown(&folder, &words),
        format!("200 6 1 {url} 127.0.0.1 text/plain 6\n")
    );
    let saved = shown(&folder, &["-q", "-O", "-w", "%{filename_effective}", &url]);
    assert_eq!(saved, "a.txt");
    std::fs::write(folder.path().join("format"), "%{size_download}\n").unwrap();
    assert_eq!(shown(&folder, &["-w", "@format", &url]), "hello\n6\n");
    let times = shown(
        &folder,
        &[
            "-o",
            "/dev/null",
            "-w",
            "%{time_namelookup} %{time_connect} %{time_pretransfer} %{time_starttransfer} %{time_total}",
            &url.replace("127.0.0.1", "localhost"),
        ],
    );
    let times: Vec<f64> = times.split(' ').map(|time| time.parse().unwrap()).collect();
    assert!(times[0] > 0.0 && times.is_sorted(), "{times:?}");
    let whole = shown(&folder, &["-o", "/dev/null", "-w", "%{json}", &url]);
    let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["status"], 200);
    // It is written of what failed as well, and only if all its words are known.
    let outcome = fetch(
        &folder,
        &["-w", "%{http_code} %{exitcode}\\n", &server.url("/no")],
    );
    assert_eq!(outcome.text(), "nothing here\n404 22\n");
    let outcome = fetch(
        &folder,
        &["-w", "%{http_code} %{exitcode}", "http://127.0.0.1:1/"],
    );
    assert_eq!(outcome.text(), "000 7");
    let before = server.heard().len();
    let outcome = fetch(&folder, &["-w", "%{status}", &url]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.errors.contains("http_code"), "{}", outcome.errors);
    assert_eq!(server.heard().len(), before);
}
