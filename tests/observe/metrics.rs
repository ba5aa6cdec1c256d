//! The text for Prometheus, read by a parser that forgives nothing.

use std::collections::{BTreeMap, BTreeSet};

use lariat::observe::prometheus;
use lariat::{Limits, ListenOptions};

use crate::common::{connect, reactor, wait_until};
use crate::host::{Host, ask, greeting, is_all_over};

type Labels = BTreeMap<String, String>;

#[derive(Default)]
struct Metrics {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

fn labels(mut text: &str) -> Labels {
    let mut labels = Labels::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a name and a quote");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        let (mut value, mut chars) = (String::new(), rest.char_indices());
        let end = loop {
            match chars.next().expect("a quote at the end") {
                (end, '"') => break end,
                (_, '\\') => value.push(match chars.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, c @ ('\\' | '"'))) => c,
                    other => panic!("escaped: {other:?}"),
                }),
                (_, c) => value.push(c),
            }
        };
        assert!(labels.insert(name.into(), value).is_none(), "{name} twice");
        text = &rest[end + 1..];
        text = match text.strip_prefix(',') {
            Some(more) => more,
            None => {
                assert_eq!(text, "");
                text
            }
        };
    }
    labels
}

fn parse(text: &str) -> Metrics {
    assert!(text.ends_with('\n'));
    let mut metrics = Metrics::default();
    let (mut helped, mut closed) = (None, BTreeSet::new());
    let mut family = String::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("words");
            assert!(words.ends_with('.'), "{line}");
            helped = Some(name.to_string());
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a kind");
            assert_eq!(helped.take().as_deref(), Some(name), "its help is above it");
            assert!(["counter", "gauge", "histogram"].contains(&kind));
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            assert!(closed.insert(name.to_string()), "{name} twice");
            family = name.into();
            metrics.kinds.insert(name.into(), kind.into());
        } else {
            let (head, value) = line.rsplit_once(' ').expect("a value");
            let (name, labelled) = match head.split_once('{') {
                Some((name, rest)) => (name, rest.strip_suffix('}').expect("closed")),
                None => (head, ""),
            };
            let of_family = match metrics.kinds[&family].as_str() {
                "histogram" => ["_bucket", "_sum", "_count"]
                    .iter()
                    .any(|suffix| name.strip_suffix(suffix) == Some(&family)),
                _ => name == family,
            };
            assert!(of_family, "{name} is not of {family}");
            let sample = (name.to_string(), labels(labelled));
            let value = value.parse().expect("a number");
            assert!(
                metrics.samples.insert(sample, value).is_none(),
                "twice: {line}"
            );
        }
    }
    metrics
}

impl Metrics {
    fn check_histogram(&self, family: &str) -> f64 {
        let mut all: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.samples {
            if name.strip_suffix("_bucket") == Some(family) {
                let mut labels = labels.clone();
                let bound = labels.remove("le").expect("a bound");
                let bound = bound.replace("+Inf", "inf").parse().expect("a number");
                all.entry(labels).or_default().push((bound, *value));
            }
        }
        let mut total = 0.0;
        for (labels, mut buckets) in all {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by(|one, other| one.1 <= other.1));
            let &(last, count) = buckets.last().expect("buckets");
            assert!(last.is_infinite());
            assert_eq!(
                self.samples[&(format!("{family}_count"), labels.clone())],
                count
            );
            let sum = self.samples[&(format!("{family}_sum"), labels)];
            assert!(sum >= 0.0 && (sum > 0.0) == (count > 0.0));
            total += count;
        }
        total
    }

    /// What this is over all services.
    fn sum(&self, name: &str, label: Option<(&str, &str)>) -> f64 {
        let wanted = |labels: &Labels| {
            label.is_none_or(|(key, value)| labels.get(key).is_some_and(|found| found == value))
        };
        let samples = self.samples.iter();
        samples
            .filter(|((found, labels), _)| found == name && wanted(labels))
            .map(|(_, value)| value)
            .sum()
    }
}

#[test]
fn the_text_says_what_was_counted() {
    let reactor = reactor();
    let handle = reactor.handle();
    let named = |name: &str, connections| ListenOptions {
        name: Some(name.into()),
        limits: Some(Limits {
            connections,
            ..Limits::none()
        }),
        ..ListenOptions::default()
    };
    let url = "tcp://127.0.0.1:0";
    let odd = handle.listen_with(url, named("an \"odd\" \\ name\nof two lines", None), Host);
    let odd = odd.expect("listening");
    let full = handle.listen_with(url, named("full", Some(0)), Host);
    greeting(&connect(&full.expect("listening")));
    let stream = connect(&odd);
    greeting(&stream);
    for _ in 0..10 {
        ask(&stream, "hi");
    }
    wait_until("the last is counted", || odd.stats().messages == 10);
    let metrics = parse(&prometheus(&handle.stats()));
    assert_eq!(metrics.sum("lariat_open_connections", None), 1.0);
    assert_eq!(metrics.sum("lariat_accepted_total", None), 1.0);
    assert_eq!(metrics.sum("lariat_refused_total", None), 1.0);
    let total = Some(("reason", "total"));
    assert_eq!(metrics.sum("lariat_refused_total", total), 1.0);
    assert_eq!(metrics.sum("lariat_messages_total", None), 10.0);
    assert_eq!(metrics.sum("lariat_received_bytes_total", None), 30.0);
    assert_eq!(metrics.check_histogram("lariat_message_seconds"), 10.0);
    let odd_name = Some(("service", "an \"odd\" \\ name\nof two lines"));
    assert_eq!(metrics.sum("lariat_accepted_total", odd_name), 1.0);
    drop(stream);
    wait_until("all is over", || is_all_over(&handle));
    let metrics = parse(&prometheus(&handle.stats()));
    assert_eq!(metrics.sum("lariat_connections", None), 0.0);
    assert_eq!(metrics.sum("lariat_ended_total", None), 1.0);
}

/// A door that is closed and opened again while somebody is still inside: one set of samples.
#[test]
fn two_doors_in_the_same_place_are_one() {
    let reactor = reactor();
    let named = || ListenOptions {
        name: Some("door".into()),
        ..ListenOptions::default()
    };
    let handle = reactor.handle();
    let first = handle.listen_with("tcp://127.0.0.1:0", named(), Host);
    let first = first.expect("listening");
    let stream = connect(&first);
    greeting(&stream);
    let endpoint = first.endpoint().clone();
    first.close();
    let mut again = None;
    wait_until("it is closed", || {
        again = handle.listen_with(&endpoint, named(), Host).ok();
        again.is_some()
    });
    let other = connect(again.as_ref().expect("listening"));
    greeting(&other);
    let metrics = parse(&prometheus(&reactor.handle().stats()));
    assert_eq!(metrics.sum("lariat_accepted_total", None), 2.0);
    assert_eq!(ask(&stream, "hi"), "hi\n");
}
