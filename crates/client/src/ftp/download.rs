//! A whole file from the server to this machine.

use std::io;
use std::path::Path;

use lariat_protocol::ftp::Moment;

use super::moment::system_time;
use super::{Client, Error, Retrieve};
use crate::part::Part;

/// How to fetch a file, and what is known of it already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Download {
    /// Go on with what an earlier attempt has left.
    pub resume: bool,
    /// As text, with this system's line ends; neither its length nor where it stopped is known then.
    pub as_text: bool,
    /// Its size, if it is known; else the server is asked.
    pub size: Option<u64>,
    /// When it was changed, if that is known; else the server is asked.
    pub modified: Option<Moment>,
}

impl Client {
    /// Fetches a file. It stands beside its place, with `.part` behind its name, until it is whole: as many
    /// bytes as the server says, and the server says that it was all. Its time is that of the server's.
    ///
    /// When the transfer fails, what has come stays there, for an attempt that is to
    /// [resume](Download::resume), unless it is text; when the future is dropped, it is removed, unless this was one.
    /// Whatever else is called so here is overwritten. `progress` is told how many bytes are there and how many
    /// there will be.
    ///
    /// Gives the number of bytes that were transferred.
    ///
    /// # Errors
    ///
    /// When the server says no, the transfer fails, is shorter or longer than announced, or the file cannot
    /// be written.
    pub async fn download(
        &mut self,
        remote: &str,
        local: &Path,
        how: Download,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        let how = self.look_up(remote, how).await?;
        let changed = how.modified.map(system_time);
        let mut part = Part::open(local, how.resume && !how.as_text)?;
        let is_older = changed.is_some_and(|changed| part.written().is_some_and(|it| changed > it));
        if is_older || how.size.is_some_and(|size| part.begun() > size) {
            // It was another file.
            part.restart()?;
        }
        let fetched = self.fetch(remote, &mut part, how, &mut progress).await;
        match fetched {
            Ok(length) => {
                part.keep(changed)?;
                Ok(length)
            }
            // Its bytes are not the server's, so nothing can go on with it.
            Err(error) if how.as_text => {
                part.remove();
                Err(error)
            }
            // What is longer than was said, or was said to be all, is no beginning of anything.
            Err(error @ Error::Length { .. }) => {
                part.remove();
                Err(error)
            }
            Err(error) => {
                part.leave(changed);
                Err(error)
            }
        }
    }

    async fn fetch(
        &mut self,
        remote: &str,
        part: &mut Part,
        how: Download,
        progress: &mut impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        let begun = part.begun();
        if begun > 0 && how.size == Some(begun) {
            progress(begun, how.size);
            return Ok(0);
        }
        let mut there = begun;
        progress(there, how.size);
        let all = how.size.filter(|_| !how.as_text);
        let take = |block: &[u8]| {
            there += block.len() as u64;
            if all.is_some_and(|size| there > size) {
                // It may have no end.
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            part.write(block)?;
            progress(there, how.size);
            Ok(())
        };
        if how.as_text {
            return self.retrtext(remote, take).await;
        }
        let retrieve = Retrieve {
            offset: begun,
            ..Retrieve::default()
        };
        let received = self.retrbinary(remote, retrieve, take).await;
        match (how.size, &received) {
            (Some(said), Ok(_)) if there != said => {}
            (Some(said), Err(Error::Local { .. })) if there > said => {}
            _ => return received,
        }
        Err(Error::Length {
            path: remote.to_owned(),
            said: how.size.unwrap_or_default(),
            sent: there,
        })
    }

    /// Asks for what is not known. A server that does not say it is no reason not to fetch.
    async fn look_up(&mut self, remote: &str, how: Download) -> Result<Download, Error> {
        let mut how = how;
        if how.size.is_none() && !how.as_text {
            how.size = optional(self.size(remote).await)?;
        }
        if how.modified.is_none() {
            how.modified = optional(self.mdtm(remote).await)?;
        }
        Ok(how)
    }
}

/// What the server does not say is not known; but it is an error if it says nothing any more.
fn optional<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(known) => Ok(Some(known)),
        Err(Error::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
