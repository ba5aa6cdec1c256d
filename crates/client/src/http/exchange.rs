//! One request and the header of its answer, on a connection that is there or is made for it.

use std::sync::Arc;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::ext::{ReasonPhrase, on_informational};

use super::address::Target;
use super::body::{Body, Outgoing};
use super::connecting::{Connecting, Way};
use super::event::{Event, Witness};
use super::pool::{Lease, Pool, Sender};
use super::{Deadlines, Error, explain};

/// How often a request may meet connections that the server has just closed.
const STALE: usize = 3;

/// A request on its way to one target.
pub(super) struct Asking<'a> {
    pub(super) method: &'a Method,
    pub(super) target: &'a Target,
    pub(super) headers: &'a HeaderMap,
    /// Who wants to see it.
    pub(super) witness: Option<&'a Witness>,
}

/// An answer whose header is there.
pub(super) struct Answer {
    pub(super) response: Response<Incoming>,
    pub(super) lease: Lease,
}

/// Why there is none.
pub(super) struct Failure {
    pub(super) error: Error,
    /// What was to be sent, if nothing of it was.
    unsent: Option<Body>,
    /// Whether it was a connection that was kept, and that the server may have closed meanwhile.
    is_stale: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            error,
            unsent: None,
            is_stale: false,
        }
    }
}

/// What sends requests.
pub(super) struct Exchanging<'a> {
    pub(super) connecting: &'a Connecting,
    pub(super) pool: &'a Pool,
    pub(super) deadlines: &'a Deadlines,
}

impl Exchanging<'_> {
    /// Sends a request and waits for the header of its answer.
    ///
    /// A connection that was kept may turn out to be closed. What was not sent at all then is sent on another one; what was,
    /// only if `again` makes its body anew, since a server that closes without a word has not begun with it, or is
    /// asked for something that may be asked for twice.
    pub(super) async fn ask(
        &self,
        asking: &Asking<'_>,
        body: Body,
        again: impl Fn() -> Option<Body>,
    ) -> Result<Answer, Error> {
        let mut body = body;
        let mut met = 0;
        loop {
            let failure = match self.ask_once(asking, body).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            met += 1;
            let repeated = match failure.unsent {
                Some(unsent) => Some(unsent),
                None if asking.method.is_idempotent() => again(),
                None => None,
            };
            body = match repeated {
                Some(repeated) if failure.is_stale && met <= STALE => repeated,
                _ => return Err(failure.error),
            };
        }
    }

    async fn ask_once(&self, asking: &Asking<'_>, body: Body) -> Result<Answer, Failure> {
        let Exchanging {
            connecting,
            pool,
            deadlines,
        } = self;
        let target = asking.target;
        let said = asking.headers.get(PROXY_AUTHORIZATION);
        let dial = connecting.dial(target, said, asking.witness);
        let key = connecting.key(target);
        let mut lease = pool.take(&key, connecting.may_be_two(target), dial).await?;
        let is_two = matches!(lease.sender, Sender::Two(_));
        let head = Head::of(asking, &connecting.way(target), &body, is_two)?;
        if let Some(witness) = asking.witness {
            head.tell(witness, asking.method, &lease);
        }
        let (outgoing, progress) = Outgoing::new(body, asking.witness.cloned());
        let mut request = head.request(asking.method.clone(), outgoing);
        if let Some(witness) = asking.witness.cloned() {
            on_informational(&mut request, move |head| {
                witness.tell_answered(head.version(), head.status(), None, head.headers());
            });
        }
        // Others write to a connection that is shared.
        let about = Arc::clone(&lease.about);
        let written = (!is_two).then_some(&*about.written);
        let sent = async {
            match &mut lease.sender {
                Sender::One(sender, _) => sender.try_send_request(request).await,
                Sender::Two(sender) => sender.try_send_request(request).await,
            }
        };
        let outcome = tokio::select! {
            outcome = sent => Ok(outcome),
            overdue = progress.overdue(deadlines.answer, deadlines.between, written) => Err(overdue),
        };
        let mut failed = match outcome {
            Ok(Ok(response)) => {
                if let Some(witness) = asking.witness {
                    // hyper keeps only what is not the usual one.
                    let reason = response.extensions().get::<ReasonPhrase>();
                    let reason = reason.map(ReasonPhrase::as_bytes);
                    let (version, status) = (response.version(), response.status());
                    witness.tell_answered(version, status, reason, response.headers());
                }
                return Ok(Answer { response, lease });
            }
            Ok(Err(failed)) => failed,
            Err((what, after)) => {
                lease.forget();
                let (server, what) = (target.server(), what.into());
                return Err(Error::TimedOut {
                    server,
                    what,
                    after,
                }
                .into());
            }
        };
        let unsent = failed.take_message().map(Request::into_body);
        let error = failed.into_error();
        // Whatever the server did to a connection that was kept, it did not say that this request is wrong.
        let is_stale = lease.is_reused && !error.is_parse() && !error.is_user();
        if is_two {
            lease.forget();
        }
        Err(match progress.failure() {
            Some(error) => error.into(),
            None => Failure {
                error: explain::head(&target.server(), &error, &connecting.limits),
                unsent: unsent.map(Outgoing::into_body),
                is_stale,
            },
        })
    }
}

