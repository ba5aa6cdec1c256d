//! The client's side: four bytes are a time.

use crate::contract::Error;

/// Gathers a server's answer.
///
/// ```
/// use lariat_protocol::time::{TimeClient, nearest};
///
/// let mut client = TimeClient::default();
/// client.data_received(b"\xc8\x3e").expect("the beginning");
/// client.data_received(b"\xb9\xf9").expect("the rest");
/// let answer = client.answer().expect("a time");
/// assert_eq!(nearest(answer, 1_150_000_000), 1_150_565_241);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TimeClient(Vec<u8>);

impl TimeClient {
    /// Takes bytes that came.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when they are more than four in all.
    pub fn data_received(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.0.len() + data.len() > 4 {
            return Err(Error::invalid("a time is four bytes, and more came"));
        }
        self.0.extend_from_slice(data);
        Ok(())
    }

    /// The answer as it was sent, now that the server has ended, or that its datagram has
    /// come.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when fewer than four bytes came.
    pub fn answer(self) -> Result<[u8; 4], Error> {
        <[u8; 4]>::try_from(&self.0[..]).map_err(|_| {
            let came = self.0.len();
            Error::invalid(format!("a time is four bytes, and {came} came"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_time_is_four_bytes_no_more_and_no_less() {
        for length in 0..4 {
            let mut client = TimeClient::default();
            client.data_received(&[1; 4][..length]).unwrap();
            let error = client.answer().unwrap_err().to_string();
            assert!(error.ends_with(&format!("and {length} came")), "{error}");
        }
        let mut client = TimeClient::default();
        client.data_received(&[1; 4]).unwrap();
        assert!(client.data_received(&[1]).is_err());
        assert_eq!(client.answer().unwrap(), [1; 4]);
    }
}
