//! A body of pieces of memory and files of this machine, one behind the other, whose length is known before it
//! is sent, unless a pipe or a reader is among them.
//!
//! Files are opened when their turn comes, so that a form may have more of them than a process descriptors, and read
//! as they are sent. One that has another length by then would make the whole body a wrong one, so it is an
//! error.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::blocks::Blocks;
use super::pipe::Pipe;
use crate::part::{LocalError, cannot};

/// Is told how many bytes of a body have been taken to be sent, and how many there are, if that is known.
pub(super) type Watch = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// A piece of a body.
#[derive(Clone)]
pub(super) enum Piece {
    Memory(Bytes),
    File {
        path: PathBuf,
        length: u64,
    },
    /// What is there and no file: it is read to its end, and can be read once.
    Pipe {
        path: PathBuf,
    },
    /// The same of what is open already.
    Reader(Reader),
}

/// What is read by who is first to send it; its clones are the same.
type Reader = Arc<Mutex<Option<Box<dyn Read + Send>>>>;

impl Piece {
    /// What blocks whoever reads it.
    pub(super) fn reader(reader: impl Read + Send + 'static) -> Self {
        Piece::Reader(Arc::new(Mutex::new(Some(Box::new(reader)))))
    }

    /// A file, as long as it is now, or a pipe or a device.
    pub(super) fn file(path: &Path) -> Result<Self, LocalError> {
        let known = fs::metadata(path).map_err(|error| cannot("send", path, error))?;
        if known.is_dir() {
            let error = io::ErrorKind::IsADirectory.into();
            return Err(cannot("send", path, error));
        }
        let path = path.to_owned();
        Ok(match known.is_file() {
            true => Piece::File {
                path,
                length: known.len(),
            },
            false => Piece::Pipe { path },
        })
    }

    /// How many bytes it has, if that is known.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Piece::Memory(bytes) => Some(bytes.len() as u64),
            Piece::File { length, .. } => Some(*length),
            Piece::Pipe { .. } | Piece::Reader(_) => None,
        }
    }
}

/// Pieces on their way.
pub(super) struct Sending {
    pieces: VecDeque<Piece>,
    /// The one whose turn it is, if it is none of memory.
    open: Option<Open>,
    blocks: Blocks,
    sent: u64,
    length: Option<u64>,
    watch: Option<Watch>,
}

enum Open {
    File(OpenFile),
    Pipe(Pipe),
}

struct OpenFile {
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
            blocks: Blocks::default(),
            sent: 0,
            watch,
        }
    }

    fn poll_block(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            match &mut self.open {
                Some(Open::File(file)) => {
                    let block = self.blocks.fill(|room| file.read(room))?;
                    if file.left == 0 {
                        file.check_end()?;
                        self.open = None;
                    }
                    if !block.is_empty() {
                        return Poll::Ready(Ok(Some(block)));
                    }
                }
                Some(Open::Pipe(pipe)) => match ready!(pipe.poll_block(context)?) {
                    Some(block) => return Poll::Ready(Ok(Some(block))),
                    None => self.open = None,
                },
                None => match self.pieces.pop_front() {
                    Some(Piece::Memory(bytes)) if bytes.is_empty() => {}
                    Some(Piece::Memory(bytes)) => return Poll::Ready(Ok(Some(bytes))),
                    Some(Piece::File { path, length }) => {
                        self.open = Some(Open::File(OpenFile::new(path, length)?));
                    }
                    Some(Piece::Pipe { path }) => self.open = Some(Open::Pipe(Pipe::open(path)?)),
                    Some(Piece::Reader(reader)) => {
                        self.open = Some(Open::Pipe(Pipe::of(taken(&reader)?)?));
                    }
                    None => return Poll::Ready(Ok(None)),
                },
            }
        }
    }
}

/// Takes what can be read once.
fn taken(reader: &Reader) -> io::Result<Box<dyn Read + Send>> {
    let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
    let read = "it can be sent once only, and was";
    reader.take().ok_or_else(|| io::Error::other(read))
}

impl OpenFile {
    fn new(path: PathBuf, length: u64) -> io::Result<Self> {
        let opened = File::open(&path);
        let file = opened.map_err(|error| io::Error::other(cannot("read", &path, error)))?;
        Ok(OpenFile {
            file,
            path,
            left: length,
        })
    }

