//! An outcome in words for a person, and in JSON for a program.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::bench::outcome::Outcome;
use crate::bench::plan::{Manner, Plan};
use crate::bench::script::Expect;
use crate::bench::tally::{Reasons, Times};
use crate::output::one_line;

/// The parts of all times that are told, and what they are called.
const QUANTILES: [(&str, &str, f64); 4] = [
    ("p50", "p50", 0.5),
    ("p90", "p90", 0.9),
    ("p99", "p99", 0.99),
    ("p99.9", "p99_9", 0.999),
];

/// The summary.
pub fn summary(outcome: &Outcome) -> String {
    let mut text = format!("{}\n\n", heading(&outcome.plan));
    let mut row = |name: &str, words: String| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:<12} {words}");
    };
    let Outcome { plan, tally, .. } = outcome;
    let seconds = match outcome.elapsed.as_secs_f64() {
        short @ ..1.0 => time((short * 1e9) as u64),
        seconds => format!("{seconds:.2} s"),
    };
    if let Some(open) = outcome.open {
        let held = count(open as u64, "connection", "connections");
        row("held", format!("{held} for {seconds}"));
        row("connecting", times(&tally.connect_times));
        let ended = count(tally.ended_connections(), "connection", "connections");
        row(
            "ended",
            format!("{ended} by the server{}", reasons(&tally.ended)),
        );
    } else {
        let answers = count(tally.answered, "answer", "answers");
        let stopped = if outcome.interrupted {
            ", interrupted"
        } else {
            ""
        };
        row("received", format!("{answers} in {seconds}{stopped}"));
        row("throughput", throughput(outcome));
        if plan.manner == Manner::Churn {
            let rate = outcome.per_second(tally.made);
            row("connections", format!("{}/s", grouped(rate.round() as u64)));
            row("connecting", times(&tally.connect_times));
        }
        row("latency", times(&tally.answer_times));
    }
    row("errors", errors(outcome));
    if let Some(wrong) = &tally.first_wrong {
        row("", format!("expected {}", quoted(&wrong.expected)));
        row("", format!("received {}", quoted(&wrong.came)));
    }
    if tally.late > 0 {
        let late = count(tally.late, "datagram", "datagrams");
        row("late", format!("{late} came after they were given up"));
    }
    text
}

/// What was done.
fn heading(plan: &Plan) -> String {
    let connections = count(plan.connections as u64, "connection", "connections");
    let bytes = count(plan.script.size() as u64, "byte", "bytes");
    let doing = match plan.manner {
        Manner::Closed { pipeline } => {
            let messages = count(pipeline as u64, "message", "messages");
            format!("{connections}, each with {messages} of {bytes} in flight")
        }
        Manner::Paced { per_second } => {
            format!("{connections}, {per_second} messages/s of {bytes} in all")
        }
        Manner::Churn => format!("{connections} at a time, each for one message of {bytes}"),
        Manner::Idle => format!("{connections}, held open"),
    };
    let threads = count(plan.threads as u64, "thread", "threads");
    one_line(&format!("{}: {doing}, {threads}", plan.endpoint))
}

fn throughput(outcome: &Outcome) -> String {
    format!(
        "{} messages/s, {}/s sent, {}/s received",
        grouped(outcome.per_second(outcome.tally.answered).round() as u64),
        bytes(outcome.per_second(outcome.sent_bytes())),
        bytes(outcome.per_second(outcome.tally.received)),
    )
}

fn errors(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let kinds = [
        (tally.wrong, "wrong answer", "wrong answers", None),
        (
            tally.lost_messages(),
            "message without an answer",
            "messages without an answer",
            Some(&tally.lost),
        ),
        (
            tally.failed_connections(),
            "connection that could not be made",
            "connections that could not be made",
            Some(&tally.failed),
        ),
        (
            outcome.unsent,
            "message never sent",
            "messages never sent",
            None,
        ),
    ];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(times, ..)| *times > 0)
        .map(|(times, one, many, why)| {
            count(times, one, many) + &why.map(reasons).unwrap_or_default()
        })
        .collect();
    match kinds.is_empty() {
        true => "none".into(),
        false => kinds.join("; "),
    }
}

/// ` (3 × silence, 2 × refused)`, the most frequent first; nothing for nothing.
fn reasons(reasons: &Reasons) -> String {
    let mut all: Vec<(&String, &u64)> = reasons.iter().collect();
    all.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    match &all[..] {
        [] => String::new(),
        [(only, _)] => one_line(&format!(" ({only})")),
        all => {
            let each =
                |(reason, times): &(&String, &u64)| format!("{} × {reason}", grouped(**times));
            let all: Vec<String> = all.iter().map(each).collect();
            one_line(&format!(" ({})", all.join(", ")))
        }
    }
}

fn times(times: &Times) -> String {
    if times.is_empty() {
        return "nothing to be measured".into();
    }
    let each = |(name, _, part): (&str, &str, f64)| {
        format!("{name} {}", time(times.value_at_quantile(part)))
    };
    let all: Vec<String> = QUANTILES.into_iter().map(each).collect();
    format!("{}  max {}", all.join("  "), time(times.max()))
}

