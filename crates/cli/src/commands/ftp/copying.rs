//! Files and folders, from the server and to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use lariat_client::ftp::{Direction, Download, Mirror, Mirrored, Step, Upload};
use lariat_client::part::path_of;
use lariat_protocol::ftp::Kind;
use serde_json::json;

use super::glob::{fits, is_pattern};
use super::session::Session;
use crate::failure::{FAILED, Failure};
use crate::output::{Pieces, complain};
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
            let files = matching_there(session, patterns).await?;
            for remote in files {
                let local = here(&remote, None)?;
                get(session, &remote, &local, false).await?;
            }
            Ok(())
        }
        ("mput", patterns) => {
            for local in matching_here(patterns)? {
                let remote = there(&local.to_string_lossy(), None)?;
                put(session, &local, &remote, false).await?;
            }
            Ok(())
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
    if !how.in_place && !how.resume {
        session.halves().insert(how.place(remote));
    }
    let sent = session.client.upload(local, remote, how, progress).await;
    session.halves().clear();
    bar.clear();
    told(session, "put", &local.display().to_string(), remote, sent?).await
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

async fn mirror(
    session: &mut Session,
    direction: Direction,
    remote: &str,
    local: &Path,
) -> Result<(), Failure> {
    session.folder = Some(session.client.pwd().await?);
    let bar = match session.is_quiet || session.as_json || session.printer.is_some() {
        true => Progress::hidden(),
        false => Progress::of_folder(remote),
    };
    let watching = bar.clone();
    let halves = match direction == Direction::Up && !session.in_place && !session.resume {
        true => Some(Arc::clone(&session.halves)),
        false => None,
    };
    let there = remote.trim_end_matches('/').to_owned();
    let sending = move |path: &str, is_sent: bool| {
        if let Some(halves) = &halves {
            let mut halves = halves.lock().unwrap_or_else(PoisonError::into_inner);
            let half = Upload::default().place(&format!("{there}/{path}"));
            match is_sent {
                true => halves.insert(half),
                false => halves.remove(&half),
            };
        }
    };
    let watcher = move |step: Step<'_>| match step {
        Step::Found(files) => watching.expect(files),
        Step::Begun { path, .. } => sending(path, true),
        Step::Done { path, .. } => {
            sending(path, false);
            watching.step();
        }
        Step::Kept { .. } => watching.step(),
        Step::LeftOut { path, why } => {
            watching.above(|| tracing::warn!("{path:?} is left out: {why}"));
        }
        Step::Failed { path, error } => {
            sending(path, false);
            watching.step();
            watching.above(|| complain(&format!("{path}: {error}")));
        }
        _ => {}
    };
    let how = Mirror {
        direction,
        transfers: session.transfers,
        resume: session.resume,
        in_place: session.in_place,
        as_text: session.as_text,
    };
    let (client, site) = (&mut session.client, &session.site);
    let mirrored = how
        .run_on(client, site, remote, local, Arc::new(watcher))
        .await;
    bar.clear();
    session.halves().clear();
    let back = match session.client.is_idle() {
        true => session.break_off().await,
        false => Ok(()),
    };
    let done = mirrored?;
    back?;
    tell_mirrored(session, remote, done).await
}

/// Says what a mirror has done.
async fn tell_mirrored(session: &Session, remote: &str, done: Mirrored) -> Result<(), Failure> {
    if session.as_json {
        let object = json!({
            "done": "mirror", "path": remote, "files": done.files, "bytes": done.bytes,
            "kept": done.kept, "left_out": done.left_out, "failed": done.failed,
        });
        session.object(object).await?;
    } else {
        let mut words = format!("{} files, {} bytes", done.files, done.bytes);
        for (count, what) in [
            (done.kept, "there already"),
            (done.left_out, "left out"),
            (done.failed, "failed"),
        ] {
            if count > 0 {
                words.push_str(&format!("; {count} {what}"));
            }
        }
        session.remark(&words).await?;
    }
    match done.failed {
        0 => Ok(()),
        _ => Err(Failure::quiet(FAILED)),
    }
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

/// The files of the server that fit any of the patterns, each in one folder.
async fn matching_there(
    session: &mut Session,
    patterns: &[String],
) -> Result<Vec<String>, Failure> {
    let mut files = Vec::new();
    for pattern in patterns {
        if !is_pattern(pattern) {
            files.push(pattern.clone());
            continue;
        }
        let (folder, inner) = match pattern.rsplit_once('/') {
            Some((folder, inner)) => (Some(folder), inner),
            None => (None, pattern.as_str()),
        };
        if folder.is_some_and(is_pattern) {
            let words = format!("{pattern}: a pattern may stand in the last part of a path only");
            return Err(Failure::usage(words));
        }
        let before = files.len();
        for entry in session.client.list(folder).await? {
            let fits = matches!(entry.kind, Kind::File | Kind::Link) && fits(inner, &entry.name);
            if fits && entry.has_plain_name() {
                let name = entry.name;
                files
                    .push(folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}")));
            }
        }
        if files.len() == before {
            return Err(Failure::new(format!("no file fits {pattern}")));
        }
    }
    Ok(files)
}

/// The files of this machine that fit any of the patterns.
fn matching_here(patterns: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for pattern in patterns {
        let path = Path::new(pattern);
        let inner = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let inner = inner.unwrap_or_default();
        if !is_pattern(pattern) || path.exists() {
            files.push(path.to_owned());
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let read = match folder.as_os_str().is_empty() {
            true => std::fs::read_dir("."),
            false => std::fs::read_dir(folder),
        };
        let entries = read.map_err(|error| {
            let words = crate::failure::in_words(&error);
            Failure::new(format!("{}: {words}", folder.display()))
        })?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.path().is_file())
            .filter(|entry| fits(&inner, &entry.file_name().to_string_lossy()))
            .map(|entry| folder.join(entry.file_name()))
            .collect();
        if found.is_empty() {
            return Err(Failure::new(format!("no file fits {pattern}")));
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
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
