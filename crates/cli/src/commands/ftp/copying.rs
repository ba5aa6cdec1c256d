//! Files and folders, from the server and to it.

use std::path::{Path, PathBuf};

use lariat_client::ftp::{Direction, Download, Upload};
use lariat_client::part::path_of;
use serde_json::json;

use super::advice;
use super::matching::{matching_here, matching_there};
use super::mirroring::mirror;
use super::session::Session;
use crate::failure::{FAILED, Failure};
use crate::output::Pieces;
use crate::progress::Progress;

/// How many lines of a file are shown at the prompt.
const MAXIMUM_LINES: usize = 10_000;

/// How many bytes of a file are shown at the prompt, where a line may have 64 KiB.
const MAXIMUM_TEXT: usize = 4 * 1024 * 1024;

/// Carries out what copies.
///
/// # Errors
///
/// Whatever kept a file from being copied; several are told of one by one.
pub async fn copy(
    session: &mut Session,
    command: &str,
    arguments: &[String],
) -> Result<(), Failure> {
    let second = arguments.get(1).map(String::as_str);
    match (command, arguments) {
        ("get" | "reget", [remote, ..]) => {
            let local = here(remote, second)?;
            get(session, remote, &local, command == "reget").await
        }
        ("put" | "reput", [local, ..]) => {
            let remote = there(local, second)?;
            put(session, Path::new(local), &remote, command == "reput").await
        }
        ("mget", patterns) => {
            let mut several = Several::default();
            for remote in matching_there(session, patterns).await? {
                let fetched = match here(&remote, None) {
                    Ok(local) => get(session, &remote, &local, false).await,
                    Err(failure) => Err(failure),
                };
                several.go_on_behind(session, fetched).await?;
            }
            several.end()
        }
        ("mput", patterns) => {
            let mut several = Several::default();
            for local in matching_here(patterns)? {
                let sent = match there_alike(&local) {
                    Ok(remote) => put(session, &local, &remote, false).await,
                    Err(failure) => Err(failure),
                };
                several.go_on_behind(session, sent).await?;
            }
            several.end()
        }
        ("cat", [remote, ..]) => show(session, remote).await,
        ("mirror", [flag, local, rest @ ..]) if flag == "-R" => {
            let remote = match rest.first() {
                Some(remote) => remote.clone(),
                None => there(local, None)?,
            };
            mirror(session, Direction::Up, &remote, Path::new(local)).await
        }
        ("mirror", [remote]) if remote != "-R" => {
            let local = here(remote.trim_end_matches('/'), None)?;
            mirror(session, Direction::Down, remote, &local).await
        }
        ("mirror", [remote, local]) => {
            mirror(session, Direction::Down, remote, Path::new(local)).await
        }
        _ => Err(Failure::usage("usage: mirror [-R] FROM [TO]")),
    }
}

/// Several files, of which one that fails does not keep the others from being copied.
#[derive(Default)]
struct Several {
    has_failed: bool,
}

impl Several {
    /// Tells of what became of one, if it failed; that is an error where nothing can be done behind it, or it could
    /// not even be asked for.
    async fn go_on_behind(
        &mut self,
        session: &Session,
        outcome: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Err(failure) = outcome else { return Ok(()) };
        match failure.message() {
            Some(message) if failure.code() == FAILED && session.client.is_idle() => {
                self.has_failed = true;
                session.complain(message).await
            }
            _ => Err(failure),
        }
    }

    fn end(self) -> Result<(), Failure> {
        match self.has_failed {
            true => Err(Failure::quiet(FAILED)),
            false => Ok(()),
        }
    }
}

/// Fetches a file.
pub async fn get(
    session: &mut Session,
    remote: &str,
    local: &Path,
    resume: bool,
) -> Result<(), Failure> {
    let how = Download {
        resume: resume || session.resume,
        as_text: session.as_text,
        ..Download::default()
    };
    let bar = bar(session, remote);
    let progress = |there, all| bar.show(there, all);
    let fetched = session.client.download(remote, local, how, progress).await;
    bar.clear();
    let bytes = fetched.map_err(|error| {
        let failure = Failure::from(error);
        // Nothing goes on with half a text.
        match !session.as_text && path_of(local).exists() {
            true => failure.with_advice("what came is kept; reget goes on with it"),
            false => failure,
        }
    })?;
    told(session, "get", remote, &local.display().to_string(), bytes).await
}

