//! A server that runs, as its operator has it: what changes without a restart.
//!
//! Certificates and the file's limits and deadlines are read again by [`Server::reload`],
//! whoever asks for it. What is wrong changes nothing: the old stays.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use lariat_net::{DrainReport, Error, Handle};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::failure::Failure;
use crate::serve::config::{self, Config};
use crate::serve::listen::{self, Served};
use crate::serve::listing;
use crate::serve::services::METRICS;
use crate::serve::settings::Settings;

/// A server that runs.
pub struct Server {
    handle: Handle,
    served: Vec<Served>,
    file: Option<File>,
    /// What the command line says of limits and deadlines.
    line: Settings,
    /// What holds now; locked for as long as something changes it.
    settings: Mutex<Settings>,
    drained: watch::Sender<Option<DrainReport>>,
}

/// A configuration file.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What it said at the start.
    pub first: Config,
}

/// What reading everything again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// What holds from now on.
    pub reloaded: Vec<String>,
    /// What has changed and holds from the next start on.
    pub needs_restart: Vec<String>,
    /// What is wrong, and stays as it was.
    pub wrong: Vec<String>,
}

impl Server {
    /// A server that serves all this, by what the command line and a file said.
    pub fn new(handle: Handle, served: Vec<Served>, line: Settings, file: Option<File>) -> Self {
        let first = file.as_ref().map(|file| file.first.settings.clone());
        let settings = line.clone().over(first.unwrap_or_default());
        Server {
            handle,
            served,
            file,
            line,
            settings: Mutex::new(settings),
            drained: watch::Sender::new(None),
        }
    }

    /// The reactor.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// The files that [`reload`](Self::reload) reads, each once.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.file.iter().map(|file| file.path.clone()).collect();
        for served in &self.served {
            files.extend(served.listening.files());
        }
        files.sort();
        files.dedup();
        files
    }

    /// Tells who waits for the end of the draining that it is over.
    pub fn has_drained(&self, report: DrainReport) {
        self.drained.send_replace(Some(report));
    }

    /// Waits for the end of the draining. None if the server ended otherwise.
    pub async fn drained(&self) -> Option<DrainReport> {
        let mut drained = self.drained.subscribe();
        let report = drained.wait_for(Option::is_some).await.ok()?;
        *report
    }

    /// Reads the certificates and the configuration file again, and logs what came of it.
    pub fn reload(&self) -> Reloaded {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reloaded = Reloaded::default();
        if let Some(file) = &self.file {
            self.reload_file(file, &mut settings, &mut reloaded);
        }
        self.reload_certificates(&mut reloaded);
        for what in &reloaded.reloaded {
            tracing::info!("reloaded {what}");
        }
        for what in &reloaded.needs_restart {
            tracing::warn!("{what}");
        }
        for what in &reloaded.wrong {
            tracing::error!("not reloaded: {what}");
        }
        reloaded
    }

    fn reload_file(&self, file: &File, settings: &mut Settings, reloaded: &mut Reloaded) {
        let path = file.path.display();
        let read = match config::read(&file.path) {
            Ok(read) => read,
            Err(failure) => {
                let what = failure.message().unwrap_or("it cannot be read");
                reloaded.wrong.push(what.to_string());
                return;
            }
        };
        let changed = file.first.changed(&read);
        if !changed.is_empty() {
            let words = if changed.len() == 1 { "has" } else { "have" };
            reloaded.needs_restart.push(format!(
                "{path}: {} {words} changed, which needs a restart",
                changed.join(", ")
            ));
        }
        let new = self.line.clone().over(read.settings);
        let tcp = |settings: &Settings| {
            let served = self.served.iter();
            let kept = served.map(|served| settings.keep_alive_of(served.entry.name));
            kept.collect::<Vec<_>>()
        };
        if tcp(&new) != tcp(settings) {
            reloaded.needs_restart.push(format!(
                "{path}: keep-alive or user-timeout has changed, which needs a restart"
            ));
        }
        self.handle.set_drain_time(new.drain_time());
        if new == *settings {
            reloaded
                .reloaded
                .push(format!("{path}: limits and deadlines, as they were"));
            return;
        }
        self.handle.set_limits(new.limits());
        for served in self.served.iter().filter(|served| served.entry != &METRICS) {
            let name = served.entry.name;
            served.listening.set_limits(new.limits_of(name));
            let deadlines = listen::deadlines(&new, served.entry, &served.endpoint);
            served.listening.set_deadlines(deadlines);
        }
        *settings = new;
        reloaded
            .reloaded
            .push(format!("{path}: limits and deadlines"));
    }

    fn reload_certificates(&self, reloaded: &mut Reloaded) {
        for served in &self.served {
            if served.listening.files().is_empty() {
                continue;
            }
            let shown = listing::plain(&served.endpoint);
            let shown = shown.map_or_else(|_| served.entry.name.into(), |plain| plain.to_string());
            match served.listening.reload() {
                Ok(()) => reloaded.reloaded.push(format!("{shown}: its certificate")),
                Err(error) => {
                    let failure = match &error {
                        // The endpoint is named already, without all its options.
                        Error::Open { error, .. } => Failure::from_error(error),
                        error => Failure::from_error(error),
                    };
                    let what = failure.message().unwrap_or("it cannot be read");
                    reloaded
                        .wrong
                        .push(format!("{shown}: its certificate stays as it was: {what}"));
                }
            }
        }
    }
}
