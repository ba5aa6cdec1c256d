//! `-w`: what came of a URL in words of the caller's choice, in the form that curl has for it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::content;
use super::reporting::Report;
use crate::failure::Failure;

/// What is written when a URL is done.
#[derive(Clone)]
pub struct Format(Vec<Piece>);

#[derive(Clone)]
enum Piece {
    Text(String),
    Word(Word),
    /// The first value of a header of the answer.
    Header(String),
}

/// What a word stands for.
type Word = fn(&Report) -> String;

/// The words that there are, each of which curl has as well.
const WORDS: [(&str, Word); 29] = [
    ("content_type", |report| {
        first_header(report, "content-type")
    }),
    ("errormsg", |report| text(report, "error")),
    ("exitcode", |report| number(report, "code").to_string()),
    ("filename_effective", |report| text(report, "file")),
    ("header_json", |report| {
        report
            .get("headers")
            .map_or_else(|| "{}".into(), Value::to_string)
    }),
    ("http_code", |report| {
        format!("{:03}", number(report, "status"))
    }),
    ("http_version", version),
    ("json", Report::line),
    ("method", |report| {
        let method = report.way.method.as_ref();
        method.map_or_else(String::new, ToString::to_string)
    }),
    ("num_connects", |report| report.way.connections.to_string()),
    ("num_redirects", |report| {
        let redirects = report.get("redirects").and_then(Value::as_array);
        redirects.map_or(0, Vec::len).to_string()
    }),
    ("num_retries", |report| {
        number(report, "repetitions").to_string()
    }),
    ("redirect_url", points_to),
    ("remote_ip", |report| {
        peer(report).map_or_else(String::new, |peer| peer.ip().to_string())
    }),
    ("remote_port", |report| {
        peer(report).map_or(0, |peer| peer.port()).to_string()
    }),
    ("response_code", |report| {
        format!("{:03}", number(report, "status"))
    }),
    ("scheme", |report| {
        let address = effective(report);
        let scheme = address.split_once("://").map(|(scheme, _)| scheme);
        scheme.unwrap_or_default().to_owned()
    }),
    ("size_download", |report| size(report).to_string()),
    ("size_upload", |report| report.way.sent.to_string()),
    ("speed_download", |report| {
        let rate = size(report) as f64 / report.whole.as_secs_f64().max(f64::MIN_POSITIVE);
        format!("{rate:.0}")
    }),
    ("time_appconnect", |report| {
        seconds(report.way.times.secured)
    }),
    ("time_connect", |report| seconds(report.way.times.connected)),
    ("time_namelookup", |report| {
        seconds(report.way.times.resolved)
    }),
    ("time_pretransfer", |report| seconds(report.way.times.asked)),
    ("time_redirect", |report| {
        seconds(report.way.times.redirected)
    }),
    ("time_starttransfer", |report| {
        seconds(report.way.times.answered)
    }),
    ("time_total", |report| seconds(Some(report.whole))),
    ("url", |report| text(report, "url")),
    ("url_effective", effective),
];

impl Format {
    /// Reads a format, or the file of one that is named behind `@`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and as [`read`](Self::read).
    pub fn of_argument(said: &str) -> Result<Self, Failure> {
        let format = content::said(said, false)?;
        Format::read(&String::from_utf8_lossy(&format))
    }

