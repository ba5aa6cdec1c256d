//! One request, sent again where that may help, with the cookies that the jar has by then.

use std::time::{Duration, SystemTime};

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use super::step::Step;
use super::{Inner, Whole};
use crate::http::Error;
use crate::http::address::Target;
use crate::http::body::{Body, Origin, Received, Recipe, Wire};
use crate::http::event::Event;
use crate::http::exchange::{Answer, Asking, Exchanging};

/// How much is read of an answer that nobody wants, for the sake of its connection.
const DISCARDED: usize = 64 * 1024;

/// For how long it is read: about as long as another connection takes.
const DISCARDING: Duration = Duration::from_secs(1);

impl Inner {
    /// Sends one request, again if that may help.
    pub(super) async fn repeat(
        &self,
        step: &mut Step,
        repetitions: &mut u32,
        whole: Whole,
    ) -> Result<Answer, Error> {
        let exchanging = Exchanging {
            connecting: &self.connecting,
            pool: &self.pool,
            deadlines: &self.deadlines,
        };
        let first = step.body.take();
        let again = || step.recipe.as_ref().map(Recipe::body);
        let is_covered = step.retries.covers(&step.method) && step.recipe.is_some();
        let mut body = first.or_else(again).unwrap_or_default();
        let mut done = 0;
        loop {
            let headers = step.headers_with_cookies(self);
            let asking = Asking {
                method: &step.method,
                target: &step.target,
                headers: &headers,
                witness: step.witness.as_ref(),
            };
            let asked = exchanging.ask(&asking, body, again).await;
            if let Ok(answer) = &asked {
                self.take_cookies(&step.target, answer.response.headers());
            }
            let pause = match is_covered {
                true => pause_after(step, done, &asked),
                false => None,
            };
            let Some(pause) = pause else {
                return asked;
            };
            if let Some(witness) = &step.witness {
                witness.tell(&Event::Again {
                    error: asked.as_ref().err(),
                    after: pause,
                });
            }
            match asked {
                Ok(answer) => {
                    let (target, status) = (&step.target, answer.response.status());
                    tracing::debug!(%target, %status, ?pause, "asked again");
                    self.discard(target, answer, whole).await;
                }
                Err(error) => tracing::debug!(%error, ?pause, "asked again"),
            }
            tokio::time::sleep(pause).await;
            done += 1;
            *repetitions += 1;
            body = again().unwrap_or_default();
        }
    }

    /// What the jar and the caller have to tell a server.
    pub(super) fn cookies(&self, target: &Target, said: &HeaderMap) -> Option<HeaderValue> {
        let jar = self.jar.as_ref();
        let kept = jar.and_then(|jar| jar.header_for(target, SystemTime::now()));
        let own = said.get_all(COOKIE).iter();
        let all: Vec<&[u8]> = own
            .chain(kept.as_ref())
            .map(HeaderValue::as_bytes)
            .collect();
        if all.is_empty() {
            return None;
        }
        let mut all = HeaderValue::from_bytes(&all.join(&b"; "[..])).ok()?;
        all.set_sensitive(true);
        Some(all)
    }

    fn take_cookies(&self, target: &Target, headers: &HeaderMap) {
        if let Some(jar) = &self.jar {
            let now = SystemTime::now();
            for line in headers.get_all(SET_COOKIE) {
                jar.take_from(target, line, now);
            }
        }
    }

    /// Reads an answer that nobody wants, so that its connection does for the next request.
    pub(super) async fn discard(&self, target: &Target, answer: Answer, whole: Whole) {
        let origin = self.origin(target.server(), whole);
        let wire = Wire::new(answer.response.into_body(), origin, answer.lease);
        let discarding = Body::received(Received::plain(wire)).discard(DISCARDED);
        // Without its end the connection does for nothing more, and is gone.
        let _ = tokio::time::timeout(DISCARDING, discarding).await;
    }

    pub(super) fn origin(&self, server: String, whole: Whole) -> Origin {
        Origin {
            server,
            between: self.deadlines.between,
            whole,
        }
    }
}

/// How long to wait before the same is asked again, if it is to be after what has come of it.
fn pause_after(step: &Step, done: u32, asked: &Result<Answer, Error>) -> Option<Duration> {
    match asked {
        Err(error) => step.retries.after_error(done, error),
        Ok(Answer { response, .. }) => {
            let (status, now) = (response.status(), SystemTime::now());
            step.retries
                .after_answer(done, status, response.headers(), now)
        }
    }
}
