//! A body of pieces of memory and files of this machine, one behind the other, whose length is known before it
//! is sent.
//!
//! Files are opened when their turn comes, so that a form may have more of them than a process descriptors, and read
//! as they are sent. One that has another length by then would make the whole body a wrong one, so it is an
//! error.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::part::{LocalError, cannot};

/// The most bytes that are read at once.
const BLOCK_SIZE: u64 = 64 * 1024;

/// Is told how many bytes of a body have been taken to be sent, and how many there are.
pub(super) type Watch = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A piece of a body.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Memory(Bytes),
    File { path: PathBuf, length: u64 },
}

impl Piece {
    /// A file, as long as it is now.
    pub(super) fn file(path: &Path) -> Result<Self, LocalError> {
        let known = fs::metadata(path).map_err(|error| cannot("send", path, error))?;
        if !known.is_file() {
            let kind = match known.is_dir() {
                true => io::ErrorKind::IsADirectory.into(),
                false => io::Error::other("it is no file, so that its length is not known"),
            };
            return Err(cannot("send", path, kind));
        }
        Ok(Piece::File {
            path: path.to_owned(),
            length: known.len(),
        })
    }

    pub(super) fn length(&self) -> u64 {
        match self {
            Piece::Memory(bytes) => bytes.len() as u64,
            Piece::File { length, .. } => *length,
        }
    }
}

/// Pieces on their way.
pub(super) struct Sending {
    pieces: VecDeque<Piece>,
    /// The file whose turn it is.
    open: Option<Open>,
    sent: u64,
    length: u64,
    watch: Option<Watch>,
}

struct Open {
    file: File,
    path: PathBuf,
    left: u64,
}

impl Sending {
    pub(super) fn new(pieces: impl IntoIterator<Item = Piece>, watch: Option<Watch>) -> Self {
        let pieces: VecDeque<Piece> = pieces.into_iter().collect();
        Sending {
            length: pieces.iter().map(Piece::length).sum(),
            pieces,
            open: None,
            sent: 0,
            watch,
        }
    }

    fn next_block(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some(open) = &mut self.open {
                let block = open.read()?;
                if open.left == 0 {
                    open.check_end()?;
                    self.open = None;
                }
                if !block.is_empty() {
                    return Ok(Some(block));
                }
            }
            match self.pieces.pop_front() {
                Some(Piece::Memory(bytes)) if bytes.is_empty() => {}
                Some(Piece::Memory(bytes)) => return Ok(Some(bytes)),
                Some(Piece::File { path, length }) => self.open = Some(Open::new(path, length)?),
                None => return Ok(None),
            }
        }
    }
}

impl Open {
    fn new(path: PathBuf, length: u64) -> io::Result<Self> {
        let opened = File::open(&path);
        let file = opened.map_err(|error| io::Error::other(cannot("read", &path, error)))?;
        Ok(Open {
            file,
            path,
            left: length,
        })
    }

    fn read(&mut self) -> io::Result<Bytes> {
        let most = self.left.min(BLOCK_SIZE);
        let mut block = Vec::with_capacity(usize::try_from(most).unwrap_or_default());
        let read = self.file.by_ref().take(most).read_to_end(&mut block);
        read.map_err(|error| io::Error::other(cannot("read", &self.path, error)))?;
        let length = block.len() as u64;
        if length < most {
            return Err(self.changed("shorter"));
        }
        self.left -= length;
        Ok(block.into())
    }

    /// Nothing may stand behind what was announced.
    fn check_end(&mut self) -> io::Result<()> {
        match self.file.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.changed("longer")),
            Err(error) => Err(io::Error::other(cannot("read", &self.path, error))),
        }
    }

    fn changed(&self, how: &str) -> io::Error {
        io::Error::other(format!(
            "{} has become {how} while it was sent; send it when nobody writes it",
            self.path.display()
        ))
    }
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let block = self.next_block();
        if let (Ok(Some(block)), Some(watch)) = (&block, self.watch.clone()) {
            self.sent += block.len() as u64;
            watch(self.sent, self.length);
        }
        Poll::Ready(block.map(|block| block.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.open.is_none() && self.pieces.iter().all(|piece| piece.length() == 0)
    }

    fn size_hint(&self) -> SizeHint {
        let open = self.open.as_ref().map_or(0, |open| open.left);
        let left: u64 = self.pieces.iter().map(Piece::length).sum();
        SizeHint::with_exact(open + left)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use http_body::Body;
    use tempfile::NamedTempFile;

    use super::*;

    fn file(length: usize) -> (NamedTempFile, Vec<u8>) {
        let content: Vec<u8> = (0..length).map(|at| (at ^ (at >> 8)) as u8).collect();
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(&content).expect("written");
        (file, content)
    }

    /// All that comes, or what it ends with.
    fn drain(sending: &mut Sending) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(block) = sending.next_block()? {
            all.extend_from_slice(&block);
        }
        Ok(all)
    }

    #[test]
    fn pieces_come_in_their_order_and_are_counted() {
        let (large, content) = file(200_000);
        let (empty, _) = file(0);
        let pieces = [
            Piece::Memory("a".into()),
            Piece::file(large.path()).expect("a file"),
            Piece::file(empty.path()).expect("a file"),
            Piece::Memory(Bytes::new()),
            Piece::Memory("b".into()),
        ];
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = told.clone();
        let watch: Watch = Arc::new(move |sent, all| telling.lock().expect("it").push((sent, all)));
        let mut sending = Sending::new(pieces, Some(watch));
        assert_eq!(sending.size_hint().exact(), Some(200_002));
        let mut came = Vec::new();
        let mut context = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(Some(frame)) = Pin::new(&mut sending).poll_frame(&mut context) {
            let frame = frame.expect("no error").into_data().expect("data");
            came.extend_from_slice(&frame);
            let left = 200_002 - came.len() as u64;
            assert_eq!(sending.size_hint().exact(), Some(left));
        }
        assert!(sending.is_end_stream());
        assert_eq!(came, [b"a", &content[..], b"b"].concat());
        let told = told.lock().expect("it");
        assert_eq!(
            (told[0], *told.last().expect("told")),
            ((1, 200_002), (200_002, 200_002))
        );
    }

    #[test]
    fn a_file_that_changes_its_length_meanwhile_is_an_error() {
        for (change, words) in [(-1_i64, "shorter"), (1, "longer")] {
            let (file, _) = file(70_000);
            let piece = Piece::file(file.path()).expect("a file");
            let mut sending = Sending::new([piece], None);
            assert!(sending.next_block().expect("a block").is_some());
            file.as_file()
                .set_len(70_000_u64.saturating_add_signed(change))
                .expect("another length");
            let error = drain(&mut sending).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        for path in [folder.path().to_owned(), folder.path().join("nothing")] {
            let error = Piece::file(&path).expect_err("no file").to_string();
            assert!(error.starts_with("cannot send /"), "{error}");
        }
    }
}
