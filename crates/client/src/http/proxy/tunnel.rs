//! `CONNECT` (RFC 9110, section 9.3.6): a proxy of HTTP passes a connection on.

use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Proxy, ProxyFault};
use crate::http::event::{Event, Witness};
use crate::http::{Authentication, Error};

/// How much a proxy may say before the connection is passed on.
const ANSWER: usize = 16 * 1024;

/// Asks for a connection to a host and port, over which everything goes that follows. Who asks is what the request has
/// `said`, or else what is known of the proxy.
pub(in crate::http) async fn pass_on<S>(
    proxy: &Proxy,
    stream: &mut S,
    host_and_port: &str,
    said: Option<&HeaderValue>,
    witness: Option<&Witness>,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let failed = |fault, problem: String| Error::Proxy {
        proxy: proxy.to_string(),
        problem,
        fault,
    };
    let wrong = |problem| failed(ProxyFault::Broken, problem);
    let broke = |error: std::io::Error| wrong(format!("the connection broke: {error}"));
    let asking = said
        .cloned()
        .or(proxy.asking.as_ref().map(Authentication::header));
    if let Some(witness) = witness {
        tell_asked(witness, host_and_port, asking.as_ref());
    }
    let request = request(host_and_port, asking.as_ref());
    stream.write_all(&request).await.map_err(broke)?;
    stream.flush().await.map_err(broke)?;

    let mut answer = Vec::new();
    let end = loop {
        if let Some(end) = end_of_header(&answer) {
            break end;
        }
        if answer.len() >= ANSWER {
            return Err(wrong(format!(
                "its answer to CONNECT is longer than {ANSWER} bytes"
            )));
        }
        let mut piece = [0; 1024];
        match stream.read(&mut piece).await.map_err(broke)? {
            0 => {
                return Err(wrong(
                    "it closed the connection before it had answered CONNECT".into(),
                ));
            }
            length => answer.extend_from_slice(&piece[..length]),
        }
    };
    if let Some(witness) = witness {
        tell_head(witness, &answer[..end]);
    }
    let line = answer
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    match status(line) {
        // The server speaks when it has heard us: whatever stands here already is somebody else's.
        Some(200..=299) if answer.len() > end => Err(wrong(
            "it sent something before the server could have been asked".into(),
        )),
        Some(200..=299) => Ok(()),
        Some(407) => {
            let (fault, why) = match asking {
                Some(_) => (
                    ProxyFault::Refused,
                    "does not take the name and the password",
                ),
                None => (ProxyFault::WantsLogin, "wants a name and a password"),
            };
            Err(failed(fault, format!("it says {} and {why}", shown(line))))
        }
        Some(_) => Err(failed(
            ProxyFault::Refused,
            format!("it says {} to CONNECT {host_and_port}", shown(line)),
        )),
        None => Err(wrong(format!(
            "its answer to CONNECT is no HTTP: {:?}",
            shown(line)
        ))),
    }
}

fn request(host_and_port: &str, asking: Option<&HeaderValue>) -> Vec<u8> {
    let mut request =
        format!("CONNECT {host_and_port} HTTP/1.1\r\nHost: {host_and_port}\r\n").into_bytes();
    if let Some(asking) = asking {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(asking.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// Shows the same request to whoever wants to see it.
fn tell_asked(witness: &Witness, host_and_port: &str, asking: Option<&HeaderValue>) {
    let mut headers = HeaderMap::new();
    if let Ok(host) = HeaderValue::from_str(host_and_port) {
        headers.insert(HOST, host);
    }
    if let Some(asking) = asking {
        headers.insert(PROXY_AUTHORIZATION, asking.clone());
    }
    if let Ok(uri) = host_and_port.parse::<Uri>() {
        witness.tell(&Event::Asked {
            method: &Method::CONNECT,
            uri: &uri,
            version: Version::HTTP_11,
            headers: &headers,
        });
    }
}

/// Shows what the proxy has answered, as far as it is HTTP.
fn tell_head(witness: &Witness, head: &[u8]) {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let status = status(first.as_bytes()).and_then(|status| StatusCode::from_u16(status).ok());
    let Some(status) = status else { return };
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or_default();
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value.trim())) {
            headers.append(name, value);
        }
    }
    let version = match first.starts_with("HTTP/1.0") {
        true => Version::HTTP_10,
        false => Version::HTTP_11,
    };
    let reason = first.splitn(3, ' ').nth(2).unwrap_or_default();
    witness.tell_answered(version, status, Some(reason.as_bytes()), &headers);
}

/// Where the header ends; its lines may end by LF alone.
fn end_of_header(answer: &[u8]) -> Option<usize> {
    let mut line_begin = 0;
    for (at, byte) in answer.iter().enumerate() {
        if *byte == b'\n' {
            if matches!(&answer[line_begin..at], b"" | b"\r") {
                return Some(at + 1);
            }
            line_begin = at + 1;
        }
    }
    None
}

fn status(line: &[u8]) -> Option<u16> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let digits = rest.strip_prefix(b"0 ").or(rest.strip_prefix(b"1 "))?;
    let (digits, behind) = digits.split_at_checked(3)?;
    match behind.first() {
        None | Some(b' ' | b'\r') if digits.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(digits).ok()?.parse().ok()
        }
        _ => None,
    }
}

/// A line's beginning without what a terminal would obey.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let line = text.trim_end();
    let line = match line.split_once(' ') {
        Some((version, rest)) if version.starts_with("HTTP/") => rest,
        _ => line,
    };
    line.chars()
        .filter(|character| !character.is_control())
        .take(80)
        .collect()
}
