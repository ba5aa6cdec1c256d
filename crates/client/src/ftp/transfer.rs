//! Bytes and lines over the data connection, and what the server says of it in the end.

use std::io::{self, Read};
use std::time::Duration;

use lariat_net::Connection;
use lariat_protocol::ftp::{Command, DataType, FromNetwork, Reply, ToNetwork};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::{Client, Error, Retrieve, Store};

/// The longest line that is given to a callback, in bytes.
const MAXIMUM_LINE: usize = 64 * 1024;

/// The largest block, whatever is asked for.
const MAXIMUM_BLOCK: usize = 16 * 1024 * 1024;

/// How many bytes a second data has to move at least, in the long run: a byte in each of the times that a piece has
/// would hold a transfer for ever.
const MINIMUM_RATE: u32 = 128;

/// How long the server may take to say why a data connection broke.
const EXPLANATION: Duration = Duration::from_secs(5);

impl Client {
    /// Receives a file as bytes, and gives them to `take` in blocks. Gives their number.
    ///
    /// An error of `take` breaks the transfer off; the connection can be used on.
    ///
    /// # Errors
    ///
    /// When the server says no, the data connection breaks, stalls or is not made, or `take` fails.
    pub async fn retrbinary(
        &mut self,
        path: &str,
        how: Retrieve,
        take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let command = Command::Retr(self.text(path)?);
        self.receive(&command, DataType::Image, how, take).await
    }

    /// Receives a text, and gives it to `take` line by line, without their ends.
    ///
    /// # Errors
    ///
    /// As [`retrbinary`](Self::retrbinary), and for a line of more than 64 KiB.
    pub async fn retrlines(
        &mut self,
        path: &str,
        take: impl FnMut(&str) -> io::Result<()>,
    ) -> Result<(), Error> {
        let command = Command::Retr(self.text(path)?);
        self.receive_lines(&command, take).await
    }

    /// Receives a text with its line ends made this system's, in blocks.
    ///
    /// # Errors
    ///
    /// As [`retrbinary`](Self::retrbinary).
    pub async fn retrtext(
        &mut self,
        path: &str,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let command = Command::Retr(self.text(path)?);
        let mut from_network = FromNetwork::default();
        let mut kept = Vec::new();
        let translate = |block: &[u8]| {
            kept.clear();
            from_network.translate(block, &mut kept);
            take(&kept)
        };
        let how = Retrieve::default();
        let length = self
            .receive(&command, DataType::Ascii, how, translate)
            .await?;
        kept.clear();
        from_network.end(&mut kept);
        take(&kept).map_err(cannot_keep)?;
        Ok(length)
    }

    /// Sends a file as bytes. Gives their number. The source is read on this thread, as files are, whose bytes are there
    /// at once.
    ///
    /// # Errors
    ///
    /// When the server says no, the data connection breaks, stalls or is not made, or `source` fails.
    pub async fn storbinary(
        &mut self,
        path: &str,
        how: Store,
        source: impl Read,
    ) -> Result<u64, Error> {
        let command = Command::Stor(self.text(path)?);
        let sent = self.send(&command, DataType::Image, how, source).await?;
        Ok(sent.0)
    }

    /// Sends a text, whose lines end with LF here and with CR LF there.
    ///
    /// # Errors
    ///
    /// As [`storbinary`](Self::storbinary).
    pub async fn storlines(&mut self, path: &str, source: impl Read) -> Result<u64, Error> {
        let command = Command::Stor(self.text(path)?);
        let how = Store::default();
        let sent = self.send(&command, DataType::Ascii, how, source).await?;
        Ok(sent.0)
    }

    /// Sends a file under a name of the server's choice, which it may tell.
    ///
    /// # Errors
    ///
    /// As [`storbinary`](Self::storbinary).
    pub async fn storunique(&mut self, source: impl Read) -> Result<Option<String>, Error> {
        let command = Command::Stou(None);
        let how = Store::default();
        let (_, begun, ended) = self.send(&command, DataType::Image, how, source).await?;
        // `150 FILE: name`, as RFC 1123 (4.1.2.9) has it, though some say it in the end.
        let name = |reply: &Reply| {
            let text = reply.text();
            let at = text.to_ascii_uppercase().find("FILE:")?;
            text.get(at + 5..)?
                .split_whitespace()
                .next()
                .map(str::to_owned)
        };
        Ok(name(&begun).or_else(|| name(&ended)))
    }

