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

/// The longest line and the longest piece of a body that are taken.
const LONGEST: u64 = 1 << 20;

type Stream = BufReader<Connection>;

/// A line without its end, which is CRLF.
async fn line(stream: &mut Stream) -> Result<String> {
    let mut line = String::new();
    stream.take(LONGEST).read_line(&mut line).await?;
    match line.strip_suffix('\n') {
        Some(whole) => Ok(whole.trim_end_matches('\r').to_owned()),
        None => Err(Error::other("the connection ended in the middle of a line")),
    }
}

/// The lines up to the empty one, as names in lower case and values.
async fn header(stream: &mut Stream) -> Result<Vec<(String, String)>> {
    let mut fields = Vec::new();
    loop {
        let next = line(stream).await?;
        if next.is_empty() {
            return Ok(fields);
        }
        eprintln!("< {next}");
        let (name, value) = next.split_once(':').unwrap_or_default();
        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// So many bytes of the body, written in this base, to standard output. Says how many these are.
async fn copy(stream: &mut Stream, number: &str, base: u32) -> Result<u64> {
    let length = match u64::from_str_radix(number, base) {
        Ok(length) if length <= LONGEST => length,
        _ => return Err(Error::other(format!("{number:?} is no length here"))),
    };
    let mut bytes = vec![0; usize::try_from(length).map_err(Error::other)?];
    stream.read_exact(&mut bytes).await?;
    std::io::stdout().write_all(&bytes)?;
    Ok(length)
}

async fn fetch(endpoint: &Endpoint, path: &str) -> Result<()> {
    let connection = lariat::connect(endpoint).await.map_err(Error::other)?;
    let host = endpoint.host().map(ToString::to_string).unwrap_or_default();
    let mut stream = BufReader::new(connection);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    request.lines().for_each(|line| eprintln!("> {line}"));

    eprintln!("< {}", line(&mut stream).await?);
    let fields = header(&mut stream).await?;
    let field = |name| fields.iter().find(|(found, _)| found == name);
    if field("transfer-encoding").is_some_and(|(_, coding)| coding == "chunked") {
        // Each with its length before it, up to one of length 0 and the trailers behind it.
        loop {
            let begin = line(&mut stream).await?;
            let size = begin.split(';').next().unwrap_or_default();
            if copy(&mut stream, size, 16).await? == 0 {
                return header(&mut stream).await.map(drop);
            }
            eprintln!("a chunk of 0x{size} bytes");
            line(&mut stream).await?;
        }
    } else if let Some((_, length)) = field("content-length") {
        copy(&mut stream, length, 10).await.map(drop)
    } else {
        let mut rest = Vec::new();
        stream.take(LONGEST).read_to_end(&mut rest).await?;
        std::io::stdout().write_all(&rest)
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
    if let Err(error) = fetch(&endpoint, &path).await {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
