//! Memory that is read into again once what it held has been sent.

use std::io;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// The most bytes that are read at once.
pub(super) const BLOCK_SIZE: usize = 64 * 1024;

/// How many blocks are kept for what is read next: as many as are on their way to a connection at once.
const KEPT: usize = 8;

/// The blocks of one body. A new one for each piece costs as much as reading it: the system gives its memory page by page, and
/// has it back when it has been sent.
#[derive(Clone, Default)]
pub(super) struct Blocks(Arc<Mutex<Vec<Box<[u8]>>>>);

impl Blocks {
    /// A block of what `read` puts into its beginning, and says the length of.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub(super) fn fill(
        &self,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<Bytes> {
        let kept = self.kept().pop();
        let mut block = Block {
            memory: kept.unwrap_or_else(|| vec![0; BLOCK_SIZE].into()),
            length: 0,
            home: self.clone(),
        };
        block.length = read(&mut block.memory)?;
        Ok(Bytes::from_owner(block))
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is on its way.
struct Block {
    memory: Box<[u8]>,
    length: usize,
    home: Blocks,
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.length]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut kept = self.home.kept();
        if kept.len() < KEPT {
            kept.push(take(&mut self.memory));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(blocks: &Blocks, byte: u8, length: usize) -> Bytes {
        let read = |memory: &mut [u8]| {
            memory[..length].fill(byte);
            Ok(length)
        };
        blocks.fill(read).expect("bytes")
    }

    #[test]
    fn a_block_is_used_again_when_nobody_has_what_it_held() {
        let blocks = Blocks::default();
        let first = filled(&blocks, 1, BLOCK_SIZE);
        let part = first.slice(5..7);
        let at = first.as_ptr();
        drop(first);
        let second = filled(&blocks, 2, 3);
        assert_eq!((&part[..], &second[..]), (&[1, 1][..], &[2, 2, 2][..]));
        drop(part);
        assert_eq!(filled(&blocks, 3, 1).as_ptr(), at);
    }

    #[test]
    fn only_so_many_are_kept() {
        let blocks = Blocks::default();
        let many: Vec<Bytes> = (0..KEPT + 3).map(|_| filled(&blocks, 1, 1)).collect();
        assert!(blocks.kept().is_empty());
        drop(many);
        assert_eq!(blocks.kept().len(), KEPT);
        let failed = blocks.fill(|_| Err(io::ErrorKind::NotFound.into()));
        assert!(failed.is_err());
        assert_eq!(blocks.kept().len(), KEPT);
    }
}
