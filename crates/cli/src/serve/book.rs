//! The names of this server, kept in the state directory, with its own services among them.

use std::path::Path;

use lariat_net::{Handle, lookup};
use lariat_protocol::Endpoint;
use lariat_protocol::names::{Place, Probe, Registration, Way};
use lariat_service::names::{Directory, Settings};
use lariat_store::StoreError;
use lariat_store::names::SqliteNames;

use crate::failure::Failure;
use crate::serve::listen::{Served, is_every};
use crate::serve::listing;

/// The service that the names are kept for.
pub const SERVICE: &str = "names";

/// The file in the state directory.
const FILE: &str = "names.db";

/// The tag of everything that a server registers for itself.
const TAG: &str = "lariat";

/// Opens the names in the state directory, and has them probed on this reactor.
///
/// # Errors
///
/// When the file cannot be used: damaged, in use, of a later version.
pub fn open(state: &Path, reactor: &Handle) -> Result<Directory, Failure> {
    let advise = |error: StoreError| {
        Failure::from_error(&error).with_advice("--state DIR chooses another folder")
    };
    let store = SqliteNames::open(&state.join(FILE)).map_err(advise)?;
    let directory = Directory::open(store, Settings::default()).map_err(advise)?;
    directory.probe_on(reactor);
    Ok(directory)
}

/// Registers what is served, each service by its own name, until the reactor is asked to stop.
pub fn register(directory: &Directory, served: &[Served], reactor: &Handle) {
    let registrations = served.iter().filter_map(registration).collect();
    for refused in directory.register_own(registrations) {
        tracing::warn!("not registered among the names: {refused}");
    }
    let (directory, stopping) = (directory.clone(), reactor.stopping().clone());
    reactor.spawn(async move {
        stopping.cancelled().await;
        // It waits for the disk.
        let _ = tokio::task::spawn_blocking(move || directory.remove_inside()).await;
    });
}

/// What others connect to, if they can: by the machine's name where every address is listened on.
fn registration(served: &Served) -> Option<Registration> {
    let endpoint = public(listing::plain(&served.endpoint).ok()?)?;
    let place = Place::new(endpoint).ok()?;
    let name = served.entry.name;
    let mut registration = Registration::new(name.parse().ok()?, place);
    registration.tags = vec![TAG.parse().ok()?];
    // It is taken away when this process stops; nobody need ask.
    registration.probe = Some(Probe::of(Way::None));
    Some(registration)
}

fn public(endpoint: Endpoint) -> Option<Endpoint> {
    match endpoint.host().is_some_and(is_every) {
        true => Some(endpoint.with_host(lookup::host_name().ok()?.as_str())),
        false => Some(endpoint),
    }
}