    /// Reads as much as there is room for, if it is there.
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(room.len(), |left| left.min(room.len()));
        match self.file.read_exact(&mut room[..wanted]) {
            Ok(()) => {
                self.left -= wanted as u64;
                Ok(wanted)
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.changed("shorter"))
            }
            Err(error) => Err(io::Error::other(cannot("read", &self.path, error))),
        }
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
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let block = ready!(self.poll_block(context));
        if let (Ok(Some(block)), Some(watch)) = (&block, self.watch.clone()) {
            self.sent += block.len() as u64;
            watch(self.sent, self.length);
        }
        Poll::Ready(block.map(|block| block.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        let is_empty = |piece: &Piece| piece.length() == Some(0);
        self.open.is_none() && self.pieces.iter().all(is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        let open = match &self.open {
            None => Some(0),
            Some(Open::File(file)) => Some(file.left),
            Some(Open::Pipe(_)) => None,
        };
        let left: Option<u64> = self.pieces.iter().map(Piece::length).sum();
        let all = open.zip(left).map(|(open, left)| open + left);
        all.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use http_body::Body;
    use tempfile::NamedTempFile;

    use super::*;

    fn file(length: usize) -> (NamedTempFile, Vec<u8>) {
        let content: Vec<u8> = (0..length).map(|at| (at ^ (at >> 8)) as u8).collect();
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(&content).expect("written");
        (file, content)
    }

    /// The next block of what has nothing to wait for.
    fn next_block(sending: &mut Sending) -> io::Result<Option<Bytes>> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match sending.poll_block(&mut context) {
            Poll::Ready(block) => block,
            Poll::Pending => panic!("it waits"),
        }
    }

    /// All that comes, or what it ends with.
    fn drain(sending: &mut Sending) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(block) = next_block(sending)? {
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
            ((1, Some(200_002)), (200_002, Some(200_002)))
        );
    }

    #[test]
    fn a_file_that_changes_its_length_meanwhile_is_an_error() {
        for (change, words) in [(-1_i64, "shorter"), (1, "longer")] {
            let (file, _) = file(70_000);
            let piece = Piece::file(file.path()).expect("a file");
            let mut sending = Sending::new([piece], None);
            assert!(next_block(&mut sending).expect("a block").is_some());
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
            let error = Piece::file(&path).err().expect("no file").to_string();
            assert!(error.starts_with("cannot send /"), "{error}");
        }
    }

    #[tokio::test]
    async fn what_a_reader_reads_is_sent_once() {
        use http_body_util::BodyExt;

        let pieces = [Piece::reader(&b"read"[..]), Piece::Memory("!".into())];
        let sending = Sending::new(pieces.clone(), None);
        assert_eq!(sending.size_hint().exact(), None);
        let all = sending.collect().await.expect("no error").to_bytes();
        assert_eq!(all, "read!");
        let again = Sending::new(pieces, None).collect().await;
        let error = again.expect_err("it was read").to_string();
        assert_eq!(error, "it can be sent once only, and was");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_in_a_pipe_is_sent_to_its_end_whatever_its_length() {
        use std::os::fd::AsRawFd;

        use http_body_util::BodyExt;

        let (reader, mut writer) = io::pipe().expect("a pipe");
        let path = PathBuf::from(format!("/dev/fd/{}", reader.as_raw_fd()));
        let piece = Piece::file(&path).expect("a pipe");
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = told.clone();
        let watch: Watch = Arc::new(move |sent, all| telling.lock().expect("it").push((sent, all)));
        let pieces = [Piece::Memory("a".into()), piece, Piece::Memory("b".into())];
        let mut sending = Sending::new(pieces, Some(watch));
        assert_eq!(sending.size_hint().exact(), None);
        assert!(!sending.is_end_stream());
        let first = sending.frame().await.expect("a piece").expect("no error");
        assert_eq!(first.into_data().ok().as_deref(), Some(&b"a"[..]));
        let writing = std::thread::spawn(move || writer.write_all(&[b'x'; 300_000]));
        let rest = sending.collect().await.expect("no error").to_bytes();
        writing.join().expect("no panic").expect("written");
        assert!(rest.len() == 300_001 && rest.ends_with(b"xb"));
        let last = told.lock().expect("it").last().copied();
        assert_eq!(last, Some((300_002, None)));
    }
}
