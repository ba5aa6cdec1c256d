//! The counters as curl, promtool, Prometheus itself and its client library read them.

use std::collections::HashMap;

use serde_json::Value;

use crate::lariat::{Server, ask, assert_stamped};
use crate::peer::{program, python};
use crate::proxies::free_address;

/// A server with two endpoints of one service, the first of which has answered two messages.
fn server() -> Server {
    let service = "timestamp=tcp://127.0.0.1:0";
    let server = Server::with(&["--metrics", "tcp://127.0.0.1:0", service, service]);
    let endpoint = format!("tcp://{}", server.address("tcp"));
    assert_stamped(&ask(&endpoint, &["hi", "there"]), &["hi", "there"]);
    server
}

fn curl(options: &[&str]) -> Vec<String> {
    program("curl", [&["-sS", "-f", "-m", "20"], options].concat()).succeed()
}

#[test]
fn curl_fetches_them() {
    let server = server();
    let lines = curl(&["-w", "%{http_code} %{content_type}", server.metrics()]);
    let (told, text) = lines.split_last().expect("it printed something");
    assert_eq!(told, "200 text/plain; version=0.0.4; charset=utf-8");
    assert!(
        text.iter()
            .any(|line| line.starts_with("lariat_messages_total{"))
    );
    let head = curl(&["-I", server.metrics()]);
    assert!(head[0].starts_with("HTTP/1.1 200"), "{head:?}");
}

#[test]
fn promtool_finds_nothing_wrong() {
    let server = server();
    let mut judge = program("promtool", ["check", "metrics"]);
    judge.say(&(curl(&[server.metrics()]).join("\n") + "\n"));
    let ended = judge.finish();
    // What is only unwise it says without failing.
    assert_eq!(ended.lines.join("\n") + &ended.errors, "");
    assert!(ended.status.success(), "{}", ended.status);
}

#[test]
fn the_client_library_reads_what_was_counted() {
    let server = server();
    let read = python("metrics_reader.py", [server.metrics()]).succeed();
    let counted: HashMap<&str, f64> = read
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, value)| (name, value.parse().expect("it is a number")))
        .collect();
    for (name, value) in [
        ("lariat_accepted_total", 1.0),
        ("lariat_messages_total", 2.0),
        ("lariat_received_bytes_total", 9.0),
        ("lariat_sent_bytes_total", 63.0),
        ("lariat_message_seconds_count", 2.0),
        ("lariat_refused_total", 0.0),
        ("lariat_deadlines_total", 0.0),
    ] {
        assert_eq!(counted.get(name), Some(&value), "{name} in {read:?}");
    }
}

/// The server of those that all of this is for: it asks by itself, and stores what it reads.
#[test]
fn prometheus_collects_them() {
    let server = server();
    let target = server.metrics().trim_start_matches("http://");
    let target = target.trim_end_matches("/metrics");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let configuration = folder.path().join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
         scrape_configs: [{{job_name: lariat, static_configs: [{{targets: ['{target}']}}]}}]\n"
    );
    std::fs::write(&configuration, text).expect("it can be written");
    let address = free_address();
    let mut prometheus = program(
        "prometheus",
        [
            format!("--config.file={}", configuration.display()),
            format!("--storage.tsdb.path={}", folder.path().display()),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_string(),
        ],
    );
    let url = format!("http://{address}/api/v1/query?query=sum(lariat_messages_total)");
    prometheus.wait_until("collecting", || {
        // Until it listens, curl has nothing to print.
        let answer = program("curl", ["-s", "-m", "20", &url])
            .finish()
            .lines
            .concat();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["data"]["result"][0]["value"][1] == "2"
    });
    prometheus.signal("TERM");
    let ended = prometheus.wait();
    assert!(!ended.errors.contains("level=error"), "{}", ended.errors);
}