/// The first line of a request, and the lines that depend on the way it goes.
struct Head {
    uri: Uri,
    version: Version,
    headers: HeaderMap,
}

impl Head {
    fn of(asking: &Asking<'_>, way: &Way<'_>, body: &Body, is_two: bool) -> Result<Self, Error> {
        let target = asking.target;
        let mut headers = asking.headers.clone();
        let named = headers.remove(HOST);
        // Whoever else hears it may log in at the proxy, too.
        if !matches!(way, Way::Given(_)) {
            headers.remove(PROXY_AUTHORIZATION);
        }
        let uri = match (is_two, way) {
            (true, _) => {
                for name in [
                    CONNECTION,
                    TRANSFER_ENCODING,
                    TE,
                    KEEP_ALIVE,
                    PROXY_CONNECTION,
                ] {
                    headers.remove(name);
                }
                with_authority(target.uri()?, named.as_ref())
            }
            (false, Way::Given(proxy)) => {
                if let Some(asking) = &proxy.asking
                    && !headers.contains_key(PROXY_AUTHORIZATION)
                {
                    headers.insert(PROXY_AUTHORIZATION, asking.header());
                }
                target.uri()?
            }
            (false, _) => target.path_and_query()?.into(),
        };
        if !is_two {
            let host = match named {
                Some(named) => named,
                None => HeaderValue::from_str(target.authority())
                    .map_err(|_| Error::Misuse("the host cannot stand in a header".into()))?,
            };
            // It comes first, as people and old servers expect it.
            let others = std::mem::replace(&mut headers, HeaderMap::with_capacity(16));
            headers.insert(HOST, host);
            headers.extend(others);
        }
        // All of it is said here, so that nothing is sent that nobody has seen.
        let may_have_one = matches!(*asking.method, Method::POST | Method::PUT | Method::PATCH);
        match body.length() {
            Some(0) if !may_have_one => {}
            Some(length) => {
                headers.insert(CONTENT_LENGTH, length.into());
            }
            None if is_two => {}
            None => {
                headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            }
        }
        let version = match is_two {
            true => Version::HTTP_2,
            false => Version::HTTP_11,
        };
        Ok(Head {
            uri,
            version,
            headers,
        })
    }

    fn tell(&self, witness: &Witness, method: &Method, lease: &Lease) {
        if lease.is_reused {
            let peer = &lease.about.peer;
            witness.tell(&Event::Reused { peer });
        }
        witness.tell(&Event::Asked {
            method,
            uri: &self.uri,
            version: self.version,
            headers: &self.headers,
        });
    }

    fn request(self, method: Method, body: Outgoing) -> Request<Outgoing> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.uri;
        *request.headers_mut() = self.headers;
        request
    }
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Version 2 names the host in the address: there a `Host` of the caller's stands.
fn with_authority(uri: Uri, named: Option<&HeaderValue>) -> Uri {
    let Some(authority) = named.and_then(|named| named.as_bytes().try_into().ok()) else {
        return uri;
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority);
    Uri::from_parts(parts).unwrap_or(uri)
}
