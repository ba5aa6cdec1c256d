//! A look at a peer's first bytes, to tell plain text from TLS.
//!
//! TLS libraries wait for the five bytes of a record's header and then speak
//! of an invalid content type. A person who types `hi` at a TLS port, or a
//! client that meets a mail server's greeting, is told at once what happened.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a peer sent in place of TLS, as the cause inside an [`io::Error`].
#[derive(Clone, Debug)]
pub(crate) struct NotTls {
    /// The start of its first line, quoted and escaped; none if it was not text.
    pub(crate) opening: Option<String>,
}

impl fmt::Display for NotTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the first byte does not begin a TLS record")
    }
}

impl Error for NotTls {}

/// A stream whose first byte read must begin a TLS record.
#[derive(Debug)]
pub(crate) struct Opening<S> {
    stream: S,
    checked: bool,
}

impl<S> Opening<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            checked: false,
        }
    }

    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }

    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        if !self.checked && buf.filled().len() > before {
            self.checked = true;
            check(&buf.filled()[before..])?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// RFC 8446, 5.1: the types of record are 20 (change_cipher_spec), 21 (alert),
/// 22 (handshake) and 23 (application_data); none of them is a character that
/// a text begins with.
fn check(bytes: &[u8]) -> io::Result<()> {
    match bytes.first() {
        None | Some(20..=23) => Ok(()),
        Some(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            NotTls {
                opening: quote(bytes),
            },
        )),
    }
}

/// The first line, or its first 40 characters, if it is text.
fn quote(bytes: &[u8]) -> Option<String> {
    const SHOWN: usize = 40;

    let line = bytes.split(|byte| b"\r\n".contains(byte)).next()?;
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        // A character may have been cut in two at the end of what has arrived.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&line[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.contains(|character: char| character.is_control() && character != '\t') {
        return None;
    }
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Some(format!("\"{}\"", shown.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_and_the_rest_is_not() {
        assert_eq!(quote(b"hi\r\nthere").as_deref(), Some("\"hi\""));
        assert_eq!(quote(b"say \"x\"").as_deref(), Some("\"say \\\"x\\\"\""));
        assert_eq!(quote("é".as_bytes()).as_deref(), Some("\"é\""));
        assert_eq!(quote(&"aé".as_bytes()[..2]).as_deref(), Some("\"a\""));
        assert_eq!(quote(b"\x80\x2e\x01\x03\x00"), None);
        assert_eq!(quote(b"a\x1b[2J"), None);
        let long = quote(&[b'x'; 200]);
        assert_eq!(long, Some(format!("\"{}…\"", "x".repeat(40))));
    }

    #[test]
    fn only_a_record_type_passes() {
        for byte in 0..=255u8 {
            assert_eq!(check(&[byte]).is_ok(), (20..=23).contains(&byte), "{byte}");
        }
        assert!(check(b"").is_ok());
    }
}
