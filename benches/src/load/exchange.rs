//! One question on a connection and its answer, compared byte by byte.

use std::io;
use std::time::Duration;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::dial::Stream;

/// How long an answer may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a server is quiet when its first answer is whole.
const QUIET: Duration = Duration::from_millis(30);

/// What a question looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line.
    Line,
    /// A WebSocket text message.
    Frame,
    /// An HTTP request with a body that comes back.
    Post,
    /// An HTTP request behind which the server closes.
    GetAndClose,
}

impl Form {
    /// A question, and what of it the answer has in it.
    pub fn question(self, size: usize, index: usize) -> (Vec<u8>, Vec<u8>) {
        let text = format!("connection {index} ");
        let mut body: Vec<u8> = text
            .bytes()
            .chain((b'a'..=b'z').cycle())
            .take(size)
            .collect();
        let mut question = Vec::with_capacity(size + 200);
        match self {
            Form::Line => {
                if let Some(last) = body.last_mut() {
                    *last = b'\n';
                }
            }
            Form::Frame => {
                question.push(0x81);
                match u8::try_from(size) {
                    Ok(length @ 0..126) => question.push(0x80 | length),
                    _ => {
                        let length = u16::try_from(size).unwrap_or(u16::MAX);
                        question.push(0x80 | 126);
                        question.extend_from_slice(&length.to_be_bytes());
                    }
                }
                // A mask of zeros leaves the text as it is.
                question.extend_from_slice(&[0; 4]);
            }
            Form::Post => question.extend_from_slice(
                format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n")
                    .as_bytes(),
            ),
            Form::GetAndClose => {
                let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
                return (request.into(), b"\r\n\r\nok".to_vec());
            }
        }
        question.extend_from_slice(&body);
        (question, body)
    }
}

/// A connection with its question.
pub struct Exchange {
    stream: Box<dyn Stream>,
    question: Vec<u8>,
    body: Vec<u8>,
    answer: Vec<u8>,
    /// Where the body stands in the answer.
    at: usize,
}

impl Exchange {
    /// Asks once, and learns what answers look like.
    pub async fn first(
        mut stream: Box<dyn Stream>,
        form: Form,
        size: usize,
        index: usize,
    ) -> io::Result<Exchange> {
        let (question, body) = form.question(size, index);
        let (mut answer, at) = ask(&mut stream, &question, &body).await?;
        while let Ok(count) = timeout(QUIET, stream.read_buf(&mut answer)).await {
            if count? == 0 {
                return Err(ended());
            }
        }
        Ok(Exchange {
            stream,
            question,
            body,
            answer,
            at,
        })
    }

    /// Asks again.
    pub async fn again(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.question).await?;
        self.stream.flush().await?;
        let reading = self.stream.read_exact(&mut self.answer);
        timeout(PATIENCE, reading).await.map_err(|_| late())??;
        let body = self.answer.get(self.at..self.at + self.body.len());
        match body == Some(&self.body[..]) {
            true => Ok(()),
            false => Err(io::Error::other("an answer has another message")),
        }
    }
}

/// Asks and reads until the answer has the body in it. Returns it and where the body is.
pub async fn ask<S: Stream>(
    stream: &mut S,
    question: &[u8],
    body: &[u8],
) -> io::Result<(Vec<u8>, usize)> {
    stream.write_all(question).await?;
    stream.flush().await?;
    let mut answer = Vec::with_capacity(body.len() + 256);
    loop {
        let read = timeout(PATIENCE, stream.read_buf(&mut answer)).await;
        match read.map_err(|_| late())? {
            Ok(0) | Err(_) if !answer.is_empty() => return Err(refused(&answer)),
            Ok(0) => return Err(ended()),
            read => read?,
        };
        if let Some(at) = memmem::find(&answer, body) {
            return Ok((answer, at));
        }
    }
}

/// The server has closed behind other words than the answer.
fn refused(words: &[u8]) -> io::Error {
    let words = String::from_utf8_lossy(words).into_owned();
    io::Error::new(io::ErrorKind::ConnectionRefused, words)
}

fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "an answer did not come")
}

fn ended() -> io::Error {
    let words = "the server closed a connection";
    io::Error::new(io::ErrorKind::UnexpectedEof, words)
}
