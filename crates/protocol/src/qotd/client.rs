//! The client's side: the quote is whatever comes before the end.

use crate::contract::Error;
use crate::qotd::MAXIMUM_ANSWER;

/// Gathers a server's quote.
///
/// ```
/// use lariat_protocol::qotd::QotdClient;
///
/// let mut client = QotdClient::default();
/// client.data_received(b"Measure twice, ").expect("short enough");
/// client.data_received(b"cut once.\r\n").expect("short enough");
/// assert_eq!(client.answer().expect("a quote"), b"Measure twice, cut once.");
/// ```
#[derive(Clone, Debug, Default)]
pub struct QotdClient(Vec<u8>);

impl QotdClient {
    /// Takes bytes that came.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] when they are more than [`MAXIMUM_ANSWER`] in all.
    pub fn data_received(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.0.len() + data.len() > MAXIMUM_ANSWER {
            return Err(Error::limit(format!(
                "the quote is longer than {MAXIMUM_ANSWER} bytes"
            )));
        }
        self.0.extend_from_slice(data);
        Ok(())
    }

    /// The quote without its last line end, now that the server has ended, or that its datagram
    /// has come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when nothing came.
    pub fn answer(self) -> Result<Vec<u8>, Error> {
        let text = self.0.trim_ascii_end();
        match text.is_empty() {
            true => Err(Error::invalid("the server ended without a quote")),
            false => Ok(text.to_vec()),
        }
    }
}