    /// Sends what is put behind what is there.
    ///
    /// # Errors
    ///
    /// As [`storbinary`](Self::storbinary).
    pub async fn append(&mut self, path: &str, source: impl Read) -> Result<u64, Error> {
        let command = Command::Appe(self.text(path)?);
        let how = Store::default();
        let sent = self.send(&command, DataType::Image, how, source).await?;
        Ok(sent.0)
    }

    /// Receives what a command brings, as it is.
    pub(super) async fn receive(
        &mut self,
        command: &Command,
        data_type: DataType,
        how: Retrieve,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<u64, Error> {
        let (mut data, _) = self.begin(command, data_type, how.offset).await?;
        let mut block = vec![0; how.block_size.clamp(1, MAXIMUM_BLOCK)];
        let mut received = 0;
        let mut silent_since = Instant::now();
        let mut patience = Patience::new(self.options.timeout);
        loop {
            let length = match patience.with(data.read(&mut block)).await {
                Some(Ok(0)) => break,
                Some(Ok(length)) => length,
                Some(Err(error)) => {
                    drop(data);
                    return Err(self.data_failed(error).await);
                }
                None => {
                    let what = format!("{} data", patience.how_much());
                    return Err(self.stalled(data, &what).await);
                }
            };
            if let Err(error) = take(&block[..length]) {
                return Err(self.broken_off(data, cannot_keep(error)).await);
            }
            received += length as u64;
            self.keep_alive(&mut silent_since).await?;
        }
        drop(data);
        self.finish().await?;
        Ok(received)
    }

    /// Receives what a command brings, line by line.
    pub(super) async fn receive_lines(
        &mut self,
        command: &Command,
        mut take: impl FnMut(&str) -> io::Result<()>,
    ) -> Result<(), Error> {
        let encoding = self.options.encoding;
        let mut begun: Vec<u8> = Vec::new();
        let mut give = |line: &[u8]| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            take(&encoding.decode(line))
        };
        let split = |block: &[u8]| {
            for piece in block.split_inclusive(|byte| *byte == b'\n') {
                if begun.len() + piece.len() > MAXIMUM_LINE {
                    return Err(too_long());
                }
                begun.extend_from_slice(piece);
                if piece.ends_with(b"\n") {
                    give(&begun)?;
                    begun.clear();
                }
            }
            Ok(())
        };
        let how = Retrieve::default();
        self.receive(command, DataType::Ascii, how, split).await?;
        match begun.is_empty() {
            true => Ok(()),
            false => give(&begun).map_err(cannot_keep),
        }
    }

