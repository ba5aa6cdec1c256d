//! The client: a request goes out, follows where it is led, and comes back as an answer.

mod repeating;
mod step;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Request, Response, Uri};
use tokio::time::Instant;

use self::step::{Step, Visited};
use super::address::Target;
use super::body::{Body, Encoding, Received, Wire};
use super::connecting::Connecting;
use super::event::Event;
use super::exchange::Answer;
use super::pool::Pool;
use super::{
    Authentication, Builder, Deadlines, Error, Exchange, Jar, Limits, Redirects, Retries, redirect,
};

/// A client of HTTP: cheap to clone, and its clones share connections, cookies and limits.
///
/// It runs in tokio's runtime, and its connections end with that. The example stands at [the module](crate::http).
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// What a client is made of.
pub(super) struct Inner {
    pub(super) connecting: Connecting,
    pub(super) pool: Pool,
    pub(super) deadlines: Deadlines,
    pub(super) limits: Limits,
    pub(super) redirects: Redirects,
    pub(super) retries: Retries,
    pub(super) jar: Option<Arc<Jar>>,
    pub(super) logins: Option<Logins>,
    pub(super) headers: HeaderMap,
    pub(super) decodes: bool,
}

/// Who asks a host.
pub(super) type Logins = Arc<dyn Fn(&str) -> Option<Authentication> + Send + Sync>;

/// When everything is to be over, and how long that is after its beginning.
type Whole = Option<(Instant, Duration)>;

impl Client {
    /// What a client is made by.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn of(inner: Inner) -> Self {
        Client {
            inner: Arc::new(inner),
        }
    }

    /// Sends a request, and gives back its answer as soon as the header is there. Redirections are followed, cookies and repetitions
    /// seen to, as the client was made.
    ///
    /// The address is a whole one ([`address`](super::address) reads what a person writes). A name and a password in it become a header.
    /// `Content-Length` and `Transfer-Encoding` are the body's to say and not the caller's. An answer is asked for
    /// compressed, and is unpacked, unless the caller has set `Accept-Encoding` or `Range`. [`Retries`] and a
    /// [`Witness`](super::Witness) among the request's extensions are for it alone. Dropping the future gives the request up.
    ///
    /// # Errors
    ///
    /// When there is no answer; one that says no, as 404 does, is an answer.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let inner = &*self.inner;
        let step = Step::first(request, inner)?;
        let Some(after) = inner.deadlines.whole else {
            return inner.follow(step, None).await;
        };
        let end = Instant::now() + after;
        let server = step.target.server();
        let following = inner.follow(step, Some((end, after)));
        match tokio::time::timeout_at(end, following).await {
            Ok(outcome) => outcome,
            Err(_) => Err(inner.origin(server, None).took_too_long(after)),
        }
    }
}

impl Inner {
    /// Sends it, and what its answers point to.
    async fn follow(&self, mut step: Step, whole: Whole) -> Result<Response<Body>, Error> {
        let mut visited: Vec<Visited> = Vec::new();
        let mut repetitions = 0;
        loop {
            let here = step.visited(self);
            let answer = self.repeat(&mut step, &mut repetitions, whole).await?;
            let next = match self.redirects.limit {
                0 => None,
                _ => redirect::next(
                    &step.method,
                    &step.target,
                    answer.response.status(),
                    answer.response.headers(),
                    &self.redirects,
                )?,
            };
            let Some(next) = next else {
                let redirects = visited.into_iter().map(|past| past.target.uri());
                let redirects = redirects.collect::<Result<_, _>>()?;
                return self.finish(&step, answer, redirects, repetitions, whole);
            };
            tracing::debug!(from = %step.target, to = %next.target, "redirected");
            self.discard(&step.target, answer, whole).await;
            visited.push(here);
            let from = step.target.uri()?;
            step = step.led_to(next, self)?;
            self.check_way(&visited, &step)?;
            if let Some(witness) = &step.witness {
                let (from, to) = (&from, &step.target.uri()?);
                witness.tell(&Event::Redirected { from, to });
            }
        }
    }

    /// Refuses a way that leads on too often, or round in a circle: who has been sent the same, and pointed elsewhere, will
    /// do it again.
    fn check_way(&self, visited: &[Visited], step: &Step) -> Result<(), Error> {
        let is_circle = visited.contains(&step.visited(self));
        if !is_circle && visited.len() <= self.redirects.limit {
            return Ok(());
        }
        let targets: Vec<Target> = visited.iter().map(|past| past.target.clone()).collect();
        Err(redirect::endless(&targets, &step.target))
    }

    fn finish(
        &self,
        step: &Step,
        answer: Answer,
        redirects: Vec<Uri>,
        repetitions: u32,
        whole: Whole,
    ) -> Result<Response<Body>, Error> {
        let Answer { response, lease } = answer;
        let (mut parts, incoming) = response.into_parts();
        let (about, is_reused) = (Arc::clone(&lease.about), lease.is_reused);
        let origin = self.origin(step.target.server(), whole);
        let wire = Wire::new(incoming, origin, lease);
        let wire_length = wire.said();
        // Two of them are one around the other, which nobody was asked for.
        let mut named = parts.headers.get_all(CONTENT_ENCODING).iter();
        let encoding = named
            .next()
            .filter(|_| named.next().is_none())
            .and_then(|value| Encoding::named(value.to_str().ok()?))
            .filter(|_| step.decodes && !wire.is_at_end());
        let received = match encoding {
            Some(encoding) => {
                parts.headers.remove(CONTENT_ENCODING);
                parts.headers.remove(CONTENT_LENGTH);
                Received::compressed(wire, encoding, &self.limits)
            }
            None => Received::plain(wire),
        };
        parts.extensions.insert(Exchange {
            address: step.target.uri()?,
            redirects,
            repetitions,
            peer: about.peer.clone(),
            tls: about.tls.clone(),
            is_reused,
            encoding: encoding.map(Encoding::name),
            wire_length,
        });
        Ok(Response::from_parts(parts, Body::received(received)))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").finish_non_exhaustive()
    }
}
