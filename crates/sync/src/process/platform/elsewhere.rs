//! Where there are no worker processes yet: every way to one says so.

use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use crate::process::limits::Limits;

/// There is none.
pub enum Stream {}

fn unsupported<T>() -> io::Result<T> {
    let message = format!(
        "worker processes exist on Unix only so far, not on {}",
        std::env::consts::OS
    );
    Err(io::Error::new(ErrorKind::Unsupported, message))
}

impl Stream {
    pub fn try_clone(&self) -> io::Result<Self> {
        match *self {}
    }
}

impl Read for Stream {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

impl Write for Stream {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}

impl Write for &Stream {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match **self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match **self {}
    }
}

pub fn start(_: Option<&Path>) -> io::Result<(Stream, Child)> {
    unsupported()
}

pub fn name(_: Option<&Path>) -> String {
    "this program".to_owned()
}

pub fn set_timeouts(stream: &Stream, _: Option<Duration>) -> io::Result<()> {
    match *stream {}
}

pub fn end_of_calls(stream: &Stream) -> io::Result<()> {
    match *stream {}
}

pub fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

pub fn kill_group(_: u32) {}

pub fn how(status: ExitStatus, _: &Limits) -> String {
    format!("ended: {status}")
}

pub fn take_stream() -> io::Result<Stream> {
    unsupported()
}

pub fn end_with_the_program(stream: &Stream) -> io::Result<()> {
    match *stream {}
}

pub fn apply(_: &Limits) -> Result<(), String> {
    Ok(())
}

pub fn begin_task(_: &Limits) -> io::Result<()> {
    Ok(())
}