/// Sends a file.
pub async fn put(
    session: &mut Session,
    local: &Path,
    remote: &str,
    resume: bool,
) -> Result<(), Failure> {
    let how = Upload {
        resume: resume || session.resume,
        as_text: session.as_text,
        in_place: session.in_place,
    };
    let bar = bar(session, remote);
    let progress = |there, all| bar.show(there, all);
    session.halves.begin(how, remote);
    let sent = session.client.upload(local, remote, how, progress).await;
    session.halves.end(how, remote);
    bar.clear();
    let bytes = sent.map_err(
        |error| match advice::of_renaming(&error, &how.place(remote)) {
            Some(advice) => Failure::from(error).with_advice(&advice),
            None => error.into(),
        },
    )?;
    told(session, "put", &local.display().to_string(), remote, bytes).await
}

async fn told(
    session: &Session,
    what: &str,
    from: &str,
    to: &str,
    bytes: u64,
) -> Result<(), Failure> {
    if session.as_json {
        let object = json!({"done": what, "path": from, "to": to, "bytes": bytes});
        return session.object(object).await;
    }
    session
        .remark(&format!("{from} -> {to}: {bytes} bytes"))
        .await
}

/// Shows a file on standard output, as it is.
async fn show(session: &mut Session, remote: &str) -> Result<(), Failure> {
    if let Some(printer) = session.printer.clone() {
        let (mut text, mut count) = (String::new(), 0);
        let take = |line: &str| {
            count += 1;
            if count > MAXIMUM_LINES || text.len() + line.len() > MAXIMUM_TEXT {
                return Err(std::io::Error::other(
                    "more than 10,000 lines, or 4 MiB, are no text to show here",
                ));
            }
            text.push_str(line);
            text.push('\n');
            Ok(())
        };
        session.client.retrlines(remote, take).await?;
        return printer
            .print(text.strip_suffix('\n').unwrap_or(&text))
            .await;
    }
    let mut pieces = Pieces::default();
    let take = |block: &[u8]| {
        let mut output = std::io::stdout().lock();
        std::io::Write::write_all(&mut output, &pieces.shown(block))
    };
    let how = lariat_client::ftp::Retrieve::default();
    let shown = session.client.retrbinary(remote, how, take).await;
    shown.map_err(|error| match error {
        // Whoever does not want to read more has had what they wanted.
        lariat_client::ftp::Error::Local { error, .. } => Failure::from(error),
        error => error.into(),
    })?;
    crate::output::print(pieces.end())
}

fn bar(session: &Session, name: &str) -> Progress {
    match session.is_quiet || session.as_json || session.printer.is_some() {
        true => Progress::hidden(),
        false => Progress::of_file(name),
    }
}

/// Where a file of the server goes here: under its own name, or what was said.
fn here(remote: &str, said: Option<&str>) -> Result<PathBuf, Failure> {
    let name = remote.rsplit('/').next().unwrap_or(remote);
    let own = lariat_protocol::ftp::Entry::named(name);
    match said {
        Some(said) if Path::new(said).is_dir() && own.has_plain_name() => {
            Ok(Path::new(said).join(name))
        }
        Some(said) => Ok(said.into()),
        None if own.has_plain_name() => Ok(name.into()),
        None => Err(Failure::usage(format!(
            "{remote} has no name of its own; say one behind it"
        ))),
    }
}

/// Where a file of this machine goes there, under its own name. One that is not UTF-8 could only be sent as another, which
/// several files may have.
fn there_alike(local: &Path) -> Result<String, Failure> {
    match local.to_str() {
        Some(local) => there(local, None),
        None => Err(Failure::new(format!(
            "{local:?} is not sent: its name is not UTF-8"
        ))),
    }
}

/// Where a file of this machine goes there.
fn there(local: &str, said: Option<&str>) -> Result<String, Failure> {
    let name = Path::new(local)
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    match (said, name) {
        (Some(said), Some(name)) if said.ends_with('/') => Ok(format!("{said}{name}")),
        (Some(said), _) => Ok(said.to_owned()),
        (None, Some(name)) => Ok(name),
        (None, None) => Err(Failure::usage(format!(
            "{local} has no name; say one behind it"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_name_unless_another_is_said() {
        let local = |remote: &str, said| here(remote, said).map(|path| path.display().to_string());
        assert_eq!(local("pub/a", None), Ok("a".into()));
        assert_eq!(local("pub/a", Some("b")), Ok("b".into()));
        assert!(local("pub/..", None).is_err());
        assert!(local("pub/", None).is_err());
        assert_eq!(there("x/a", None), Ok("a".into()));
        assert_eq!(there("x/a", Some("pub/")), Ok("pub/a".into()));
        assert!(there("..", None).is_err());
    }
}
