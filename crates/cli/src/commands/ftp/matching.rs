//! Which files patterns name, on either side.

use std::path::{Path, PathBuf};

use lariat_protocol::ftp::Kind;

use super::glob::{fits, is_pattern};
use super::session::Session;
use crate::failure::Failure;

/// The files of the server that fit any of the patterns, each in one folder.
///
/// # Errors
///
/// When nothing fits one of them, or a folder cannot be listed.
pub async fn matching_there(
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
            Some(("", inner)) => (Some("/"), inner),
            Some((folder, inner)) => (Some(folder), inner),
            None => (None, pattern.as_str()),
        };
        if folder.is_some_and(is_pattern) {
            let words = format!("{pattern}: a pattern may stand in the last part of a path only");
            return Err(Failure::usage(words));
        }
        let before = files.len();
        let listing = session.client.listing(folder).await?;
        session.tell_unread(&listing).await?;
        for entry in listing.entries {
            let fits = matches!(entry.kind, Kind::File | Kind::Link) && fits(inner, &entry.name);
            if fits && entry.has_plain_name() {
                files.push(match folder {
                    Some(folder) => format!("{}/{}", folder.trim_end_matches('/'), entry.name),
                    None => entry.name,
                });
            }
        }
        if files.len() == before {
            return Err(Failure::new(format!("no file fits {pattern}")));
        }
    }
    Ok(files)
}

/// The files of this machine that fit any of the patterns.
///
/// # Errors
///
/// When nothing fits one of them, or a folder cannot be read.
pub fn matching_here(patterns: &[String]) -> Result<Vec<PathBuf>, Failure> {
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