    /// Reads a format: `%{WORD}`, `%header{NAME}`, `%%`, and `\n`, `\r`, `\t` and `\\`; everything else is itself.
    ///
    /// # Errors
    ///
    /// Wrong usage: a word that there is not, with those that there are.
    pub fn read(format: &str) -> Result<Self, Failure> {
        let mut pieces = Vec::new();
        let mut rest = format;
        while let Some(at) = rest.find(['%', '\\']) {
            let (before, sign) = rest.split_at(at);
            pieces.push(Piece::Text(before.to_owned()));
            let (piece, behind) = match sign.as_bytes() {
                [b'%', b'{', ..] => {
                    let (word, behind) = braced(&sign[1..])?;
                    (Piece::Word(known(word)?), behind)
                }
                _ if sign.starts_with("%header{") => {
                    let (name, behind) = braced(&sign["%header".len()..])?;
                    (Piece::Header(name.to_ascii_lowercase()), behind)
                }
                [b'%', b'%', ..] => (Piece::Text("%".into()), &sign[2..]),
                [b'\\', b'n', ..] => (Piece::Text("\n".into()), &sign[2..]),
                [b'\\', b'r', ..] => (Piece::Text("\r".into()), &sign[2..]),
                [b'\\', b't', ..] => (Piece::Text("\t".into()), &sign[2..]),
                [b'\\', b'\\', ..] => (Piece::Text("\\".into()), &sign[2..]),
                _ => (Piece::Text(sign[..1].to_owned()), &sign[1..]),
            };
            pieces.push(piece);
            rest = behind;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Format(pieces))
    }

    /// What is written of a URL.
    pub fn of(&self, report: &Report) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Word(word) => word(report),
            Piece::Header(name) => first_header(report, name),
        });
        pieces.collect()
    }
}

/// What stands between braces at the front, and what is behind them.
fn braced(text: &str) -> Result<(&str, &str), Failure> {
    let inner = text[1..].split_once('}');
    inner.ok_or_else(|| {
        Failure::usage("-w has a { without its }; write %{http_code}, or %% for a %")
    })
}

fn known(word: &str) -> Result<Word, Failure> {
    let found = WORDS.iter().find(|(name, _)| *name == word);
    found.map(|(_, word)| *word).ok_or_else(|| {
        let words: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
        Failure::usage(format!(
            "-w does not know %{{{word}}}; there are {}, and %header{{NAME}}",
            words.join(", ")
        ))
    })
}

