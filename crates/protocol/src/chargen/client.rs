//! The client's side: as much as was wanted, and no more.

use crate::chargen::LINE;

/// How much a client wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Portion {
    /// Whatever comes.
    #[default]
    All,
    /// So many bytes.
    Bytes(u64),
    /// So many whole lines.
    Lines(u64),
}

/// Cuts what comes where the client has had enough.
///
/// ```
/// use lariat_protocol::chargen::{ChargenClient, Portion};
///
/// let mut client = ChargenClient::new(Portion::Lines(2));
/// assert_eq!(client.take(b" !\"#\r\n!\"#"), b" !\"#\r\n!\"#");
/// assert!(!client.has_enough());
/// assert_eq!(client.take(b"$\r\n\"#$%\r\n"), b"$\r\n");
/// assert!(client.has_enough());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ChargenClient {
    left: Portion,
}

impl ChargenClient {
    /// A client that wants so much.
    pub fn new(portion: Portion) -> Self {
        ChargenClient { left: portion }
    }

    /// What of these bytes is wanted: all, or the first of them.
    pub fn take<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        match &mut self.left {
            Portion::All => data,
            Portion::Bytes(left) => {
                let taken = usize::try_from(*left).map_or(data.len(), |left| left.min(data.len()));
                *left -= taken as u64;
                &data[..taken]
            }
            Portion::Lines(left) => {
                let mut taken = 0;
                for line in data.split_inclusive(|byte| *byte == b'\n') {
                    if *left == 0 {
                        break;
                    }
                    taken += line.len();
                    *left -= u64::from(line.ends_with(b"\n"));
                }
                &data[..taken]
            }
        }
    }

    /// Whether all that was wanted has come.
    pub fn has_enough(&self) -> bool {
        matches!(self.left, Portion::Bytes(0) | Portion::Lines(0))
    }

    /// How many bytes at most may be missing, where that is known; for who has to ask for each
    /// message of them.
    pub fn missing(&self) -> Option<u64> {
        match self.left {
            Portion::All => None,
            Portion::Bytes(left) => Some(left),
            Portion::Lines(left) => Some(left.saturating_mul(LINE as u64)),
        }
    }
}
