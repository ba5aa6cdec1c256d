//! Commands out of the bytes of a control connection.

use crate::ftp::encoding::INTERPRET_AS_COMMAND;
use crate::ftp::telnet::{DATA_MARK, Meaning, Telnet};
use crate::ftp::{Command, CommandError, Encoding, MAXIMUM_ARGUMENT};

/// The longest command, in bytes with its end: the longest argument, and what stands around it, which is a verb and in
/// `MFMT` a time.
pub const MAXIMUM_COMMAND: usize = MAXIMUM_ARGUMENT + 64;

/// How many options of telnet are refused at once. Whoever asks for more does not wait for an answer.
const MAXIMUM_REFUSALS: usize = 32;

/// Puts commands together, wherever their bytes are cut.
///
/// A line ends with CR LF, or with a LF alone, as people and scripts send it. What telnet puts between is left out (RFC 959,
/// 3.1; RFC 1123, 4.1.2.12), also where a half of it was sent out of band, as that before `ABOR` is. Of a line that is longer than
/// [`MAXIMUM_COMMAND`] no more than that is kept; it is no command, and neither is one with a NUL or a control character other
/// than a tab. The one behind it can be read all the same.
///
/// ```
/// use lariat_protocol::ftp::{CommandReader, Encoding};
///
/// let mut reader = CommandReader::new(Encoding::Utf8);
/// reader.receive(b"TYPE I\r\nRETR a fi");
/// assert_eq!(reader.next_command().expect("whole")?.to_string(), "TYPE I");
/// assert!(reader.next_command().is_none());
/// reader.receive(b"le\n");
/// assert_eq!(reader.next_command().expect("whole")?.to_string(), "RETR a file");
/// # Ok::<(), lariat_protocol::ftp::CommandError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CommandReader {
    encoding: Encoding,
    telnet: Telnet,
    /// What came and was not read: lines with a LF behind each, and the beginning of one.
    incoming: Vec<u8>,
    /// How much of it has been used up.
    used: usize,
    /// Up to where no line is to be taken out of its turn.
    passed: usize,
    /// How much is kept of the line that has no end yet.
    line: usize,
    refusals: Vec<u8>,
}

impl CommandReader {
    /// One for this encoding.
    pub fn new(encoding: Encoding) -> Self {
        CommandReader {
            encoding,
            ..CommandReader::default()
        }
    }

