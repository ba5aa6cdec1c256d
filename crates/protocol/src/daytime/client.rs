//! The client's side: the answer is whatever comes before the end.

use crate::contract::Error;
use crate::daytime::MAXIMUM_ANSWER;

/// Gathers a server's answer, in whatever form it writes the time.
///
/// ```
/// use lariat_protocol::daytime::DaytimeClient;
///
/// let mut client = DaytimeClient::default();
/// client.data_received(b"Sat Jun 17 ").expect("short enough");
/// client.data_received(b"17:27:21 2006\r\n").expect("short enough");
/// assert_eq!(client.answer().expect("a time"), b"Sat Jun 17 17:27:21 2006");
/// ```
#[derive(Clone, Debug, Default)]
pub struct DaytimeClient(Vec<u8>);

impl DaytimeClient {
    /// Takes bytes that came.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] when they are more than [`MAXIMUM_ANSWER`] in all.
    pub fn data_received(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.0.len() + data.len() > MAXIMUM_ANSWER {
            return Err(Error::limit(format!(
                "the answer is longer than {MAXIMUM_ANSWER} bytes"
            )));
        }
        self.0.extend_from_slice(data);
        Ok(())
    }

    /// The answer without its line end, now that the server has ended, or that its datagram
    /// has come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when nothing came.
    pub fn answer(self) -> Result<Vec<u8>, Error> {
        let text = self.0.trim_ascii_end();
        match text.is_empty() {
            true => Err(Error::invalid("the server ended without a time")),
            false => Ok(text.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_answer_has_an_end_and_something_in_it() {
        let mut client = DaytimeClient::default();
        client.data_received(&[b'x'; MAXIMUM_ANSWER]).unwrap();
        let error = client.data_received(b"x").unwrap_err();
        assert!(matches!(error, Error::Limit(_)), "{error}");
        assert_eq!(client.answer().unwrap().len(), MAXIMUM_ANSWER);
        let mut blank = DaytimeClient::default();
        blank.data_received(b"\r\n").unwrap();
        assert!(blank.answer().is_err());
    }
}
