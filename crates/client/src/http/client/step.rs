//! A request on its way: what it is now, and what becomes of it where an answer points elsewhere.

use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, COOKIE, RANGE, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderValue, Method, Request};

use super::Inner;
use crate::http::address::Target;
use crate::http::body::{ACCEPTED, Body, Recipe};
use crate::http::event::Witness;
use crate::http::{Error, Retries, redirect};

/// A request on its way, as it is now.
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) headers: HeaderMap,
    /// Until it is sent.
    pub(super) body: Option<Body>,
    pub(super) recipe: Option<Recipe>,
    /// Whether compressed answers were asked for here, and not by the caller.
    pub(super) decodes: bool,
    pub(super) retries: Retries,
    pub(super) witness: Option<Witness>,
}

/// What has been asked: who asks for the same again goes round in a circle.
#[derive(PartialEq, Eq)]
pub(super) struct Visited {
    pub(super) target: Target,
    method: Method,
    /// Who asks, and what is known of them, by which an answer may be another one.
    asking: Option<HeaderValue>,
    cookies: Option<HeaderValue>,
}

impl Step {
    /// The first step of a request.
    pub(super) fn first(request: Request<Body>, inner: &Inner) -> Result<Self, Error> {
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
        for (name, value) in &inner.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        if let Some(asking) = asking {
            headers.entry(AUTHORIZATION).or_insert(asking.header());
        }
        // Ranges are of the bytes as they are sent, and of no use when others are wanted.
        let is_said = headers.contains_key(ACCEPT_ENCODING) || headers.contains_key(RANGE);
        let decodes = inner.decodes && !is_said;
        if decodes {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED));
        }
        let retries = parts.extensions.get::<Retries>().copied();
        Ok(Step {
            method: parts.method,
            retries: retries.unwrap_or(inner.retries),
            witness: parts.extensions.get::<Witness>().cloned(),
            target,
            headers,
            recipe: body.recipe(),
            body: Some(body),
            decodes,
        })
    }

    /// What it is known by, where it comes round again.
    pub(super) fn visited(&self, inner: &Inner) -> Visited {
        Visited {
            target: self.target.clone(),
            method: self.method.clone(),
            asking: self.headers.get(AUTHORIZATION).cloned(),
            cookies: inner.cookies(&self.target, &self.headers),
        }
    }

    /// The lines of its header, with what the jar has to tell the server.
    pub(super) fn headers_with_cookies(&self, inner: &Inner) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Some(cookies) = inner.cookies(&self.target, &self.headers) {
            headers.insert(COOKIE, cookies);
        }
        headers
    }

    /// The step after it.
    pub(super) fn led_to(mut self, next: redirect::Next, inner: &Inner) -> Result<Self, Error> {
        redirect::strip(&mut self.headers, &self.target, &next);
        let is_elsewhere = !self.target.is_same_server(&next.target);
        let known = inner.logins.as_ref().filter(|_| is_elsewhere);
        let known = || known.and_then(|of| of(&next.target.host()));
        if let Some(asking) = next.asking.clone().or_else(known) {
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
            witness: self.witness,
        })
    }
}
