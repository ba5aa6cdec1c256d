//! How much the other side may send before it is given up.

/// The longest line of a reply, in bytes with its end. RFC 3977 has 512; some servers welcome with more.
pub const MAXIMUM_REPLY: usize = 8 * 1024;

/// How much of a block is taken. Each is a cap on what the other side can make grow here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line of a block, in bytes without its end. Default 64 KiB: an article's line has at most 998,
    /// but the overview of one that was answered for years names all that came before it.
    pub line: usize,
    /// The longest article, head or body, in bytes. Default 64 MiB; servers take 1 MiB, and binary groups little
    /// more.
    pub article: usize,
    /// The longest of all other blocks, in bytes: lists and overviews. Default 1 GiB, which is the overview of some
    /// millions of articles.
    pub block: usize,
    /// The most lines of a block. Default 20 million.
    pub lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            line: 64 * 1024,
            article: 64 * 1024 * 1024,
            block: 1024 * 1024 * 1024,
            lines: 20_000_000,
        }
    }
}
