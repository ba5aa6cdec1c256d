//! What telnet puts between the bytes of a control connection (RFC 959, 3.1 and RFC 854).

use crate::ftp::encoding::INTERPRET_AS_COMMAND;

/// Where data that is to be thrown away ends, in the sequence that breaks a transfer off.
pub(super) const DATA_MARK: u8 = 0xf2;

const SUBNEGOTIATION_END: u8 = 0xf0;
const SUBNEGOTIATION: u8 = 0xfa;
const WILL: u8 = 0xfb;
const WONT: u8 = 0xfc;
const DO: u8 = 0xfd;
const DONT: u8 = 0xfe;

/// Tells the bytes of lines from the commands of telnet, wherever these are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Telnet {
    #[default]
    Text,
    /// The byte came that begins a command.
    Command,
    /// An option's name is to come, behind this word about it.
    Option(u8),
    /// Everything is an option's own, up to an end that nobody here has asked for.
    Subnegotiation,
    /// As that, and the byte came that begins the end.
    SubnegotiationCommand,
}

/// What a byte means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is part of a command of telnet.
    Nothing,
    /// It stands for itself.
    Text(u8),
    /// It is the second of two that stand for one such byte.
    Doubled,
    /// It stands for itself, and so did the one before it, which only looked like the beginning of a command.
    Stray(u8),
    /// It names an option, to which this is answered.
    Refused([u8; 3]),
}

impl Telnet {
    /// Takes the next byte.
    pub(super) fn read(&mut self, byte: u8) -> Meaning {
        let state = std::mem::take(self);
        match (state, byte) {
            (Telnet::Text, INTERPRET_AS_COMMAND) => *self = Telnet::Command,
            (Telnet::Text, byte) => return Meaning::Text(byte),
            (Telnet::Command, INTERPRET_AS_COMMAND) => return Meaning::Doubled,
            (Telnet::Command, WILL..=DONT) => *self = Telnet::Option(byte),
            (Telnet::Command, SUBNEGOTIATION) => *self = Telnet::Subnegotiation,
            (Telnet::Command, SUBNEGOTIATION_END..) => {}
            (Telnet::Command, byte) => return Meaning::Stray(byte),
            // A server has to be able to say no, and to nothing else (RFC 1123, 4.1.2.12).
            (Telnet::Option(WILL), option) => {
                return Meaning::Refused([INTERPRET_AS_COMMAND, DONT, option]);
            }
            (Telnet::Option(DO), option) => {
                return Meaning::Refused([INTERPRET_AS_COMMAND, WONT, option]);
            }
            (Telnet::Option(_), _) => {}
            (Telnet::Subnegotiation, INTERPRET_AS_COMMAND) => *self = Telnet::SubnegotiationCommand,
            (Telnet::SubnegotiationCommand, SUBNEGOTIATION_END) => {}
            (Telnet::Subnegotiation | Telnet::SubnegotiationCommand, _) => {
                *self = Telnet::Subnegotiation;
            }
        }
        Meaning::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_telnet_are_no_text() {
        let mut telnet = Telnet::default();
        let mut text = Vec::new();
        let mut refused = Vec::new();
        for byte in *b"a\xff\xf4\xff\xf2b\xff\xfd\x01c\xff\xfb\x03\xff\xfe\x01\xff\xfc\x03d\xff\xfax\xff\xffy\xff\xf0e\xff\xfff\xffg"
        {
            match telnet.read(byte) {
                Meaning::Nothing => {}
                Meaning::Text(byte) => text.push(byte),
                Meaning::Doubled => text.push(b'2'),
                Meaning::Stray(byte) => text.extend([b'?', byte]),
                Meaning::Refused(answer) => refused.push(answer),
            }
        }
        assert_eq!(text, b"abcde2f?g");
        assert_eq!(refused, [[0xff, WONT, 1], [0xff, DONT, 3]]);
        assert_eq!(telnet, Telnet::Text);
    }
}
