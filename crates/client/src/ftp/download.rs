//! A whole file from the server to this machine.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use lariat_protocol::ftp::Moment;

use super::moment::{moment, system_time};
use super::{Client, Error, Retrieve};
use crate::part::{Part, followed};

/// How to fetch a file, and what is known of it already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Download {
    /// Go on with what an earlier attempt has left; where the server cannot, it is begun anew.
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
    /// Whatever else is called so here is overwritten; a link to a file stays one. `progress` is told how many bytes are
    /// there and how many there will be.
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
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        self.download_at(remote, &followed(local), how, progress)
            .await
    }

    /// The same in this very place: a link there is replaced. A mirror does not choose its names, and none of them is
    /// to lead out of its folder.
    pub(super) async fn download_at(
        &mut self,
        remote: &str,
        local: &Path,
        how: Download,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        let how = self.look_up(remote, how).await?;
        let changed = how.modified.map(system_time);
        let resumes = how.resume && !how.as_text;
        let mut part = Part::open(local, resumes)?;
        if is_another(&part, how) {
            part.restart()?;
        }
        let begun = part.begun();
        let mut left = Left {
            part: Some(part),
            changed,
            resumes,
        };
        let mut fetched = self
            .fetch(remote, begun, &mut left, how, &mut progress)
            .await;
        if let Some(part) = &mut left.part
            && fetched.as_ref().is_err_and(Error::is_without_restart)
        {
            part.restart()?;
            fetched = self.fetch(remote, 0, &mut left, how, &mut progress).await;
        }
        let Some(part) = left.part.take() else {
            return fetched;
        };
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
        begun: u64,
        left: &mut Left,
        how: Download,
        progress: &mut impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
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
            left.write(block)?;
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
            let size = self.size(remote).await;
            how.size = self.if_known(size)?;
        }
        if how.modified.is_none() {
            let modified = self.mdtm(remote).await;
            how.modified = self.if_known(modified)?;
        }
        Ok(how)
    }
}

/// A file while it is fetched. Dropped then, as ^C drops it, what was being continued keeps the mark by which it can
/// be again.
struct Left {
    part: Option<Part>,
    changed: Option<SystemTime>,
    resumes: bool,
}

impl Left {
    fn write(&mut self, block: &[u8]) -> io::Result<()> {
        self.part.as_mut().map_or(Ok(()), |part| part.write(block))
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        if let Some(part) = self.part.take().filter(|_| self.resumes) {
            part.leave(self.changed);
        }
    }
}

/// Whether what is there already is of another file than the server's. One that was left has the time that the server's
/// file had, to the second: any other is that of another file, also an older one, as when a backup was put back.
fn is_another(part: &Part, how: Download) -> bool {
    let written = part.written().map(moment);
    let is_of_another_time = match (how.modified, written) {
        (Some(changed), Some(written)) => changed.seconds() != written.seconds(),
        _ => false,
    };
    is_of_another_time || how.size.is_some_and(|size| part.begun() > size)
}
