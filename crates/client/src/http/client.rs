//! The client: a request goes out, follows where it is led, and comes back as an answer.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, COOKIE, RANGE, SET_COOKIE,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use lariat_protocol::{Address, TlsInfo};
use tokio::time::Instant;

use super::address::Target;
use super::body::{ACCEPTED, Body, Encoding, Origin, Received, Recipe, Wire};
use super::connecting::Connecting;
use super::exchange::{Answer, Asking, Exchanging};
use super::pool::Pool;
use super::{Builder, Deadlines, Error, Jar, Limits, Redirects, Retries, redirect};

/// How much is read of an answer that nobody wants, for the sake of its connection.
const DISCARDED: usize = 64 * 1024;

/// For how long it is read: about as long as another connection takes.
const DISCARDING: Duration = Duration::from_secs(1);

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
    pub(super) headers: HeaderMap,
    pub(super) decodes: bool,
}

/// How an answer came about, among the `extensions` of each.
///
/// ```no_run
/// # async fn f(client: lariat_client::http::Client, request: http::Request<lariat_client::http::Body>)
/// # -> Result<(), lariat_client::http::Error> {
/// use lariat_client::http::Exchange;
///
/// let response = client.send(request).await?;
/// if let Some(exchange) = response.extensions().get::<Exchange>() {
///     println!("{} from {}", exchange.address, exchange.peer);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// What was asked for at last.
    pub address: Uri,
    /// What was asked for before, each of which pointed to the next.
    pub redirects: Vec<Uri>,
    /// How often requests were repeated.
    pub repetitions: u32,
    /// The other end of the connection: the server, or a proxy.
    pub peer: Address,
    /// The TLS session, if there is one.
    pub tls: Option<Arc<TlsInfo>>,
    /// Whether an earlier request had the connection.
    pub is_reused: bool,
    /// How the body was compressed that is unpacked now: `gzip`, `deflate`, `br` or `zstd`. The header says nothing of it any more.
    pub encoding: Option<&'static str>,
    /// How many bytes it has on the connection, if the server says that.
    pub wire_length: Option<u64>,
}

/// A request on its way, as it is now.
struct Step {
    method: Method,
    target: Target,
    headers: HeaderMap,
    /// Until it is sent.
    body: Option<Body>,
    recipe: Option<Recipe>,
    /// Whether compressed answers were asked for here, and not by the caller.
    decodes: bool,
    retries: Retries,
}