/// `1 connection`, `12,345 connections`.
fn count(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `850 ns`, `21.3 µs`, `1.25 s`: three digits.
fn time(nanoseconds: u64) -> String {
    three_digits(nanoseconds as f64, &["ns", "µs", "ms", "s"])
}

/// `64 B`, `7.90 MB`: three digits.
fn bytes(bytes: f64) -> String {
    three_digits(bytes, &["B", "kB", "MB", "GB"])
}

fn three_digits(mut number: f64, units: &[&str]) -> String {
    let mut units = units.iter().peekable();
    let mut unit = units.next().copied().unwrap_or_default();
    let whole = unit;
    while number >= 999.5
        && let Some(next) = units.next()
    {
        number /= 1000.0;
        unit = next;
    }
    let digits = match number {
        _ if unit == whole => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{number:.digits$} {unit}")
}

/// Bytes of a message between quotes, with everything escaped that is no plain text.
fn quoted(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes.escape_ascii())
}

/// All figures, as one object.
pub fn json(outcome: &Outcome) -> Value {
    let Outcome { plan, tally, .. } = outcome;
    let (mode, pipeline, rate) = match plan.manner {
        Manner::Closed { pipeline } => ("closed", Some(pipeline), None),
        Manner::Paced { per_second } => ("paced", None, Some(per_second)),
        Manner::Churn => ("churn", None, None),
        Manner::Idle => ("idle", None, None),
    };
    let expect = match plan.expect {
        Expect::Timestamp => "timestamp",
        Expect::Echo => "echo",
        Expect::Any => "any",
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    json!({
        "endpoint": plan.endpoint.to_string(),
        "mode": mode,
        "expect": expect,
        "connections": plan.connections,
        "threads": plan.threads,
        "size_bytes": plan.script.size(),
        "pipeline": pipeline,
        "wanted_messages_per_second": rate,
        "warmup_seconds": plan.warmup.as_secs_f64(),
        "elapsed_seconds": outcome.elapsed.as_secs_f64(),
        "interrupted": outcome.interrupted,
        "answers": tally.answered,
        "messages_per_second": outcome.per_second(tally.answered),
        "sent_bytes_per_second": outcome.per_second(outcome.sent_bytes()),
        "received_bytes_per_second": outcome.per_second(tally.received),
        "latency_us": times_json(&tally.answer_times),
        "connections_made": tally.made,
        "connections_per_second": (plan.manner == Manner::Churn)
            .then(|| outcome.per_second(tally.made)),
        "connections_held": outcome.open,
        "connect_us": times_json(&tally.connect_times),
        "wrong_answers": tally.wrong,
        "first_wrong_answer": tally.first_wrong.as_ref().map(|wrong| json!({
            "expected": text(&wrong.expected),
            "received": text(&wrong.came),
        })),
        "messages_lost": tally.lost_messages(),
        "messages_lost_by_reason": tally.lost,
        "messages_unsent": outcome.unsent,
        "late_answers": tally.late,
        "connections_failed": tally.failed_connections(),
        "connections_failed_by_reason": tally.failed,
        "connections_ended": tally.ended_connections(),
        "connections_ended_by_reason": tally.ended,
    })
}

fn times_json(times: &Times) -> Value {
    if times.is_empty() {
        return Value::Null;
    }
    let microseconds = |nanoseconds: f64| json!(nanoseconds / 1000.0);
    let quantiles = QUANTILES.into_iter().map(|(_, name, part)| {
        let time = times.value_at_quantile(part) as f64;
        (name.to_string(), microseconds(time))
    });
    let others = [("mean", times.mean()), ("max", times.max() as f64)];
    let others = others
        .into_iter()
        .map(|(name, time)| (name.to_string(), microseconds(time)));
    Value::Object(quantiles.chain(others).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        let shown = [
            0,
            850,
            999,
            1_000,
            21_340,
            999_499,
            999_500,
            3_600_000_000_000,
        ]
        .map(time);
        let expected = [
            "0 ns", "850 ns", "999 ns", "1.00 µs", "21.3 µs", "999 µs", "1.00 ms", "3600 s",
        ];
        assert_eq!(shown, expected);
        assert_eq!(bytes(7_900_000.0), "7.90 MB");
        assert_eq!(count(1, "byte", "bytes"), "1 byte");
    }

    #[test]
    fn reasons_are_told_with_the_most_frequent_first() {
        let told = |all: &[(&str, u64)]| {
            let all = all.iter().map(|(why, times)| (why.to_string(), *times));
            reasons(&all.collect())
        };
        assert_eq!(told(&[]), "");
        assert_eq!(told(&[("refused", 3)]), " (refused)");
        let two = told(&[("refused", 3), ("silence\n", 2_000)]);
        assert_eq!(two, " (2,000 × silence\\n, 3 × refused)");
    }
}
