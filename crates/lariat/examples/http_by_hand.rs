//! Fetches a page by hand: the request line by line, the answer's header up to the empty line, and the body
//! by its length, by its chunks, or to the end of the connection.
//!
//! `cargo run -p lariat --example http_by_hand -- tcp://example.org:80 /` shows what is said on standard error and the
//! body on standard output; `tls://example.org:443` does the same by TLS. `lariat::client::http` does all of it, and what
//! is left out here: redirections, compression, deadlines, and limits to all that a server can send.

use std::io::{Error, Result, Write};
use std::process::ExitCode;

use lariat::{Connection, Endpoint};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

type Stream = BufReader<Connection>;

/// A line without its end, which is CRLF.
async fn line(stream: &mut Stream) -> Result<String> {
    let mut line = String::new();
    stream.take(64 * 1024).read_line(&mut line).await?;
    match line.strip_suffix('\n') {
        Some(whole) => Ok(whole.trim_end_matches('\r').to_owned()),
        None => Err(Error::other("a line is cut off, or longer than 64 KiB")),
    }
}

/// The lines up to the empty one, as names in lower case and values.
async fn header(stream: &mut Stream) -> Result<Vec<(String, String)>> {
    let (mut fields, mut next) = (Vec::new(), line(stream).await?);
    while !next.is_empty() {
        eprintln!("< {next}");
        let (name, value) = next.split_once(':').unwrap_or_default();
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        next = line(stream).await?;
    }
    Ok(fields)
}

/// So many bytes of the body to standard output, as a number says in this base, or all that come. Says how many.
async fn copy(stream: &mut Stream, number: Option<&str>, base: u32) -> Result<u64> {
    let length = number.map_or(Ok(u64::MAX), |number| u64::from_str_radix(number, base));
    let length = length.map_err(|_| Error::other(format!("{number:?} is no length")))?;
    let (mut left, mut piece) = (length, Vec::with_capacity(64 * 1024));
    while stream.take(left).read_buf(&mut piece).await? > 0 {
        std::io::stdout().write_all(&piece)?;
        left -= piece.len() as u64;
        piece.clear();
    }
    match number {
        Some(_) if left > 0 => Err(Error::other(format!("{left} bytes are missing"))),
        _ => Ok(length - left),
    }
}

async fn fetch(endpoint: &Endpoint, path: &str) -> Result<()> {
    let mut stream = BufReader::new(lariat::connect(endpoint).await.map_err(Error::other)?);
    let name = endpoint.host().map(ToString::to_string).unwrap_or_default();
    // The port belongs to it where it is not the one that everybody expects.
    let host = match (endpoint.is_tls(), endpoint.port()) {
        (_, None) | (false, Some(80)) | (true, Some(443)) => name,
        (_, Some(port)) => format!("{name}:{port}"),
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    request.lines().for_each(|line| eprintln!("> {line}"));

    eprintln!("< {}", line(&mut stream).await?);
    let fields = header(&mut stream).await?;
    let field = |name| fields.iter().find(|(found, _)| found == name);
    if field("transfer-encoding").is_none_or(|(_, coding)| coding != "chunked") {
        let length = field("content-length").map(|(_, length)| length.as_str());
        return copy(&mut stream, length, 10).await.map(drop);
    }
    // Each chunk has its length before it and CRLF behind it; behind one of length 0 are the trailers.
    loop {
        let begin = line(&mut stream).await?;
        let size = begin.split(';').next().unwrap_or_default().trim();
        if copy(&mut stream, Some(size), 16).await? == 0 {
            return header(&mut stream).await.map(drop);
        }
        eprintln!("a chunk of 0x{size} bytes");
        if !line(&mut stream).await?.is_empty() {
            return Err(Error::other("a chunk is longer than it says"));
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let endpoint = arguments.next().map(|text| text.parse::<Endpoint>());
    let (Some(Ok(endpoint)), Some(path)) = (endpoint, arguments.next()) else {
        eprintln!("usage: http_by_hand tcp://HOST:80 /PATH");
        return ExitCode::from(2);
    };
    let fetched = fetch(&endpoint, &path).await;
    let told = fetched.map_err(|error| eprintln!("{error}"));
    told.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