fn text(report: &Report, name: &str) -> String {
    let value = report.get(name).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

fn number(report: &Report, name: &str) -> u64 {
    report.get(name).and_then(Value::as_u64).unwrap_or(0)
}

fn first_header(report: &Report, name: &str) -> String {
    let values = report.get("headers").and_then(|headers| headers.get(name));
    let first = values.and_then(|values| values.get(0)?.as_str());
    first.unwrap_or_default().to_owned()
}

/// What was asked for at last; what was to be asked for, if there was no answer.
fn effective(report: &Report) -> String {
    match report.get("address") {
        Some(_) => text(report, "address"),
        None => text(report, "url"),
    }
}

/// Where the last answer points to, if that was not followed; as `url_effective`, without a name and a password.
fn points_to(report: &Report) -> String {
    let is_redirection = (300..400).contains(&number(report, "status"));
    let location = first_header(report, "location");
    if !is_redirection || location.is_empty() || report.way.is_followed {
        return String::new();
    }
    let base = Url::parse(&effective(report));
    let Ok(mut there) = base.and_then(|base| base.join(&location)) else {
        return String::new();
    };
    // Neither fails where there is a host; what has none has no password.
    let _ = there.set_username("");
    let _ = there.set_password(None);
    there.into()
}

/// As curl has it: `1.1`, `2`, and `0` where there was no answer.
fn version(report: &Report) -> String {
    let version = text(report, "version");
    let number = version.trim_start_matches("HTTP/").trim_end_matches(".0");
    match number {
        "" => "0".into(),
        "1" => "1.0".into(),
        number => number.to_owned(),
    }
}

fn peer(report: &Report) -> Option<SocketAddr> {
    report.way.peer.as_ref()?.inet()
}

/// How many bytes of the body came now.
fn size(report: &Report) -> u64 {
    match report.get("transferred") {
        Some(_) => number(report, "transferred"),
        None => number(report, "bytes"),
    }
}

/// Millionths of seconds, as curl has them.
fn seconds(time: Option<Duration>) -> String {
    format!("{:.6}", time.unwrap_or_default().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use http::Method;
    use lariat_protocol::Address;

    use super::super::way::{Times, Way};
    use super::*;

    fn written(format: &str) -> String {
        let mut report = Report::of("http://a.example/x");
        report.set("status", 200);
        report.set("version", "HTTP/2.0");
        report.set("address", "https://b.example/y");
        report.set("redirects", vec!["http://a.example/x"]);
        report.set("bytes", 6000);
        report.set(
            "headers",
            json!({"content-type": ["text/plain"], "x-a": ["b", "c"]}),
        );
        report.took(Duration::from_millis(1500));
        report.led(Way {
            peer: Some(Address::Inet(([0, 0, 0, 0, 0, 0, 0, 1], 443).into())),
            method: Some(Method::GET),
            connections: 1,
            sent: 12,
            times: Times {
                connected: Some(Duration::from_micros(1234)),
                ..Times::default()
            },
            ..Way::default()
        });
        Format::read(format).expect("a format").of(&report)
    }

    #[test]
    fn words_stand_for_what_came() {
        for (format, said) in [
            ("%{http_code}\\n", "200\n"),
            (
                "%{url} -> %{url_effective}",
                "http://a.example/x -> https://b.example/y",
            ),
            ("%{num_redirects} %{num_retries}", "1 0"),
            (
                "%{remote_ip} %{remote_port} %{scheme} %{http_version}",
                "::1 443 https 2",
            ),
            (
                "%{content_type}, %header{X-A}, %header{x-b}",
                "text/plain, b, ",
            ),
            (
                "%{size_download} %{speed_download} %{size_upload}",
                "6000 4000 12",
            ),
            (
                "%{method} %{num_connects} %{time_redirect}",
                "GET 1 0.000000",
            ),
            (
                "%{header_json}",
                r#"{"content-type":["text/plain"],"x-a":["b","c"]}"#,
            ),
            ("%{time_total} %{time_connect}", "1.500000 0.001234"),
            ("%{exitcode}[%{errormsg}][%{filename_effective}]", "0[][]"),
            ("100%% of\\tthis\\\\ % \\x%", "100% of\tthis\\ % \\x%"),
            ("", ""),
        ] {
            assert_eq!(written(format), said, "{format}");
        }
    }

    #[test]
    fn a_redirection_leads_somewhere_unless_it_was_followed() {
        for (status, location, is_followed, there) in [
            (302, "/c?d", false, "https://b.example/c?d"),
            (308, "//me:secret@c.example/", false, "https://c.example/"),
            (302, "/c", true, ""),
            (201, "/c", false, ""),
            (302, "http://[", false, ""),
        ] {
            let mut report = Report::of("http://a.example/x");
            report.set("address", "https://b.example/y");
            report.set("status", status);
            report.set("headers", json!({"location": [location]}));
            report.led(Way {
                is_followed,
                ..Way::default()
            });
            let format = Format::read("%{redirect_url}").expect("a format");
            assert_eq!(format.of(&report), there, "{status} {location}");
        }
    }

    #[test]
    fn what_has_no_answer_has_words_too() {
        let mut report = Report::of("http://a.example/x");
        report.failed(&Failure::new("it is not there").with_code(7));
        let format =
            "%{http_code} %{url_effective} %{http_version} %{exitcode} %{errormsg} %{remote_ip}.";
        let written = Format::read(format).expect("a format").of(&report);
        assert_eq!(written, "000 http://a.example/x 0 7 it is not there .");
    }

    #[test]
    fn a_word_that_there_is_not_is_told_with_those_that_there_are() {
        for (format, words) in [
            (
                "%{http_cod}",
                "does not know %{http_cod}; there are content_type, ",
            ),
            ("%{}", "%{url_effective"),
            ("%{http_code", "a { without its }"),
            ("%header{a", "a { without its }"),
        ] {
            let failure = Format::read(format).map(|_| ()).expect_err(format);
            let told = failure.message().unwrap_or_default();
            assert!(told.contains(words.trim_start_matches("%{")), "{told}");
        }
    }
}
