//! A connection to the small web server: requests and their answers, one after the other.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;

use super::request::Heard;
use super::{File, Shared, WebFault};

/// When every file was changed, and when it is now.
const CHANGED: &str = "Sat, 17 Jun 2006 17:27:21 GMT";
const NOW: &str = "Sat, 17 Jun 2006 17:30:00 GMT";

/// What is sent back.
struct Answer {
    status: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: &str, body: impl Into<Vec<u8>>) -> Self {
        Answer {
            status: status.to_owned(),
            headers: vec![("Date".into(), NOW.into())],
            body: body.into(),
        }
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        head.into_bytes()
    }
}

/// Answers requests until there are no more.
pub(super) fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(heard) = Heard::read(&mut reader)? {
        let path = heard.path().to_owned();
        let answer = answer(&heard, shared);
        let is_head = heard.method == "HEAD";
        shared.heard().push(heard);
        let sent = match shared.fault(&path) {
            None => answer.body.len(),
            Some(WebFault::BreaksOff(length) | WebFault::Stalls(length)) if is_head => length,
            Some(WebFault::BreaksOff(length)) => {
                stream.write_all(&answer.head())?;
                return stream.write_all(&answer.body[..length]);
            }
            Some(WebFault::Stalls(length)) => {
                stream.write_all(&answer.head())?;
                stream.write_all(&answer.body[..length])?;
                return wait_for_end(&mut reader);
            }
            Some(WebFault::Says(bytes)) => return stream.write_all(&bytes),
            Some(WebFault::Silent) => return wait_for_end(&mut reader),
            Some(WebFault::HangsUp) => return Ok(()),
        };
        stream.write_all(&answer.head())?;
        if !is_head {
            stream.write_all(&answer.body[..sent])?;
        }
    }
    Ok(())
}

/// Waits until the client has gone.
fn wait_for_end(reader: &mut impl Read) -> io::Result<()> {
    io::copy(reader, &mut io::sink()).map(drop)
}

fn answer(heard: &Heard, shared: &Shared) -> Answer {
    let path = heard.path();
    match heard.method.as_str() {
        "PUT" => {
            shared.put(path, heard.body.clone());
            Answer::new("201 Created", "")
        }
        "GET" | "HEAD" => match shared.files().get(path) {
            Some(file) => file_answer(heard, file, shared),
            None => {
                Answer::new("404 Not Found", "nothing here\n").with("Content-Type", "text/plain")
            }
        },
        method => {
            let kind = heard.header("content-type").unwrap_or_default();
            let length = heard.body.len();
            let text = format!(r#"{{"method":"{method}","type":"{kind}","bytes":{length}}}"#);
            Answer::new("200 OK", text).with("Content-Type", "application/json")
        }
    }
}

fn file_answer(heard: &Heard, file: &File, shared: &Shared) -> Answer {
    let tag = format!("\"{}\"", file.version);
    let described = |answer: Answer| {
        let mut answer = answer;
        if !shared.lacks_tags.load(Ordering::Acquire) {
            answer = answer.with("ETag", &tag);
        }
        if !shared.lacks_times.load(Ordering::Acquire) {
            answer = answer.with("Last-Modified", CHANGED);
        }
        for (name, value) in &file.headers {
            answer = answer.with(name, value);
        }
        answer
    };
    if let Some(status) = file.status {
        return described(Answer::new(status, file.content.clone()));
    }
    let condition = heard.header("if-range");
    let is_same = condition.is_none_or(|known| known == tag || known == CHANGED);
    let has_ranges = !shared.lacks_ranges.load(Ordering::Acquire);
    let all = file.content.len();
    match heard.header("range").filter(|_| is_same && has_ranges) {
        None => described(Answer::new("200 OK", file.content.clone())),
        Some(range) => match bounds(range, all) {
            Some((first, last)) => {
                let part = file.content[first..=last].to_vec();
                let range = format!("bytes {first}-{last}/{all}");
                described(Answer::new("206 Partial Content", part)).with("Content-Range", range)
            }
            None => {
                let answer = Answer::new("416 Range Not Satisfiable", "");
                described(answer).with("Content-Range", format!("bytes */{all}"))
            }
        },
    }
}

/// The first and the last byte of `bytes=5-`, `bytes=0-4` or `bytes=-5`.
fn bounds(range: &str, all: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (first, last) = match (first.parse().ok(), last.parse::<usize>().ok()) {
        (Some(first), last) => (first, last.unwrap_or(usize::MAX)),
        (None, Some(length)) => (all.saturating_sub(length), usize::MAX),
        (None, None) => return None,
    };
    let last = last.min(all.checked_sub(1)?);
    (first <= last).then_some((first, last))
}