/// What has been asked: who asks for the same again goes round in a circle.
#[derive(PartialEq, Eq)]
struct Visited {
    target: Target,
    method: Method,
    /// Who asks, and what is known of them, by which an answer may be another one.
    asking: Option<HeaderValue>,
    cookies: Option<HeaderValue>,
}

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
    /// compressed, and is unpacked, unless the caller has set `Accept-Encoding` or `Range`. Dropping the future gives the
    /// request up.
    ///
    /// # Errors
    ///
    /// When there is no answer; one that says no, as 404 does, is an answer.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        let step = self.step(request)?;
        let Some(after) = self.inner.deadlines.whole else {
            return self.follow(step, None).await;
        };
        let end = Instant::now() + after;
        let server = step.target.server();
        let following = self.follow(step, Some((end, after)));
        match tokio::time::timeout_at(end, following).await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.origin(server, None).took_too_long(after)),
        }
    }

    /// The first step of a request.
    fn step(&self, request: Request<Body>) -> Result<Step, Error> {
        let (parts, body) = request.into_parts();
        if parts.method == Method::CONNECT {
            let problem = "CONNECT is for proxies: a client has them, and asks them itself";
            return Err(Error::Misuse(problem.into()));
        }
        let (target, asking) = Target::new(&parts.uri)?;
        let mut headers = parts.headers;
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        for (name, value) in &self.inner.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        if let Some(asking) = asking {
            headers.entry(AUTHORIZATION).or_insert(asking.header());
        }
        // Ranges are of the bytes as they are sent, and of no use when others are wanted.
        let is_said = headers.contains_key(ACCEPT_ENCODING) || headers.contains_key(RANGE);
        let decodes = self.inner.decodes && !is_said;
        if decodes {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
        }
        let retries = parts.extensions.get::<Retries>().copied();
        Ok(Step {
            method: parts.method,
            retries: retries.unwrap_or(self.inner.retries),
            target,
            headers,
            recipe: body.recipe(),
            body: Some(body),
            decodes,
        })
    }

    /// Sends it, and what its answers point to.
    async fn follow(&self, mut step: Step, whole: Whole) -> Result<Response<Body>, Error> {
        let mut visited: Vec<Visited> = Vec::new();
        let mut repetitions = 0;
        loop {
            let here = Visited {
                target: step.target.clone(),
                method: step.method.clone(),
                asking: step.headers.get(AUTHORIZATION).cloned(),
                cookies: self.cookies(&step.target, &step.headers),
            };
            // Who has been sent the same, and pointed elsewhere, will do it again.
            let is_circle = visited.contains(&here);
            let limit = self.inner.redirects.limit;
            if is_circle || !visited.is_empty() && visited.len() > limit {
                let targets: Vec<Target> = visited.into_iter().map(|past| past.target).collect();
                return Err(redirect::endless(&targets, &step.target));
            }
            let answer = self.repeat(&mut step, &mut repetitions, whole).await?;
            let next = match limit {
                0 => None,
                _ => redirect::next(
                    &step.method,
                    &step.target,
                    answer.response.status(),
                    answer.response.headers(),
                    &self.inner.redirects,
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
            step = step.led_to(next)?;
        }
    }

    /// Sends one request, again if that may help.
    async fn repeat(
        &self,
        step: &mut Step,
        repetitions: &mut u32,
        whole: Whole,
    ) -> Result<Answer, Error> {
        let inner = &self.inner;
        let exchanging = Exchanging {
            connecting: &inner.connecting,
            pool: &inner.pool,
            deadlines: &inner.deadlines,
        };
        let first = step.body.take();
        let Step {
            method,
            target,
            headers: said,
            recipe,
            retries,
            ..
        } = step;
        let again = || recipe.as_ref().map(Recipe::body);
        let is_covered = retries.covers(method) && recipe.is_some();
        let mut body = first.or_else(again).unwrap_or_default();
        let mut done = 0;
        loop {
            let mut headers = said.clone();
            if let Some(cookies) = self.cookies(target, said) {
                headers.insert(COOKIE, cookies);
            }
            let asking = Asking {
                method,
                target,
                headers: &headers,
            };
            let asked = exchanging.ask(&asking, body, again).await;
            if let Ok(answer) = &asked {
                self.take_cookies(target, answer.response.headers());
            }
            let pause = match &asked {
                _ if !is_covered => None,
                Err(error) => retries.after_error(done, error),
                Ok(Answer { response, .. }) => {
                    let (status, now) = (response.status(), SystemTime::now());
                    let headers = response.headers();
                    retries.after_answer(done, status, headers, now)
                }
            };
            let Some(pause) = pause else {
                return asked;
            };
            match asked {
                Ok(answer) => {
                    let status = answer.response.status();
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
    fn cookies(&self, target: &Target, said: &HeaderMap) -> Option<HeaderValue> {
        let jar = self.inner.jar.as_ref();
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
        if let Some(jar) = &self.inner.jar {
            let now = SystemTime::now();
            for line in headers.get_all(SET_COOKIE) {
                jar.take_from(target, line, now);
            }
        }
    }

    /// Reads an answer that nobody wants, so that its connection does for the next request.
    async fn discard(&self, target: &Target, answer: Answer, whole: Whole) {
        let origin = self.origin(target.server(), whole);
        let wire = Wire::new(answer.response.into_body(), origin, answer.lease);
        let discarding = Body::received(Received::plain(wire)).discard(DISCARDED);
        // Without its end the connection does for nothing more, and is gone.
        let _ = tokio::time::timeout(DISCARDING, discarding).await;
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
                Received::compressed(wire, encoding, &self.inner.limits)
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

    fn origin(&self, server: String, whole: Whole) -> Origin {
        Origin {
            server,
            between: self.inner.deadlines.between,
            whole,
        }
    }
}

impl Step {
    /// The step after it.
    fn led_to(mut self, next: redirect::Next) -> Result<Self, Error> {
        redirect::strip(&mut self.headers, &self.target, &next);
        if let Some(asking) = &next.asking {
            self.headers.insert(AUTHORIZATION, asking.header());
        }
        let (body, recipe) = match (next.keeps_body, self.recipe) {
            (false, _) => (Body::empty(), Body::empty().recipe()),
            (true, Some(recipe)) => (recipe.body(), Some(recipe)),
            (true, None) => {
                let (from, to) = (self.target.to_string(), next.target.to_string());
                return Err(Error::Once { from, to });
            }
        };
        Ok(Step {
            method: next.method,
            target: next.target,
            headers: self.headers,
            body: Some(body),
            recipe,
            decodes: self.decodes,
            retries: self.retries,
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").finish_non_exhaustive()
    }
}
