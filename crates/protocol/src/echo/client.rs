//! The client's side: what was sent must come back, and nothing else.

use std::collections::VecDeque;

use crate::contract::Error;

/// What was sent to an echo server on a stream and has not come back yet.
///
/// ```
/// use lariat_protocol::echo::EchoClient;
///
/// let mut client = EchoClient::default();
/// client.sent(b"hello");
/// client.data_received(b"he").expect("what was sent");
/// assert_eq!(client.outstanding(), 3);
/// assert!(client.data_received(b"lp").is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct EchoClient {
    outstanding: VecDeque<u8>,
    returned: u64,
}

impl EchoClient {
    /// Takes note of bytes that were sent. They are kept until they come back, so who sends
    /// much looks at [`outstanding`](Self::outstanding) before sending on.
    pub fn sent(&mut self, data: &[u8]) {
        self.outstanding.extend(data);
    }

    /// Compares bytes that came with those that were sent.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] at the first byte that is another one, [`Error::Unexpected`] at the
    /// first that was never sent.
    pub fn data_received(&mut self, data: &[u8]) -> Result<(), Error> {
        for byte in data {
            let at = self.returned;
            match self.outstanding.front() {
                Some(sent) if sent == byte => {
                    self.outstanding.pop_front();
                    self.returned += 1;
                }
                Some(sent) => {
                    return Err(Error::invalid(format!(
                        "byte {at} came back as {byte:#04x}, and was sent as {sent:#04x}"
                    )));
                }
                None => {
                    return Err(Error::unexpected(format!(
                        "more came back than the {at} bytes that were sent"
                    )));
                }
            }
        }
        Ok(())
    }

    /// How many bytes have not come back.
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// How many bytes have come back.
    pub fn returned(&self) -> u64 {
        self.returned
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_comes_back_changed_or_unasked_is_refused_and_named() {
        let mut client = EchoClient::default();
        client.sent(b"abc");
        client.sent(b"def");
        client.data_received(b"abcd").unwrap();
        assert_eq!((client.outstanding(), client.returned()), (2, 4));
        let error = client.data_received(b"eX").unwrap_err().to_string();
        assert!(
            error.contains("byte 5 came back as 0x58, and was sent as 0x66"),
            "{error}"
        );
        let mut client = EchoClient::default();
        client.sent(b"a");
        let error = client.data_received(b"aa").unwrap_err();
        assert!(matches!(error, Error::Unexpected(_)), "{error}");
    }
}
