//! A service that stays registered: renewed in the background, and registered again when a name
//! server has lost it.

use std::time::Duration;

use lariat_protocol::names::{Claim, ErrorCode, Name, Place, Registration, Token, Ttl};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::names::{Client, Error};

/// How long is waited before a renewal that failed is tried again; each time twice as long, up to
/// the usual time between renewals.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How a registration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// The server has it.
    Held,
    /// Renewing failed, for this reason, and is tried again. The server keeps the registration
    /// until its time to live has run out.
    Failing(String),
    /// The server will not have it any more, for this reason: it is not tried again.
    Refused(String),
}

/// A registration that is renewed at every third of its time to live, within the tokio runtime
/// that it was begun in.
///
/// Dropped without [`remove`](Registered::remove), it is renewed no more, and ends with its time
/// to live.
#[derive(Debug)]
pub struct Registered {
    name: Name,
    place: Place,
    token: Token,
    ttl: Ttl,
    status: watch::Receiver<Status>,
    stop: Option<oneshot::Sender<()>>,
    renewing: JoinHandle<Client>,
}

impl Registered {
    /// Registers, and renews from then on.
    ///
    /// # Errors
    ///
    /// As [`Client::register`]; what cannot be registered at first is not tried again.
    pub async fn begin(mut client: Client, registration: Registration) -> Result<Self, Error> {
        let (token, ttl) = client.register(&registration).await?;
        let registration = Registration {
            token: Some(token.clone()),
            ..registration
        };
        let (name, place) = (registration.name.clone(), registration.place.clone());
        let (telling, status) = watch::channel(Status::Held);
        let (stop, stopped) = oneshot::channel();
        let renewing = Renewing {
            claim: Claim {
                name: name.clone(),
                token: token.clone(),
                place: Some(place.clone()),
            },
            registration,
            ttl,
            client,
            telling,
        };
        Ok(Registered {
            name,
            place,
            token,
            ttl,
            status,
            stop: Some(stop),
            renewing: tokio::spawn(renewing.run(stopped)),
        })
    }

    /// Whose it is: who wants to change or remove it later keeps this.
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// How long the server keeps it unless it is renewed.
    pub fn ttl(&self) -> Ttl {
        self.ttl
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Waits until it stands otherwise, and gives how. After [`Status::Refused`] that is never.
    pub async fn changed(&mut self) -> Status {
        if self.status.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.status.borrow_and_update().clone()
    }

    /// Takes it away from the server.
    ///
    /// # Errors
    ///
    /// As [`Client::remove`]; that it is not there any more is none.
    pub async fn remove(mut self) -> Result<(), Error> {
        drop(self.stop.take());
        let Ok(mut client) = (&mut self.renewing).await else {
            // The runtime is going down, and with it whatever could be sent.
            return Ok(());
        };
        let claim = Claim {
            name: self.name.clone(),
            token: self.token.clone(),
            place: Some(self.place.clone()),
        };
        match client.remove(&claim).await {
            Err(error) if is_gone(&error) => Ok(()),
            removed => removed,
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

struct Renewing {
    claim: Claim,
    registration: Registration,
    ttl: Ttl,
    client: Client,
    telling: watch::Sender<Status>,
}

impl Renewing {
    /// Renews until it is stopped, and gives the client back for whoever has more to say.
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) -> Client {
        tokio::select! {
            biased;
            // Whoever holds the other end has dropped it to say so.
            _ = &mut stopped => return self.client,
            () = self.renew() => {}
        }
        let _ = stopped.await;
        self.client
    }

    async fn renew(&mut self) {
        let mut failures = 0;
        loop {
            sleep(self.wait(failures)).await;
            match self.renew_once().await {
                Ok(()) => {
                    failures = 0;
                    self.tell(Status::Held);
                }
                Err(error) if error.may_pass() => {
                    failures += 1;
                    self.tell(Status::Failing(error.to_string()));
                }
                Err(error) => {
                    self.tell(Status::Refused(error.to_string()));
                    return;
                }
            }
        }
    }

    async fn renew_once(&mut self) -> Result<(), Error> {
        match self.client.renew(&self.claim).await {
            Ok(ttl) => {
                self.ttl = ttl.unwrap_or(self.ttl);
                Ok(())
            }
            Err(error) if is_gone(&error) => {
                (_, self.ttl) = self.client.register(&self.registration).await?;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn wait(&self, failures: u32) -> Duration {
        let third = Duration::from_secs(self.ttl.seconds().into()) / 3;
        match failures {
            0 => third,
            failures => third.min(FIRST_WAIT.saturating_mul(1 << (failures - 1).min(16))),
        }
    }

    /// Only what is new is told.
    fn tell(&self, status: Status) {
        self.telling.send_if_modified(|told| {
            let is_new = *told != status;
            *told = status;
            is_new
        });
    }
}

/// Whether the server does not have it: it came back without it, or it has run out.
fn is_gone(error: &Error) -> bool {
    matches!(error.code(), Some(ErrorCode::Expired | ErrorCode::Unknown))
}
