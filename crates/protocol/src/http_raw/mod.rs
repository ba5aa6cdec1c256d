//! HTTP/1.1 by hand (RFC 9112): one `GET`, and the answer to its last byte.
//!
//! [`request`] writes the request, and [`ResponseReader`] reads what comes: the header to its empty
//! line, and the body by its length, by its chunks, or to the end of the connection. It knows
//! no second request on a connection, no compression and no redirection; whole clients are built on
//! whole libraries.

mod body;
#[doc(hidden)]
pub mod check;
mod header;
mod response;

pub use header::Header;
pub use response::{MAXIMUM_HEADER, ResponseReader};

use crate::contract::Error;

/// A request for a target on a host, after whose answer the server closes. The target is a path
/// with a `/` at the front and maybe a query; what a request line cannot have in it is
/// percent-encoded (RFC 3986, 2.1).
///
/// ```
/// use lariat_protocol::http_raw::request;
///
/// let request = request("example.org", "/a b").expect("a good one");
/// assert!(request.starts_with(b"GET /a%20b HTTP/1.1\r\nHost: example.org\r\n"));
/// assert!(request.ends_with(b"\r\n\r\n"));
/// ```
///
/// # Errors
///
/// [`Error::Misuse`] if the host or the target cannot be one.
pub fn request(host: &str, target: &str) -> Result<Vec<u8>, Error> {
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::misuse(format!(
            "{host:?} is no host that a request can name"
        )));
    }
    if !target.starts_with('/') {
        return Err(Error::misuse(format!(
            "the path {target:?} is to begin with a /"
        )));
    }
    if target.contains('#') {
        return Err(Error::misuse(
            "a request has no fragment; write \"#\" as %23",
        ));
    }
    let target = encoded(target);
    let agent = concat!("lariat/", env!("CARGO_PKG_VERSION"));
    let text = format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
         Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    );
    Ok(text.into_bytes())
}

fn encoded(target: &str) -> String {
    let mut text = String::with_capacity(target.len());
    for byte in target.bytes() {
        match byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            true => text.push(char::from(byte)),
            false => text += &format!("%{byte:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_request_can_have_in_it_is_encoded_or_told() {
        assert_eq!(encoded("/ü?a=b%20&c\r\n\""), "/%C3%BC?a=b%20&c%0D%0A%22");
        for (host, target) in [
            ("", "/"),
            ("a b", "/"),
            ("a\r\nx", "/"),
            ("a", "x"),
            ("a", "/#b"),
        ] {
            assert!(request(host, target).is_err(), "{host:?} {target:?}");
        }
    }
}
