//! From the body of an answer into the file, no further than was said.

use http::Uri;

use super::Step;
use super::state::Arrived;
use crate::http::kept::Kept;
use crate::http::range::Version;
use crate::http::{Body, DownloadError};

/// What a body is of, and how much may be in the file.
pub(super) struct Source<'a> {
    pub(super) uri: &'a Uri,
    pub(super) most: u64,
}

impl Source<'_> {
    /// Writes down what comes.
    pub(super) async fn receive(
        self,
        mut body: Body,
        kept: &mut Kept,
        arrived: Arrived,
        watch: &mut impl FnMut(Step<'_>),
    ) -> Result<(), DownloadError> {
        let Source { uri, most } = self;
        let Arrived { end, all } = arrived;
        // What is there already is the file's beginning all the same.
        if all.is_some_and(|all| all > most) {
            return Err(DownloadError::too_large(uri, most));
        }
        let said = all.or(end).unwrap_or_default();
        let wrong_length = |sent| DownloadError::wrong_length(uri, said, sent);
        let begun = kept.there();
        watch(Step::There { bytes: begun, all });
        while let Some(piece) = body.data().await? {
            let bytes = kept.there() + piece.len() as u64;
            let is_too_long = end.is_some_and(|end| bytes > end);
            if bytes > most || is_too_long {
                // It is no beginning of anything, or of nothing that anybody wants; what was there before is.
                if is_too_long || begun == 0 {
                    kept.restart(Version::default())?;
                }
                return Err(match is_too_long {
                    true => wrong_length(bytes),
                    false => DownloadError::too_large(uri, most),
                });
            }
            kept.write(&piece)?;
            watch(Step::There { bytes, all });
        }
        let is_short = |said: Option<u64>| said.is_some_and(|said| kept.there() < said);
        match is_short(end) || is_short(all) {
            true => Err(wrong_length(kept.there())),
            false => Ok(()),
        }
    }
}
