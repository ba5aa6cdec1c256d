//! A file or a pipe of this machine as the body of a request.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::pieces::{Piece, Sending, Watch};
use super::pipe::Pipe;
use super::{Body, Error};

impl Body {
    /// A file, which is read as it is sent, and must then be as long as it is now. `watch` is told how many bytes have
    /// been taken to be sent, and how many there are, if that is known: what is there and no file, as a pipe, is sent
    /// as it comes, and can be sent once only.
    ///
    /// ```no_run
    /// use lariat_client::http::{Body, Client, address};
    ///
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// let body = Body::file("notes.txt".as_ref(), |sent, all| println!("{sent} of {all:?}"))?;
    /// let request = http::Request::put(address("https://example.org/notes.txt")?).body(body)?;
    /// let response = Client::builder().build()?.send(request).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when it cannot be looked at, or is a folder.
    pub fn file(
        path: &Path,
        watch: impl Fn(u64, Option<u64>) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let piece = Piece::file(path).map_err(|error| Error::Source(io::Error::other(error)))?;
        let length = piece.length();
        let watch: Watch = Arc::new(watch);
        if length.is_none() {
            return Ok(Body::stream(Sending::new([piece], Some(watch)), None));
        }
        let make = move || Sending::new([piece.clone()], Some(Arc::clone(&watch)));
        Ok(Body::repeatable(make, length))
    }

    /// What blocks whoever reads it, as standard input: it is read by a thread of its own, which nothing waits for, and can
    /// be sent once only.
    ///
    /// ```no_run
    /// use lariat_client::http::Body;
    ///
    /// let body = Body::blocking_reader(std::io::stdin())?;
    /// # Ok::<(), lariat_client::http::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when the system gives no thread.
    pub fn blocking_reader(reader: impl Read + Send + 'static) -> Result<Self, Error> {
        let pipe = Pipe::of(reader).map_err(Error::Source)?;
        Ok(Body::stream(pipe, None))
    }
}
