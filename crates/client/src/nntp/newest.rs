//! The newest articles of a group, which are not always those of its highest numbers: these may have been taken away.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use lariat_protocol::nntp::Overview;

use super::{Client, Error};

/// How many numbers are asked for at first, where fewer articles are wanted: some are missing nearly everywhere.
const WINDOW: u64 = 20;

/// How many times as many numbers are asked for as before, where there were too few articles.
const GROWTH: u64 = 4;

/// How many numbers are asked for at most, unless many times as many were asked for before: below those that have no articles
/// each may have one, and all of them come.
const MOST: u64 = 5_000;

/// Which part of those that were asked for before is asked for at most, where that is more.
const SHARE: u64 = 8;

/// How many numbers without an article are a gap that may be large: by then the server is asked where it ends.
const GAP: u64 = 1_000;

/// The code for that there is no article before.
const NO_PREVIOUS: u16 = 422;

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
    /// It asks from the end on, for more and more numbers at once, until it has found enough or there are no others; where
    /// many numbers have no article, it goes to the next one below. Which article is the current one then is not said.
    ///
    /// # Errors
    ///
    /// As [`over`](Self::over); but that there are no articles is none, and gives none.
    pub async fn newest(
        &mut self,
        numbers: RangeInclusive<u64>,
        wanted: usize,
    ) -> Result<Newest, Error> {
        let (first, last) = numbers.into_inner();
        let (mut high, mut asked, mut unknown) = (last, 0_u64, None);
        let mut window = WINDOW.max(wanted as u64);
        let mut newest = Newest::default();
        while first <= high && newest.overviews.len() < wanted {
            let low = high.saturating_sub(window - 1).max(first);
            let room = wanted - newest.overviews.len();
            let (mut found, is_cut) = self.newest_of(low..=high, room).await?;
            let is_gap = found.is_empty() && window >= GAP;
            let lowest = match found.front() {
                Some(oldest) if is_cut => oldest.number(),
                _ => low,
            };
            newest.older_before = (lowest > first).then_some(lowest);
            found.extend(newest.overviews.drain(..));
            newest.overviews = found.into();
            let Some(below) = low.checked_sub(1) else {
                break;
            };
            asked = asked.saturating_add(high - below);
            high = below;
            let most = MOST.max(asked / SHARE).max(window);
            window = window.saturating_mul(GROWTH).min(most);
            let oldest = newest.overviews.first().map(Overview::number);
            let known = oldest.unwrap_or(last.saturating_add(1));
            if is_gap && first <= high && unknown != Some(known) {
                match self.number_before(known).await? {
                    Some(before) => high = high.min(before),
                    None => unknown = Some(known),
                }
                newest.older_before = newest.older_before.filter(|_| first <= high);
            }
        }
        Ok(newest)
    }

    /// As many of the newest articles with these numbers, and whether there are more.
    async fn newest_of(
        &mut self,
        numbers: RangeInclusive<u64>,
        wanted: usize,
    ) -> Result<(VecDeque<Overview>, bool), Error> {
        let (mut found, mut is_cut) = (VecDeque::new(), false);
        let take = |overview: Overview| {
            found.push_back(overview);
            if found.len() > wanted {
                found.pop_front();
                is_cut = true;
            }
            Ok(())
        };
        match self.over_each(numbers, take).await {
            Err(error) if !error.is_unavailable() => Err(error),
            _ => Ok((found, is_cut)),
        }
    }

    /// The number of the article before the one with this number: 0 if there is none. Nothing if the server does not say, as
    /// where there is no article with this number.
    async fn number_before(&mut self, number: u64) -> Result<Option<u64>, Error> {
        let before = match self.stat(number).await {
            Ok(_) => self.last().await,
            Err(error) => Err(error),
        };
        match before {
            Ok(before) => Ok(Some(before.number).filter(|before| *before > 0)),
            Err(error) if error.code() == Some(NO_PREVIOUS) => Ok(Some(0)),
            Err(error) if error.is_fatal() => Err(error),
            Err(_) => Ok(None),
        }
    }
}
