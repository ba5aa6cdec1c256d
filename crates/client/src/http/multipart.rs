//! Forms with files: `multipart/form-data` (RFC 7578), with names quoted as browsers do it.

use std::fmt;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use http::HeaderValue;

use super::Body;
use super::pieces::{Piece, Sending, Watch};
use crate::part::LocalError;

/// What a file is whose type nobody knows.
const ANY_BYTES: &str = "application/octet-stream";

/// A field of a form with files: text, or bytes, or a file of this machine.
///
/// ```
/// use lariat_client::http::Field;
///
/// let table = Field::bytes("a;b\n").named("table.csv").typed("text/csv")?;
/// # Ok::<(), lariat_client::http::FieldError>(())
/// ```
#[derive(Clone)]
pub struct Field {
    content: Piece,
    file_name: Option<String>,
    content_type: Option<HeaderValue>,
}

/// Why something cannot be a field of a form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// The file cannot be sent.
    #[error("{what}: {error}")]
    Local {
        /// Such as `cannot send notes.txt`.
        what: String,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
    /// A type with a line's end in it, or with nothing, would be another header.
    #[error("{0:?} is no type of a file; write one such as text/plain")]
    Type(String),
}

impl From<LocalError> for FieldError {
    fn from(LocalError { what, error }: LocalError) -> Self {
        FieldError::Local { what, error }
    }
}

impl Field {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Field::bytes(text.into())
    }

    /// Bytes, which a server takes for a file if they are [named](Self::named).
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Field {
            content: Piece::Memory(bytes.into()),
            file_name: None,
            content_type: None,
        }
    }

    /// A file of this machine, under its own name, and with the type that files of such names have. It is opened and
    /// read when it is sent, and must then be as long as it is now. What is there and no file, as a pipe, is read to its
    /// end, which can be done once only.
    ///
    /// # Errors
    ///
    /// When it cannot be looked at, or is a folder.
    pub fn file(path: &Path) -> Result<Self, FieldError> {
        let name = path.file_name().unwrap_or_default();
        let guessed = mime_guess::from_path(path).first_or_octet_stream();
        let content_type = HeaderValue::from_str(guessed.essence_str());
        Ok(Field {
            content: Piece::file(path)?,
            file_name: Some(name.to_string_lossy().into_owned()),
            content_type: content_type.ok(),
        })
    }

    /// The content of a file of this machine as a field of text: without a name and a type.
    ///
    /// # Errors
    ///
    /// As [`file`](Self::file).
    pub fn text_of_file(path: &Path) -> Result<Self, FieldError> {
        Ok(Field {
            content: Piece::file(path)?,
            file_name: None,
            content_type: None,
        })
    }

    /// What blocks whoever reads it, as standard input: it is read by a thread of its own as it is sent, which can be done once only.
    ///
    /// ```
    /// use lariat_client::http::{Field, Multipart};
    ///
    /// let form = Multipart::new().field("log", Field::blocking_reader(std::io::stdin()).named("log.txt"));
    /// assert_eq!(form.length(), None);
    /// ```
    pub fn blocking_reader(reader: impl Read + Send + 'static) -> Self {
        Field {
            content: Piece::reader(reader),
            file_name: None,
            content_type: None,
        }
    }

    /// The same as a file of this name.
    #[must_use]
    pub fn named(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = Some(file_name.into());
        self
    }

    /// The same with this type, such as `text/csv; charset=utf-8`.
    ///
    /// # Errors
    ///
    /// When it is empty or no header's value.
    pub fn typed(mut self, content_type: &str) -> Result<Self, FieldError> {
        let wrong = || FieldError::Type(content_type.to_owned());
        let is_some = !content_type.trim().is_empty();
        let value = HeaderValue::from_str(content_type).ok().filter(|_| is_some);
        self.content_type = Some(value.ok_or_else(wrong)?);
        Ok(self)
    }

    fn head(&self, name: &str) -> Vec<u8> {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(name));
        if let Some(file_name) = &self.file_name {
            head.push_str(&format!("; filename=\"{}\"", quoted(file_name)));
        }
        let mut head = head.into_bytes();
        let any = HeaderValue::from_static(ANY_BYTES);
        let of_file = self.file_name.is_some().then_some(&any);
        if let Some(content_type) = self.content_type.as_ref().or(of_file) {
            head.extend_from_slice(b"\r\nContent-Type: ");
            head.extend_from_slice(content_type.as_bytes());
        }
        head.extend_from_slice(b"\r\n\r\n");
        head
    }
}

/// A name between quotes, as the standard of browsers writes it (WHATWG HTML, 4.10.21.8): UTF-8 as it is, and what
/// would end the name or the line percent-encoded.
fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '"' => quoted.push_str("%22"),
            '\r' => quoted.push_str("%0D"),
            '\n' => quoted.push_str("%0A"),
            other => quoted.push(other),
        }
    }
    quoted
}

/// A form with files. Its length is known before it is sent, unless a pipe or a reader is among its fields, and its files are read while
/// it is.
///
/// ```
/// use lariat_client::http::{Field, Multipart};
///
/// let form = Multipart::with_boundary("limit")
///     .field("title", Field::text("A rope"))
///     .field("table", Field::bytes("a;b\n").named("table.csv"));
/// assert_eq!(form.content_type(), "multipart/form-data; boundary=limit");
/// assert_eq!(form.length(), Some(201));
/// ```
#[derive(Clone)]
pub struct Multipart {
    boundary: String,
    pieces: Vec<Piece>,
    watch: Option<Watch>,
}

