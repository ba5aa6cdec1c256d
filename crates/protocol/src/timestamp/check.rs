//! The timestamp protocol against a few lines that say what it should do, as functions of bytes.
//!
//! The tests and the fuzz targets call them; nothing else has a use for them. The first
//! byte chooses the options, the second how many of the bytes behind it say where to cut,
//! and the rest is what comes over the wire.

use std::time::Duration;

use crate::contract::{Address, ConnectionInfo, Protocol, TimerId, Transport};
use crate::timestamp::client::LONGEST_ANSWER;
use crate::timestamp::{
    Answer, Ctime, Ending, MAXIMUM_LINE, Options, TimestampClient, TimestampServer,
};

const TIME: &Ctime = b"Sat Jun 17 17:27:21 2006";

/// Some bytes that come at once, and whether silence follows them.
type Piece = (Vec<u8>, bool);

/// The choice of options, and what comes over the wire, piece by piece.
fn take_apart(data: &[u8], pad: usize) -> Option<(u8, Vec<Piece>)> {
    let [choice, count, rest @ ..] = data else {
        return None;
    };
    let (lengths, wire) = rest.split_at_checked(usize::from(count % 16))?;
    let mut pieces = Vec::new();
    if choice & 128 != 0 {
        // So that the longest line is within the reach of short inputs.
        pieces.push((vec![b'x'; pad], false));
    }
    let mut lengths = lengths.iter().cycle();
    let mut rest = wire;
    while !rest.is_empty() {
        let length = lengths.next().copied().unwrap_or(u8::MAX >> 1);
        let silence = length & 128 != 0;
        let (piece, behind) = rest.split_at(usize::from(length & 127).clamp(1, rest.len()));
        pieces.push((piece.to_vec(), silence));
        rest = behind;
    }
    Some((*choice, pieces))
}

/// What a server should answer to: lines, and on a stream also what stands before a
/// silence or the end.
struct Expected {
    messages: Vec<Vec<u8>>,
    unfinished: Vec<u8>,
    options: Options,
    /// A line was too long, or the only request is answered.
    over: bool,
}

impl Expected {
    fn message(&mut self, message: Vec<u8>) {
        if !self.over {
            self.messages.push(message);
            self.over = self.options.one_request;
        }
    }

    fn arrives(&mut self, piece: &[u8]) {
        for byte in piece {
            self.unfinished.push(*byte);
            let line = &self.unfinished[..];
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let content = content.strip_suffix(b"\r").unwrap_or(content);
            self.over |= content.len() > MAXIMUM_LINE;
            if *byte == b'\n' {
                self.ends();
            }
        }
    }

    fn ends(&mut self) {
        let line = std::mem::take(&mut self.unfinished);
        if !line.is_empty() {
            self.message(line);
        }
    }
}

/// A server with the driver's part played around it.
struct Driven<S> {
    server: S,
    transport: Transport,
    written: Vec<u8>,
}

impl<S: Protocol> Driven<S> {
    /// Takes what was written and hands on what waited for that, until nothing does.
    fn settle(&mut self) {
        loop {
            self.written.extend(self.transport.take_written());
            let mut driver = self.transport.driver();
            let _ = (driver.take_write_pause(), driver.take_write_resume());
            if !driver.take_held_input() {
                return;
            }
            self.server.input_released(&mut self.transport);
        }
    }

    fn silence(&mut self) {
        if !self.transport.is_closing() {
            self.server.timer(&mut self.transport, TimerId(1));
        }
    }
}

/// Checks a server's answers to these bytes.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for; so does [`client`].
pub fn server(data: &[u8]) {
    let Some((choice, pieces)) = take_apart(data, MAXIMUM_LINE - 2) else {
        return;
    };
    let options = Options {
        quiet: Duration::from_millis(if choice & 1 == 0 { 50 } else { 0 }),
        one_request: choice & 2 != 0,
    };
    let mut transport = Transport::unconnected();
    let messages = choice & 4 != 0;
    if messages {
        let end = || Address::Unix(None);
        let info = ConnectionInfo::messages(end(), end());
        transport = Transport::new(info, transport.handle());
    }
    let waits = options.quiet.is_zero() || messages;
    let mut expected = Expected {
        messages: Vec::new(),
        unfinished: Vec::new(),
        options: options.clone(),
        over: false,
    };
    let mut driven = Driven {
        server: TimestampServer::new(options, || *TIME),
        transport,
        written: Vec::new(),
    };
    for (piece, silence) in pieces {
        if driven.transport.is_closing() {
            break;
        }
        driven.server.data_received(&mut driven.transport, &piece);
        if messages {
            expected.message(piece);
        } else {
            expected.arrives(&piece);
        }
        if waits {
            let unset = !driven.transport.driver().timers_changed();
            assert!(unset, "a timer is set that nobody waits for");
        } else if silence {
            // Once while answers may still wait to be sent, and once when they are.
            driven.silence();
            driven.settle();
            driven.silence();
            expected.ends();
        }
        driven.settle();
        assert_eq!(
            driven.transport.is_closing(),
            expected.over,
            "it closes when it should"
        );
    }
    if !driven.transport.is_closing() {
        driven.server.eof_received(&mut driven.transport);
        expected.ends();
        driven.settle();
        assert!(driven.transport.is_closing(), "it closes at the end");
    }
    let stamped = |message: &Vec<u8>| [b"[", &TIME[..], b"] ", message].concat();
    let answers: Vec<u8> = expected.messages.iter().flat_map(stamped).collect();
    let written = &driven.written;
    assert!(*written == answers, "{written:?} is not {answers:?}");
}

/// Checks what a client makes of these bytes, whatever server they come from.
pub fn client(data: &[u8]) {
    let Some((choice, pieces)) = take_apart(data, LONGEST_ANSWER - 2) else {
        return;
    };
    let ending = match choice % 3 {
        0 => Ending::Lf,
        1 => Ending::CrLf,
        _ => Ending::Bare,
    };
    let mut client = TimestampClient::new(ending);
    let mut told = Vec::new();
    let mut expected = Vec::new();
    let mut unfinished = Vec::new();
    let mut refused = false;
    for (piece, silence) in pieces {
        let too_long = client.data_received(&piece).is_err();
        told.extend(std::iter::from_fn(|| client.next_answer()));
        for byte in piece {
            match byte {
                b'\n' => {
                    let line: Vec<u8> = std::mem::take(&mut unfinished);
                    let text = line.strip_suffix(b"\r").unwrap_or(&line).to_vec();
                    expected.push(Answer { text });
                }
                byte => unfinished.push(byte),
            }
            refused = unfinished.len() > LONGEST_ANSWER;
            if refused {
                unfinished.clear();
                break;
            }
        }
        assert_eq!(
            too_long, refused,
            "an answer of any length is refused or not"
        );
        if refused {
            break;
        }
        if silence {
            told.extend(client.quiet());
            let text = std::mem::take(&mut unfinished);
            expected.extend((!text.is_empty()).then_some(Answer { text }));
        }
    }
    if !refused {
        told.extend(client.quiet());
        expected.extend((!unfinished.is_empty()).then_some(Answer { text: unfinished }));
    }
    assert!(told == expected, "{told:?} is not {expected:?}");
    for answer in told {
        if let Some((time, message)) = answer.parts() {
            let again = [b"[", time, b"] ", message].concat();
            assert_eq!(again, answer.text);
        }
    }
}