    /// Sends what a command takes. Gives how much that was, and what the server said before and behind.
    async fn send(
        &mut self,
        command: &Command,
        data_type: DataType,
        how: Store,
        mut source: impl Read,
    ) -> Result<(u64, Reply, Reply), Error> {
        let (data, begun) = self.begin(command, data_type, how.offset).await?;
        let mut data = Outgoing::new(data);
        let mut block = vec![0; how.block_size.clamp(1, MAXIMUM_BLOCK)];
        let mut to_network = (data_type == DataType::Ascii).then(ToNetwork::default);
        let mut translated = Vec::new();
        let mut sent = 0;
        let mut silent_since = Instant::now();
        let mut patience = Patience::new(self.options.timeout);
        loop {
            let length = match source.read(&mut block) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let error = Error::Local {
                        what: "cannot read what is to be sent".into(),
                        error,
                    };
                    return Err(self.broken_off(data, error).await);
                }
            };
            let mut piece = &block[..length];
            if let Some(to_network) = &mut to_network {
                translated.clear();
                to_network.translate(piece, &mut translated);
                piece = &translated;
            }
            sent += piece.len() as u64;
            while !piece.is_empty() {
                match patience.with(data.connection.write(piece)).await {
                    Some(Ok(length)) => piece = &piece[length..],
                    Some(Err(error)) => {
                        drop(data);
                        return Err(self.data_failed(error).await);
                    }
                    None => {
                        let what = format!("{} data taken", patience.how_much());
                        return Err(self.stalled(data, &what).await);
                    }
                }
            }
            self.keep_alive(&mut silent_since).await?;
        }
        let ended = self.end_of_data(data).await?;
        Ok((sent, begun, ended))
    }

    /// Says on the data connection that nothing more comes, and hears that it was all taken.
    async fn end_of_data(&mut self, mut data: Outgoing) -> Result<Reply, Error> {
        let connection = &mut data.connection;
        let ending = async {
            connection.flush().await?;
            connection.shutdown().await?;
            if connection.tls().is_some() {
                // What the server says behind its handshake lets the next connection resume it.
                let mut rest = [0; 64];
                while matches!(
                    timeout(EXPLANATION, connection.read(&mut rest)).await,
                    Ok(Ok(1..))
                ) {}
            }
            Ok(())
        };
        match timeout(self.options.timeout, ending).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                drop(data);
                return Err(self.data_failed(error).await);
            }
            Err(_) => return Err(self.stalled(data, "no data taken").await),
        }
        // Until the server has all of it, it can be broken off.
        let finished = self.finish().await;
        data.is_over = true;
        finished
    }

    /// What the server says of a transfer whose data connection has ended.
    async fn finish(&mut self) -> Result<Reply, Error> {
        let reply = self.control.answer().await?;
        match reply.is_success() {
            true => Ok(reply),
            false => Err(self.control.refused(reply)),
        }
    }

    /// Sends a command that does nothing, if none was sent for long.
    async fn keep_alive(&mut self, silent_since: &mut Instant) -> Result<(), Error> {
        let Some(after) = self.options.keep_alive else {
            return Ok(());
        };
        if silent_since.elapsed() >= after {
            self.control.send(&Command::Noop).await?;
            *silent_since = Instant::now();
        }
        Ok(())
    }

    /// The data connection broke: the server may say why.
    pub(super) async fn data_failed(&mut self, error: io::Error) -> Error {
        let failed = Error::Data {
            command: self.control.last().to_owned(),
            error,
        };
        match timeout(EXPLANATION, self.control.answer()).await {
            Ok(Ok(reply)) if !reply.is_success() => self.control.refused(reply),
            Ok(Ok(_)) => failed,
            Ok(Err(error)) => error,
            // The answer would be taken for that of the next command.
            Err(_) => match self.abort_in_time().await {
                Ok(()) => failed,
                Err(error) => error,
            },
        }
    }

    /// Nothing moves any more.
    async fn stalled(&mut self, data: impl Sized, what: &str) -> Error {
        let error = self.control.timed_out(&format!("{what} for the answer"));
        self.broken_off(data, error).await
    }

    /// Breaks off the transfer because of an error, which is given back: what the server says to that is
    /// of no interest to anybody, unless the connection is lost by it.
    async fn broken_off(&mut self, data: impl Sized, error: Error) -> Error {
        drop(data);
        match self.abort_in_time().await {
            Err(lost) if !matches!(error, Error::Local { .. } | Error::TimedOut { .. }) => lost,
            _ => error,
        }
    }

    pub(super) async fn abort_in_time(&mut self) -> Result<(), Error> {
        match timeout(EXPLANATION, self.abort()).await {
            Ok(aborted) => aborted.map(drop),
            Err(_) => Err(self.control.timed_out("no end")),
        }
    }
}

/// A data connection over which a file is sent. Where that is broken off, what the system has not sent yet is thrown away: a
/// server that takes it slowly would hear of `ABOR` only behind it.
struct Outgoing {
    connection: Connection,
    /// The server has said what became of it.
    is_over: bool,
}

impl Outgoing {
    fn new(connection: Connection) -> Self {
        Outgoing {
            connection,
            is_over: false,
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.reset_when_dropped();
        }
    }
}

/// The time that the other side has left to move data: that of a piece, less what it took, and more by what it moved.
/// Time in which nothing is asked of it does not count.
struct Patience {
    most: Duration,
    left: Duration,
}

impl Patience {
    fn new(most: Duration) -> Self {
        Patience { most, left: most }
    }

    /// Waits for a piece of data to be moved; nothing if that takes too long.
    async fn with(
        &mut self,
        moving: impl Future<Output = io::Result<usize>>,
    ) -> Option<io::Result<usize>> {
        let asked = Instant::now();
        let moved = timeout(self.left, moving).await.ok()?;
        let length = moved.as_ref().map_or(0, |length| *length);
        let earned = Duration::from_secs(length as u64) / MINIMUM_RATE;
        self.left = (self.left.saturating_sub(asked.elapsed()) + earned).min(self.most);
        Some(moved)
    }

    /// How much has moved when there was no time left.
    fn how_much(&self) -> &'static str {
        match self.left < self.most {
            true => "too little",
            false => "no",
        }
    }
}

fn cannot_keep(error: io::Error) -> Error {
    Error::Local {
        what: "cannot keep what came".into(),
        error,
    }
}

fn too_long() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a line is longer than {MAXIMUM_LINE} bytes"),
    )
}
