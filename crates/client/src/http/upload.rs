//! A file of this machine as the body of a request.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::pieces::{Piece, Sending, Watch};
use super::{Body, Error};

impl Body {
    /// A file, which is read as it is sent, and must then be as long as it is now. `watch` is told how many bytes have
    /// been taken to be sent, and how many there are.
    ///
    /// ```no_run
    /// use lariat_client::http::{Body, Client, address};
    ///
    /// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
    /// let body = Body::file("notes.txt".as_ref(), |sent, all| println!("{sent} of {all}"))?;
    /// let request = http::Request::put(address("https://example.org/notes.txt")?).body(body)?;
    /// let response = Client::builder().build()?.send(request).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when it cannot be looked at, or is no file. [`Body::reader`] sends what is none.
    pub fn file(
        path: &Path,
        watch: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let piece = Piece::file(path).map_err(|error| Error::Source(io::Error::other(error)))?;
        let length = piece.length();
        let watch: Watch = Arc::new(watch);
        let make = move || Sending::new([piece.clone()], Some(Arc::clone(&watch)));
        Ok(Body::repeatable(make, Some(length)))
    }
}
