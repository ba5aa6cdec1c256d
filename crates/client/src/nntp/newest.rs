//! The newest articles of a group, which are not always those of its highest numbers: these may have been taken away.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use lariat_protocol::nntp::Overview;

use super::{Client, Error};

/// How many numbers are asked for at first, where fewer articles are wanted: some are missing nearly everywhere.
const WINDOW: u64 = 20;

/// How many times as many numbers are asked for as before, where there were too few articles.
const GROWTH: u64 = 4;

/// The newest articles of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newest {
    /// Their overviews, the newest one at the end.
    pub overviews: Vec<Overview>,
    /// The number below which there may be more of them.
    pub older_before: Option<u64>,
}

impl Client {
    /// The overviews of the articles with the highest numbers of these, as many as are wanted if there are so many. The
    /// numbers of the group that is selected are `group.first..=group.last`.
    ///
    /// It asks from the end on, for more and more numbers at once, until it has found enough or there are no others.
    ///
    /// # Errors
    ///
    /// As [`over`](Self::over); but that there are no articles is none, and gives none.
    pub async fn newest(
        &mut self,
        numbers: RangeInclusive<u64>,
        wanted: usize,
    ) -> Result<Newest, Error> {
        let (first, mut high) = numbers.into_inner();
        let mut window = WINDOW.max(wanted as u64);
        let mut newest = Newest::default();
        while first <= high && newest.overviews.len() < wanted {
            let low = high.saturating_sub(window - 1).max(first);
            let room = wanted - newest.overviews.len();
            let (mut found, mut is_cut) = (VecDeque::new(), false);
            let take = |overview: Overview| {
                found.push_back(overview);
                if found.len() > room {
                    found.pop_front();
                    is_cut = true;
                }
                Ok(())
            };
            match self.over_each(low..=high, take).await {
                Ok(()) => {}
                Err(error) if error.is_unavailable() => {}
                Err(error) => return Err(error),
            }
            let lowest = match found.front() {
                Some(oldest) if is_cut => oldest.number(),
                _ => low,
            };
            newest.older_before = (lowest > first).then_some(lowest);
            found.extend(newest.overviews.drain(..));
            newest.overviews = found.into();
            (high, window) = match low.checked_sub(1) {
                Some(below) => (below, window.saturating_mul(GROWTH)),
                None => break,
            };
        }
        Ok(newest)
    }
}