    /// Takes what came.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.incoming.drain(..self.used);
        self.passed = self.passed.saturating_sub(self.used);
        self.used = 0;
        for byte in bytes {
            let is_front = self.line == 0;
            match self.telnet.read(*byte) {
                Meaning::Nothing => {}
                // What stood before it was sent out of band.
                Meaning::Text(DATA_MARK) if is_front => {}
                Meaning::Text(byte) => self.keep(byte),
                // As one, it could not be told from the beginning of another.
                Meaning::Doubled => {
                    self.keep(INTERPRET_AS_COMMAND);
                    self.keep(INTERPRET_AS_COMMAND);
                }
                // What stood behind the first of both was sent out of band.
                Meaning::Stray(byte) if is_front => self.keep(byte),
                Meaning::Stray(byte) => {
                    self.keep(INTERPRET_AS_COMMAND);
                    self.keep(byte);
                }
                Meaning::Refused(answer) if self.refusals.len() < 3 * MAXIMUM_REFUSALS => {
                    self.refusals.extend_from_slice(&answer);
                }
                Meaning::Refused(_) => {}
            }
        }
    }

    /// The next command, if all of it has come, or why the line is none.
    pub fn next_command(&mut self) -> Option<Result<Command, CommandError>> {
        let end = self.line_end(self.used)?;
        let begin = std::mem::replace(&mut self.used, end);
        Some(self.read(begin, end))
    }

    /// What is to be sent because options of telnet were asked for: that there are none.
    pub fn take_refusals(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.refusals)
    }

    /// Whether nothing came that was not given out, nor an option of telnet that is to be refused.
    pub fn is_empty(&self) -> bool {
        self.waiting() == 0 && self.telnet == Telnet::Text && self.refusals.is_empty()
    }

    /// How many bytes of lines that came are not given out.
    pub fn waiting(&self) -> usize {
        self.incoming.len() - self.used
    }

    /// Takes a command out of its turn, the first that is wanted; the others stay in their order. It is asked with whether the
    /// command is the next one. What was once not wanted is not asked about again.
    pub(super) fn take_wanted(
        &mut self,
        is_wanted: impl Fn(&Command, bool) -> bool,
    ) -> Option<Command> {
        self.passed = self.passed.max(self.used);
        while let Some(end) = self.line_end(self.passed) {
            let begin = std::mem::replace(&mut self.passed, end);
            if let Ok(command) = self.read(begin, end)
                && is_wanted(&command, begin == self.used)
            {
                self.incoming.drain(begin..end);
                self.passed = begin;
                return Some(command);
            }
        }
        None
    }

    /// All that waits is asked about again.
    pub(super) fn look_again(&mut self) {
        self.passed = self.used;
    }

    fn keep(&mut self, byte: u8) {
        if byte == b'\n' {
            self.incoming.push(byte);
            self.line = 0;
        } else if self.line < MAXIMUM_COMMAND {
            self.incoming.push(byte);
            self.line += 1;
        }
    }

    /// Where the line that begins here has ended.
    fn line_end(&self, begin: usize) -> Option<usize> {
        // A line that has no end yet is not looked through again for each byte of it.
        let whole = &self.incoming[begin..self.incoming.len() - self.line];
        memchr::memchr(b'\n', whole).map(|at| begin + at + 1)
    }

    fn read(&self, begin: usize, end: usize) -> Result<Command, CommandError> {
        if end - begin > MAXIMUM_COMMAND {
            return Err(CommandError::TooLong);
        }
        let line = &self.incoming[begin..end - 1];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            return Err(CommandError::Control);
        }
        Command::parse(&self.encoding.decode(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of these bytes, so many at a time.
    fn read(encoding: Encoding, bytes: &[u8], length: usize) -> Vec<String> {
        let mut reader = CommandReader::new(encoding);
        let mut all = Vec::new();
        for piece in bytes.chunks(length) {
            reader.receive(piece);
            while let Some(read) = reader.next_command() {
                all.push(match read {
                    Ok(command) => command.to_string(),
                    Err(error) => error.reply().code().to_string(),
                });
            }
        }
        all
    }

    #[test]
    fn commands_are_lines_however_they_are_cut() {
        let bytes = b"user a\r\nPASS \r\nx\n\r\nRETR a\tb\nRETR a\0b\r\nRETR a\rDELE b\r\nSTOR \x1b[2J\r\nDELE a\r\0\r\nNOOP\r\nhalf";
        for length in 1..=bytes.len() {
            let read = read(Encoding::Utf8, bytes, length);
            let expected = [
                "USER a",
                "PASS ",
                "500",
                "500",
                "RETR a\tb",
                "501",
                "501",
                "501",
                "501",
                "NOOP",
            ];
            assert_eq!(read, expected, "{length}");
        }
    }

    #[test]
    fn telnet_is_left_out_wherever_it_is_cut() {
        for bytes in [
            &b"\xff\xf4\xff\xf2ABOR\r\n"[..],
            // The last byte of what was marked urgent does not come with the others.
            b"\xff\xf4\xffABOR\r\n",
            b"\xff\xf4\xf2ABOR\r\n",
            b"\xf2ABOR\r\n",
            b"AB\xff\xf1OR\r\xff\xf9\n",
            b"\xff\xfb\x01\xff\xfd\x03AB\xff\xfa\x18\x01x\r\n\xff\xf0OR\r\n",
        ] {
            for length in 1..=bytes.len() {
                assert_eq!(
                    read(Encoding::Utf8, bytes, length),
                    ["ABOR"],
                    "{bytes:x?} by {length}"
                );
            }
        }
        let bytes = Encoding::Latin1.encode("RETR ÿÿaÿ").expect("Latin-1");
        for length in 1..=bytes.len() {
            let whole = [&bytes[..], b"\r\nRETR b\xffc\r\n"].concat();
            assert_eq!(
                read(Encoding::Latin1, &whole, length),
                ["RETR ÿÿaÿ", "RETR bÿc"]
            );
        }
    }

    #[test]
    fn options_are_refused_and_not_without_end() {
        let mut reader = CommandReader::default();
        reader.receive(b"\xff\xfd\x01\xff\xfb\x03\xff\xfe\x01NOOP\r\n");
        assert_eq!(reader.take_refusals(), b"\xff\xfc\x01\xff\xfe\x03");
        assert!(reader.take_refusals().is_empty());
        reader.receive(&b"\xff\xfd\x01".repeat(100_000));
        assert_eq!(reader.take_refusals().len(), 3 * MAXIMUM_REFUSALS);
        reader.receive(b"\xff");
        assert!(reader.next_command().expect("a line").is_ok());
        assert!(!reader.is_empty() && reader.waiting() == 0);
    }

    #[test]
    fn a_line_without_end_is_dropped_and_answered_once() {
        let mut reader = CommandReader::default();
        for _ in 0..1000 {
            reader.receive(&[b'x'; 1000]);
            assert_eq!(reader.next_command(), None);
            assert!(
                reader.waiting() <= MAXIMUM_COMMAND && reader.incoming.len() <= 2 * MAXIMUM_COMMAND
            );
        }
        reader.receive(b"\r\nNOOP\r\n");
        assert_eq!(reader.next_command(), Some(Err(CommandError::TooLong)));
        assert_eq!(reader.next_command(), Some(Ok(Command::Noop)));
        assert!(reader.next_command().is_none() && reader.is_empty());

        for (length, is_right) in [(MAXIMUM_ARGUMENT, true), (MAXIMUM_COMMAND - 7, false)] {
            reader.receive(["RETR ", &"x".repeat(length), "\r\n"].concat().as_bytes());
            let read = reader.next_command().expect("a line");
            // As long as a line may be, its argument may still be too long.
            assert_eq!(read.is_ok(), is_right);
            assert_ne!(read, Err(CommandError::TooLong));
        }
        reader.receive(
            ["RETR ", &"x".repeat(MAXIMUM_COMMAND - 6), "\r\n"]
                .concat()
                .as_bytes(),
        );
        assert_eq!(reader.next_command(), Some(Err(CommandError::TooLong)));
    }

    #[test]
    fn what_is_wanted_comes_out_of_its_turn() {
        let mut reader = CommandReader::default();
        reader.receive(b"NOOP\r\nABOR\r\nPWD\r\nABOR\r\nAB");
        let abort = |command: &Command, _: bool| *command == Command::Abor;
        assert_eq!(reader.take_wanted(abort), Some(Command::Abor));
        assert_eq!(reader.next_command(), Some(Ok(Command::Noop)));
        assert_eq!(reader.take_wanted(abort), Some(Command::Abor));
        assert_eq!(reader.take_wanted(abort), None);
        reader.receive(b"OR\r\n");
        assert_eq!(reader.take_wanted(abort), Some(Command::Abor));
        let next = |_: &Command, is_next: bool| is_next;
        assert_eq!(reader.take_wanted(next), None);
        reader.look_again();
        assert_eq!(reader.take_wanted(next), Some(Command::Pwd));
        assert!(reader.is_empty());
    }
}
