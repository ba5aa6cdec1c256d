//! A whole file from this machine to the server.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::moment::moment;
use super::{Client, Error, Store};
use crate::part::{SUFFIX, cannot};
use crate::platform;

/// How to send a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Upload {
    /// Go on with what an earlier attempt has left; where the server cannot, it is begun anew.
    pub resume: bool,
    /// As text, with the network's line ends.
    pub as_text: bool,
    /// Under its name from the first byte on, for servers where files may be stored and not renamed. Whoever
    /// looks at the wrong moment finds half a file then.
    pub in_place: bool,
}

impl Upload {
    /// The name under which a file stands on the server until it is whole.
    ///
    /// ```
    /// use lariat_client::ftp::Upload;
    ///
    /// assert_eq!(Upload::default().place("pub/a"), "pub/a.part");
    /// let at_once = Upload { in_place: true, ..Upload::default() };
    /// assert_eq!(at_once.place("pub/a"), "pub/a");
    /// ```
    pub fn place(&self, remote: &str) -> String {
        match self.in_place {
            true => remote.to_owned(),
            false => format!("{remote}{SUFFIX}"),
        }
    }
}

impl Client {
    /// Sends a file. It stands on the server with `.part` behind its name until it is whole, where it overwrites what
    /// else is called so, and then has the time of the file here, if the server takes one. `progress` is told how
    /// many bytes are there and how many there will be.
    ///
    /// Gives the number of bytes that were transferred.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, the server says no, or the transfer fails.
    pub async fn upload(
        &mut self,
        local: &Path,
        remote: &str,
        how: Upload,
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        let mut file = File::open(local).map_err(|error| cannot("read", local, error))?;
        let known = file
            .metadata()
            .map_err(|error| cannot("read", local, error))?;
        if known.is_dir() {
            return Err(cannot("send", local, io::ErrorKind::IsADirectory.into()).into());
        }
        let target = how.place(remote);
        let offset = match how.resume && !how.as_text {
            true => self.sent_before(&target, &known).await?,
            false => 0,
        };
        let sought = file.seek(SeekFrom::Start(offset));
        sought.map_err(|error| cannot("read", local, error))?;
        let mut source = Watched {
            file,
            there: offset,
            all: known.len(),
            progress,
        };
        (source.progress)(offset, Some(known.len()));
        let sent = match how.as_text {
            true => self.storlines(&target, &mut source).await?,
            false => {
                let (begun, sent) = self.store(&target, offset, &mut source).await?;
                self.check_whole(&target, known.len(), begun + sent, how)
                    .await?;
                sent
            }
        };
        if !how.in_place {
            self.rename(&target, remote).await?;
        }
        if let Ok(changed) = known.modified() {
            // The file is there; its time is not worth more than that.
            self.set_modified(remote, moment(changed)).await?;
        }
        Ok(sent)
    }

    /// Sends what is behind this offset, or everything where the server begins nowhere else. Gives from where on it did, and
    /// how much that was.
    async fn store<F: FnMut(u64, Option<u64>)>(
        &mut self,
        target: &str,
        offset: u64,
        source: &mut Watched<F>,
    ) -> Result<(u64, u64), Error> {
        let from = |offset| Store {
            offset,
            ..Store::default()
        };
        match self.storbinary(target, from(offset), &mut *source).await {
            Err(error) if offset > 0 && error.is_without_restart() => {
                source.rewind()?;
                let sent = self.storbinary(target, from(0), source).await?;
                Ok((0, sent))
            }
            sent => Ok((offset, sent?)),
        }
    }

    /// How much of this file an earlier attempt has left there: what is not longer, and was written when this one had been
    /// changed or put here for the last time, which a whole second has to tell apart. Where the server does not say, nobody
    /// knows whose beginning it is, and it is sent anew. A server whose clock is ahead of ours says too much.
    async fn sent_before(&mut self, target: &str, known: &Metadata) -> Result<u64, Error> {
        let size = self.size(target).await;
        let there = match self.if_known(size)? {
            Some(there) if there > 0 && there <= known.len() => there,
            _ => return Ok(0),
        };
        let written = self.mdtm(target).await;
        let written = self.if_known(written)?;
        let changed = platform::changed(known).map(moment);
        let is_of_this = match (written, changed) {
            (Some(written), Some(changed)) => written.seconds() > changed.seconds(),
            _ => false,
        };
        Ok(if is_of_this { there } else { 0 })
    }

    /// Looks whether all of a file is there, before it gets its name.
    async fn check_whole(
        &mut self,
        target: &str,
        length: u64,
        sent: u64,
        how: Upload,
    ) -> Result<(), Error> {
        let size = self.size(target).await;
        let there = self.if_known(size)?.unwrap_or(sent);
        // A file that grew meanwhile, as a log does, was sent as far as it went.
        let (said, sent) = match there == sent {
            true if sent >= length => return Ok(()),
            true => (length, sent),
            false => (sent, there),
        };
        if !how.in_place {
            // It is the beginning of nothing; if the server keeps it nevertheless, the next attempt looks again.
            let removed = self.delete(target).await;
            self.if_known(removed)?;
        }
        Err(Error::Length {
            path: target.to_owned(),
            said,
            sent,
        })
    }
}

/// A file of which is told how much was read.
struct Watched<F> {
    file: File,
    there: u64,
    all: u64,
    progress: F,
}

impl<F: FnMut(u64, Option<u64>)> Watched<F> {
    fn rewind(&mut self) -> Result<(), Error> {
        let sought = self.file.rewind();
        sought.map_err(|error| Error::Local {
            what: "cannot read what is to be sent".into(),
            error,
        })?;
        self.there = 0;
        (self.progress)(0, Some(self.all));
        Ok(())
    }
}

impl<F: FnMut(u64, Option<u64>)> Read for Watched<F> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(block)?;
        self.there += length as u64;
        (self.progress)(self.there, Some(self.all.max(self.there)));
        Ok(length)
    }
}
