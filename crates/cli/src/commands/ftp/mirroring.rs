//! Folders with all in them, from the server and to it.

use std::path::Path;
use std::sync::Arc;

use lariat_client::ftp::{Direction, Mirror, Mirrored, Step, Upload, Watcher};
use serde_json::json;

use super::advice;
use super::halves::Halves;
use super::session::Session;
use crate::failure::{FAILED, Failure};
use crate::output::complain;
use crate::progress::Progress;

/// Copies a folder with all in it.
///
/// # Errors
///
/// When the folder itself cannot be copied; also when something in it could not, of which is told then.
pub async fn mirror(
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
    let watching = Watching {
        bar: bar.clone(),
        halves: (direction == Direction::Up).then(|| session.halves.clone()),
        sending: Upload {
            resume: session.resume,
            as_text: session.as_text,
            in_place: session.in_place,
        },
        there: remote.trim_end_matches('/').to_owned(),
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
        .run_on(client, site, remote, local, Arc::new(watching))
        .await;
    bar.clear();
    session.halves.take();
    tell_mirrored(session, remote, mirrored?).await
}

/// Shows what happens in a mirror, and knows what is being sent.
struct Watching {
    bar: Progress,
    /// Nothing is sent where it goes down.
    halves: Option<Halves>,
    sending: Upload,
    /// The folder on the server, without a slash at its end.
    there: String,
}

impl Watching {
    fn ended(&self, path: &str) {
        if let Some(halves) = &self.halves {
            halves.end(self.sending, &self.remote(path));
        }
        self.bar.step();
    }

    fn remote(&self, path: &str) -> String {
        format!("{}/{path}", self.there)
    }
}

impl Watcher for Watching {
    fn step(&self, step: Step<'_>) {
        match step {
            Step::Found(files) => self.bar.expect(files),
            Step::Begun { path, .. } => {
                if let Some(halves) = &self.halves {
                    halves.begin(self.sending, &self.remote(path));
                }
            }
            Step::Done { path, .. } => self.ended(path),
            Step::Kept { .. } => self.bar.step(),
            Step::LeftOut { path, why } => {
                let warn = || tracing::warn!("{path:?} is left out: {why}");
                self.bar.above(warn);
            }
            Step::Failed { path, error } => {
                self.ended(path);
                let place = self.sending.place(&self.remote(path));
                let advice = advice::of_renaming(error, &place);
                let advice = advice.map_or_else(String::new, |advice| format!("; {advice}"));
                let tell = || complain(&format!("{path}: {error}{advice}"));
                self.bar.above(tell);
            }
            _ => {}
        }
    }
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
