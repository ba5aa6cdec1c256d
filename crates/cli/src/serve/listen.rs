//! Listening on what is planned: certificates first, then the sockets.

use std::io;
use std::path::Path;

use lariat_net::{Error, Handle, ListenOptions, Listening};
use lariat_protocol::endpoint::{Base, Host};
use lariat_protocol::{Deadlines, Endpoint};
use lariat_service::command::Custom;
use lariat_service::names::Directory as Names;
use lariat_tls::Directory;

use crate::failure::Failure;
use crate::serve::book;
use crate::serve::plan::Planned;
use crate::serve::services::{Entry, Making, Shared};
use crate::serve::settings::Settings;
use crate::serve::state;

/// An endpoint that is served.
#[derive(Debug)]
pub struct Served {
    /// By which service.
    pub entry: &'static Entry,
    /// As it was planned, with the port that was taken.
    pub endpoint: Endpoint,
    /// Each address of it that was really bound.
    pub bound: Vec<Endpoint>,
    /// Whether its certificate is the one in the state directory.
    pub is_ours: bool,
    /// What changes while it is served.
    pub listening: Listening,
}

/// Gives a certificate from the state directory to the endpoints that need one.
///
/// # Errors
///
/// When the state directory cannot be made or used.
pub fn prepare(planned: &mut [Planned], folder: &Path) -> Result<(), Failure> {
    let in_state = |planned: &Planned| match planned.endpoint.base() {
        _ if planned.entry.name == book::SERVICE => true,
        Base::Unix { .. } => planned.is_default,
        _ => needs_certificate(&planned.endpoint),
    };
    if !planned.iter().any(in_state) {
        return Ok(());
    }
    let advise = |error| Failure::from(error).with_advice("--state DIR chooses another folder");
    let directory = Directory::open(folder).map_err(advise)?;
    let mut names = Vec::new();
    for planned in planned.iter_mut() {
        if !needs_certificate(&planned.endpoint) {
            continue;
        }
        if let Some(host) = planned.endpoint.host().filter(|host| !is_every(host)) {
            names.push(host.to_string());
        }
        let certificate = directory.server_certificate();
        let key = directory.server_key();
        let endpoint = planned.endpoint.clone();
        let endpoint = endpoint.with_option("cert", state::text(&certificate)?)?;
        planned.endpoint = endpoint.with_option("key", state::text(&key)?)?;
        planned.is_ours = true;
    }
    if planned.iter().any(|planned| planned.is_ours) {
        state::certify(&directory, &names).map_err(advise)?;
    }
    Ok(())
}

fn needs_certificate(endpoint: &Endpoint) -> bool {
    endpoint.is_tls() && endpoint.options().cert.is_none()
}

/// Whether a host means every address of the machine.
pub fn is_every(host: &Host) -> bool {
    host.address()
        .is_some_and(|address| address.is_unspecified())
}

/// Listens on everything, or on nothing if something of it cannot be.
///
/// # Errors
///
/// The first endpoint that cannot be listened on, why, and what would help.
pub fn listen(
    reactor: &Handle,
    planned: Vec<Planned>,
    settings: &Settings,
    commands: &[Custom],
    names: Option<&Names>,
    verbose: bool,
) -> Result<Vec<Served>, Failure> {
    let door = Door {
        names,
        reactor,
        watched: reactor,
        settings,
        commands,
        verbose,
        shared: Shared::default(),
    };
    let listen = |planned| door.listen(planned);
    planned.into_iter().map(listen).collect()
}

/// Listens on one endpoint for who watches a reactor, on another reactor.
///
/// # Errors
///
/// As [`listen`].
pub fn listen_watching(
    reactor: &Handle,
    watched: &Handle,
    planned: Planned,
) -> Result<Served, Failure> {
    let door = Door {
        reactor,
        watched,
        settings: &Settings::default(),
        commands: &[],
        names: None,
        verbose: false,
        shared: Shared::default(),
    };
    door.listen(planned)
}

/// How endpoints are listened on.
struct Door<'a> {
    reactor: &'a Handle,
    watched: &'a Handle,
    settings: &'a Settings,
    commands: &'a [Custom],
    names: Option<&'a Names>,
    verbose: bool,
    shared: Shared,
}

/// How long the clients of a service may take at an endpoint. Over standard input they may take
/// their time: that is a person who thinks, or a program that is one's own.
pub fn deadlines(settings: &Settings, entry: &Entry, endpoint: &Endpoint) -> Deadlines {
    let own = match endpoint.base() {
        Base::Stdio => Deadlines::NONE,
        _ => entry.deadlines,
    };
    settings.deadlines_of(entry.name, own)
}

impl Door<'_> {
    fn listen(&self, planned: Planned) -> Result<Served, Failure> {
        let name = planned.entry.name;
        let service = (planned.entry.make)(&Making {
            endpoint: &planned.endpoint,
            verbose: self.verbose,
            reactor: self.watched,
            commands: self.commands,
            names: self.names,
            shared: &self.shared,
        })?;
        let options = ListenOptions {
            name: Some(name.to_string()),
            deadlines: Some(deadlines(self.settings, planned.entry, &planned.endpoint)),
            // Also where there are none, since only a service that has its own can be given
            // others without a restart.
            limits: Some(self.settings.limits_of(name)),
            keep_alive: Some(self.settings.keep_alive_of(name)),
            ..ListenOptions::default()
        };
        let listening = self
            .reactor
            .listen_with(&planned.endpoint, options, service)
            .map_err(|error| advise(error, &planned))?;
        let bound = listening.endpoints().to_vec();
        let port = bound.first().and_then(Endpoint::port);
        let endpoint = match (port, bound.len()) {
            // One family of two: only what is really there is shown.
            (_, 1) => bound[0].clone(),
            (Some(port), _) => planned.endpoint.with_port(port),
            (None, _) => planned.endpoint,
        };
        Ok(Served {
            entry: planned.entry,
            endpoint,
            bound,
            is_ours: planned.is_ours,
            listening,
        })
    }
}

/// The engine's words, and what would help on this command line.
fn advise(error: Error, planned: &Planned) -> Failure {
    let (address, kind) = match &error {
        Error::Listen { address, error, .. } if planned.is_default => {
            (address.clone(), error.kind())
        }
        _ => return error.into(),
    };
    let in_use = format!("cannot listen: {address} is in use by another program");
    match (planned.endpoint.port(), kind) {
        (Some(_), io::ErrorKind::AddrInUse) => Failure::new(in_use).with_advice(
            "--port-base N moves the default ports, and --port-base 0 takes any that are free",
        ),
        (None, io::ErrorKind::AddrInUse) => {
            Failure::new(in_use).with_advice("--state DIR chooses another folder for it")
        }
        // The system allows about a hundred bytes.
        (None, io::ErrorKind::InvalidInput) => {
            Failure::from(error).with_advice("--state DIR chooses a folder with a shorter path")
        }
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_may_take_its_time_unless_somebody_says_otherwise() {
        let entry = Entry::named("timestamp").expect("known");
        let stdio: Endpoint = "stdio:".parse().expect("an endpoint");
        let tcp: Endpoint = "tcp://localhost:7".parse().expect("an endpoint");
        let mut settings = Settings::default();
        assert_eq!(deadlines(&settings, entry, &stdio), Deadlines::NONE);
        assert_eq!(deadlines(&settings, entry, &tcp), entry.deadlines);
        settings
            .deadlines
            .push("idle=7s".parse().expect("a setting"));
        let said = Some(std::time::Duration::from_secs(7));
        assert_eq!(deadlines(&settings, entry, &stdio).idle, said);
    }
}