impl Multipart {
    /// A form without fields, whose boundary nobody can know beforehand, so that nothing of what is sent can end a
    /// field.
    pub fn new() -> Self {
        let mut random = [0; 16];
        // A system without randomness has a boundary that is only unlikely.
        if getrandom::fill(&mut random).is_err() {
            fastrand::fill(&mut random);
        }
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Multipart::with_boundary(format!("lariat-{digits}"))
    }

    /// A form with this boundary, which must be made of letters, digits and hyphens, and stand in nothing that
    /// is sent.
    pub fn with_boundary(boundary: impl Into<String>) -> Self {
        Multipart {
            boundary: boundary.into(),
            pieces: Vec::new(),
            watch: None,
        }
    }

    /// The same with a field more. Several may have one name.
    #[must_use]
    pub fn field(mut self, name: &str, field: Field) -> Self {
        let mut head = format!("--{}\r\n", self.boundary).into_bytes();
        head.extend_from_slice(&field.head(name));
        self.pieces.push(Piece::Memory(head.into()));
        self.pieces.push(field.content);
        self.pieces.push(Piece::Memory("\r\n".into()));
        self
    }

    /// The same, and this is told how much of it has been taken to be sent, and how much there is, if that is known.
    #[must_use]
    pub fn watched(mut self, watch: impl Fn(u64, Option<u64>) + Send + Sync + 'static) -> Self {
        self.watch = Some(std::sync::Arc::new(watch));
        self
    }

    /// The header that says how it is to be read: `multipart/form-data; boundary=…`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// How many bytes it has; nothing with a pipe or a reader among its fields.
    pub fn length(&self) -> Option<u64> {
        let pieces: Option<u64> = self.pieces.iter().map(Piece::length).sum();
        Some(pieces? + self.end().len() as u64)
    }

    fn end(&self) -> String {
        format!("--{}--\r\n", self.boundary)
    }

    /// It, to be sent.
    pub(super) fn sending(&self) -> Sending {
        let end = Piece::Memory(self.end().into());
        let pieces = self.pieces.iter().cloned();
        Sending::new(pieces.chain([end]), self.watch.clone())
    }
}

/// It is read from the disk anew each time that it is sent; with a pipe or a reader among its fields it can be sent once only.
impl From<Multipart> for Body {
    fn from(form: Multipart) -> Self {
        match form.length() {
            None => Body::stream(form.sending(), None),
            length => Body::repeatable(move || form.sending(), length),
        }
    }
}

impl Default for Multipart {
    fn default() -> Self {
        Multipart::new()
    }
}

/// Shows how long it is alone: forms have passwords in them.
impl fmt::Debug for Multipart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.length() {
            Some(length) => write!(out, "Multipart({length} bytes)"),
            None => write!(out, "Multipart"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use http_body::Body;

    use super::*;

    /// All bytes of a form, which must be as many as it says.
    fn bytes(form: &Multipart) -> String {
        let mut sending = form.sending();
        let mut all = Vec::new();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(frame)) = Pin::new(&mut sending).poll_frame(&mut context) {
            let frame = frame.expect("no error").into_data().expect("data");
            all.extend_from_slice(&frame);
        }
        assert_eq!(Some(all.len() as u64), form.length());
        String::from_utf8(all).expect("text")
    }

    #[test]
    fn fields_and_files_are_written_as_browsers_write_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("größe \"1\".txt");
        std::fs::write(&path, "from the disk").expect("written");
        let form = Multipart::with_boundary("limit")
            .field("a\"\r\nb", Field::text("text"))
            .field("file", Field::file(&path).expect("a file"))
            .field("file", Field::bytes("x").named("b.x"))
            .field("inner", Field::text_of_file(&path).expect("a file"));
        let expected = "--limit\r\n\
             Content-Disposition: form-data; name=\"a%22%0D%0Ab\"\r\n\r\n\
             text\r\n\
             --limit\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"größe %221%22.txt\"\r\n\
             Content-Type: text/plain\r\n\r\n\
             from the disk\r\n\
             --limit\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"b.x\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\
             x\r\n\
             --limit\r\n\
             Content-Disposition: form-data; name=\"inner\"\r\n\r\n\
             from the disk\r\n\
             --limit--\r\n";
        assert_eq!(bytes(&form), expected);
        // It can be sent again, as behind a redirection.
        assert_eq!(bytes(&form), expected);
    }

    #[test]
    fn a_type_cannot_be_two_headers() {
        for wrong in ["", " ", "text/plain\r\nX: y", "a\0b"] {
            let error = Field::text("x").typed(wrong).err();
            assert!(matches!(error, Some(FieldError::Type(_))), "{wrong:?}");
        }
        let typed = Field::text("x").typed("text/csv; charset=utf-8");
        let form = Multipart::with_boundary("l").field("a", typed.expect("a type"));
        assert!(bytes(&form).contains("\r\nContent-Type: text/csv; charset=utf-8\r\n\r\nx\r\n"));
    }

    #[test]
    fn no_two_forms_have_one_boundary() {
        let (one, other) = (Multipart::new(), Multipart::new());
        assert_ne!(one.content_type(), other.content_type());
    }
}
