//! Where in its stream a WebSocket is, by the headers of its frames alone (RFC 6455 section
//! 5.2).
//!
//! It checks nothing: that is tungstenite's, which keeps to itself how much of a message has
//! come. Deadlines need to know.

/// Passes over what is read, from the first byte of the handshake on.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// How many bytes of the empty line behind the handshake have come.
    line: u8,
    /// What has come of a frame's header.
    header: [u8; 14],
    header_length: u8,
    /// How much of the frame is still to come behind its header.
    left: u64,
    in_message: bool,
    /// Bytes of messages that came since somebody asked.
    arrived: u64,
}

/// What ends the handshake's headers.
const EMPTY_LINE: &[u8; 4] = b"\r\n\r\n";

impl Frames {
    /// Takes note of what was read.
    pub(crate) fn pass(&mut self, mut data: &[u8]) {
        while let [byte, rest @ ..] = data {
            if self.line < EMPTY_LINE.len() as u8 {
                self.line = match *byte {
                    byte if byte == EMPTY_LINE[usize::from(self.line)] => self.line + 1,
                    b'\r' => 1,
                    _ => 0,
                };
                data = rest;
            } else if self.left > 0 {
                let passed = usize::try_from(self.left).map_or(data.len(), |n| n.min(data.len()));
                self.left -= passed as u64;
                if self.is_data() {
                    self.arrived += passed as u64;
                }
                data = &data[passed..];
                self.end_if_whole();
            } else {
                self.header[usize::from(self.header_length)] = *byte;
                self.header_length += 1;
                self.in_message |= self.is_data();
                data = rest;
                self.look_at_header();
            }
        }
    }

    /// Whether a message has begun, and is not whole; what controls the connection is none.
    pub(crate) fn is_in_message(&self) -> bool {
        self.in_message
    }

    /// How many bytes of messages came since this was asked last.
    pub(crate) fn take_arrived(&mut self) -> u64 {
        std::mem::take(&mut self.arrived)
    }

    fn is_data(&self) -> bool {
        self.header[0] & 0x0f < 8
    }

    fn look_at_header(&mut self) {
        if self.header_length < 2 {
            return;
        }
        let (masked, length) = (self.header[1] & 0x80 != 0, self.header[1] & 0x7f);
        let bytes = match length {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if masked { 4 } else { 0 };
        if usize::from(self.header_length) < 2 + bytes + mask {
            return;
        }
        let long = self.header[2..2 + bytes].iter();
        self.left = match bytes {
            0 => u64::from(length),
            _ => long.fold(0, |length, byte| length << 8 | u64::from(*byte)),
        };
        self.end_if_whole();
    }

    fn end_if_whole(&mut self) {
        if self.left == 0 {
            if self.is_data() && self.header[0] & 0x80 != 0 {
                self.in_message = false;
            }
            self.header_length = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn frame(first: u8, masked: bool, payload: &[u8]) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(mask | length as u8),
            length @ 126..65_536 => {
                frame.push(mask | 126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                frame.push(mask | 127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(if masked { &[1, 2, 3, 4] } else { &[] });
        frame.extend_from_slice(payload);
        frame
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nA: \r\r\nB: c\r\n\r\n";

    proptest! {
        /// However it is cut, it is within a message from the first byte of one to its last.
        #[test]
        fn it_knows_what_is_whole(
            messages in vec((vec(0..70_000usize, 1..3), any::<bool>(), any::<bool>()), 0..4),
            piece in 1..5000usize,
        ) {
            let mut frames = Frames::default();
            frames.pass(REQUEST);
            for (lengths, masked, pings) in messages {
                let (count, mut all) = (lengths.len(), Vec::new());
                for (index, length) in lengths.iter().enumerate() {
                    let first = if index == 0 { 1 } else { 0 };
                    let last = if index + 1 == count { 0x80 } else { 0 };
                    if pings {
                        all.extend(frame(0x89, masked, b"ping"));
                    }
                    all.extend(frame(first | last, masked, &vec![0; *length]));
                }
                let begin = if pings { frame(0x89, masked, b"ping").len() } else { 0 };
                for (index, byte) in all.iter().enumerate().take(begin + 20) {
                    prop_assert_eq!(frames.is_in_message(), index > begin && index < all.len());
                    frames.pass(&[*byte]);
                }
                for part in all[all.len().min(begin + 20)..].chunks(piece) {
                    prop_assert!(frames.is_in_message());
                    frames.pass(part);
                }
                prop_assert!(!frames.is_in_message());
                let sent: u64 = lengths.iter().map(|length| *length as u64).sum();
                prop_assert_eq!(frames.take_arrived(), sent);
            }
            frames.pass(&frame(0x89, true, b"ping"));
            prop_assert!(!frames.is_in_message());
            prop_assert_eq!(frames.take_arrived(), 0);
        }

        #[test]
        fn nothing_confuses_it_into_a_panic(pieces in vec(vec(any::<u8>(), 0..50), 0..50)) {
            let mut frames = Frames::default();
            frames.pass(REQUEST);
            pieces.iter().for_each(|piece| frames.pass(piece));
        }
    }
}
