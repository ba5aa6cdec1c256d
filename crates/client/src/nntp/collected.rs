//! Answers of which every line is kept, and lines that are none.
//!
//! What an answer may be long and what it may take of memory here are two things: whoever writes it to a file, or looks at
//! a line at a time, has the [limits](super::Limits); what is collected has a smaller one.

use std::io;

use lariat_protocol::nntp::{Command, Reply};

use super::{Client, Error};

/// How many bytes of an answer are kept, which is the overviews of some hundred thousand articles.
const MAXIMUM_KEPT: usize = 128 * 1024 * 1024;

/// What keeping a line takes beside its length and the value that is made of it.
const OVERHEAD: usize = 32;

impl Client {
    /// Sends a command and keeps what is made of each line behind its answer; those of which nothing is made are left
    /// out.
    pub(super) async fn collect<T>(
        &mut self,
        command: &Command,
        read: impl Fn(&[u8]) -> Result<T, lariat_protocol::Error>,
    ) -> Result<(Reply, Vec<T>), Error> {
        let (mut kept, mut length) = (Vec::new(), 0_usize);
        let mut left_out = LeftOut::default();
        let take = |line: &[u8]| {
            match read(line) {
                Ok(value) => {
                    length = length.saturating_add(line.len() + size_of::<T>() + OVERHEAD);
                    kept.push(value);
                }
                Err(error) => left_out.add(error),
            }
            match length <= MAXIMUM_KEPT {
                true => Ok(()),
                false => Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    "it takes more than the 128 MiB that are kept of an answer; ask for less at once",
                )),
            }
        };
        let reply = self.lines(command, take).await?;
        left_out.tell(command);
        Ok((reply, kept))
    }
}

/// The lines of an answer that are not what was asked for: told of once, however many they are.
#[derive(Default)]
pub(super) struct LeftOut {
    count: usize,
    first: Option<lariat_protocol::Error>,
}

impl LeftOut {
    /// One more, and why.
    pub(super) fn add(&mut self, error: lariat_protocol::Error) {
        self.count += 1;
        self.first.get_or_insert(error);
    }

    /// Tells of them, when the answer is over.
    pub(super) fn tell(self, command: &Command) {
        if let Some(first) = self.first {
            let (lines, command) = (self.count, command.shown());
            tracing::warn!(command, lines, %first, "lines of the answer left out");
        }
    }
}
