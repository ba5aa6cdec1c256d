//! A client's conversation with a person, or with a pipe in a person's place: lines in,
//! lines out, and a prompt where there is somebody to be prompted.

use std::io::{self, IsTerminal};

use lariat_net::Connection;
use lariat_protocol::framing::Line;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf, split};

use crate::client::standard_streams;
use crate::failure::Failure;
use crate::output::one_line;

const PROMPT: &[u8] = b"> ";

/// Standard input and output, line by line.
pub struct Screen {
    input: BufReader<ReadHalf<Connection>>,
    output: WriteHalf<Connection>,
    /// The start of a line whose end has not come.
    line: Vec<u8>,
    /// The longest line.
    maximum: usize,
    interactive: bool,
    prompts: bool,
    output_is_terminal: bool,
    /// Whether the cursor stands behind a prompt.
    prompting: bool,
}

impl Screen {
    /// Standard input and output, with lines of at most `maximum` bytes.
    ///
    /// # Errors
    ///
    /// When the system gives no threads.
    pub async fn open(maximum: usize) -> Result<Self, Failure> {
        let (input, output) = split(standard_streams().await?);
        let interactive = io::stdin().is_terminal();
        let output_is_terminal = io::stdout().is_terminal();
        Ok(Screen {
            input: BufReader::new(input),
            output,
            line: Vec::new(),
            maximum,
            interactive,
            // A prompt in a file would be taken for an answer.
            prompts: interactive && output_is_terminal,
            output_is_terminal,
            prompting: false,
        })
    }

    /// Whether a person types, rather than a program.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Asks for a line, if somebody is there to be asked.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub async fn prompt(&mut self) -> Result<(), Failure> {
        if self.prompts {
            self.output.write_all(PROMPT).await?;
            self.prompting = true;
        }
        Ok(())
    }

    /// The next line without its end, or nothing at the end of input. May be dropped and
    /// called again without losing anything.
    ///
    /// # Errors
    ///
    /// When standard input cannot be read, or a line is longer than the maximum.
    pub async fn next_line(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            let block = match self.input.fill_buf().await {
                Ok(block) => block,
                Err(error) => {
                    return Err(Failure::new(format!("cannot read standard input: {error}")));
                }
            };
            let end = block.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(block.len(), |end| end + 1);
            self.line.extend_from_slice(&block[..taken]);
            self.input.consume(taken);
            if Line::new(&self.line).content().len() > self.maximum {
                return Err(Failure::new(format!(
                    "a line of the input is longer than {} bytes",
                    self.maximum
                )));
            }
            let ended = taken == 0;
            if end.is_some() || (ended && !self.line.is_empty()) {
                // The return key has moved the cursor; the end of input has not.
                self.prompting &= end.is_none();
                let line = std::mem::take(&mut self.line);
                return Ok(Some(Line::new(&line).content().to_vec()));
            }
            if ended {
                self.leave_prompt().await?;
                return Ok(None);
            }
        }
    }

    /// Shows a line. On a terminal, what could steer it is escaped.
    ///
    /// # Errors
    ///
    /// When standard output cannot be written.
    pub async fn print(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.leave_prompt().await?;
        let mut line = match self.output_is_terminal {
            true => one_line(&String::from_utf8_lossy(text)).into_bytes(),
            false => text.to_vec(),
        };
        line.push(b'\n');
        Ok(self.output.write_all(&line).await?)
    }

    async fn leave_prompt(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.prompting) {
            self.output.write_all(b"\n").await?;
        }
        Ok(())
    }

    /// Waits until everything shown has been written.
    ///
    /// # Errors
    ///
    /// When it could not be.
    pub async fn close(mut self) -> Result<(), Failure> {
        self.leave_prompt().await?;
        Ok(self.output.shutdown().await?)
    }
}
