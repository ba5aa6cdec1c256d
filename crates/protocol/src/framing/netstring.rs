//! Netstrings: `5:hello,` — a decimal length, a colon, the bytes, a comma.
//!
//! After D. J. Bernstein's description: no leading zeros, no spaces, no sign.

use crate::contract::{Error, Transport};
use crate::framing::{Framing, WriteFrame};

/// Cuts a stream into netstrings of at most a maximum that the protocol must name.
#[derive(Clone, Debug)]
pub struct Netstring {
    maximum: usize,
}

impl Netstring {
    /// Netstrings of at most `maximum` bytes of content.
    pub fn new(maximum: usize) -> Self {
        Netstring { maximum }
    }

    /// The length before the colon, and how many bytes it and the colon take.
    fn length(&self, input: &[u8]) -> Result<Option<(usize, usize)>, Error> {
        let mut length = 0_usize;
        for (index, byte) in input.iter().enumerate() {
            match byte {
                b'0'..=b'9' if index == 1 && input[0] == b'0' => {
                    return Err(Error::invalid("a netstring's length has a leading zero"));
                }
                b'0'..=b'9' => {
                    let digit = usize::from(byte - b'0');
                    length = length.saturating_mul(10).saturating_add(digit);
                    if length > self.maximum {
                        let maximum = self.maximum;
                        return Err(Error::limit(format!(
                            "a netstring is longer than {maximum} bytes"
                        )));
                    }
                }
                b':' if index > 0 => return Ok(Some((length, index + 1))),
                _ => {
                    return Err(Error::invalid(
                        "a netstring does not begin with its length and a colon",
                    ));
                }
            }
        }
        Ok(None)
    }
}

impl Framing for Netstring {
    type Frame<'a> = &'a [u8];

    fn decode<'a>(&mut self, input: &'a [u8]) -> Result<(Option<&'a [u8]>, usize), Error> {
        let Some((length, start)) = self.length(input)? else {
            return Ok((None, 0));
        };
        let end = start.saturating_add(length);
        match input.get(end) {
            None => Ok((None, 0)),
            Some(b',') => Ok((Some(&input[start..end]), end + 1)),
            Some(_) => Err(Error::invalid("a netstring does not end with a comma")),
        }
    }
}

impl WriteFrame for Netstring {
    fn encode(&self, transport: &mut Transport, frame: &[u8]) -> Result<(), Error> {
        if frame.len() > self.maximum {
            return Err(Error::misuse("a netstring to be written is too long"));
        }
        let head = format!("{}:", frame.len());
        transport.write_parts(&[head.as_bytes(), frame, b","]);
        Ok(())
    }
}
