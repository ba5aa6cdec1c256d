//! Where an answer points to, and what goes there.

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, COOKIE, HOST, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use http::{HeaderMap, Method, StatusCode};

use super::address::Target;
use super::{Authentication, Error, Redirects};

/// The lines that describe a body, and go when it does.
const OF_A_BODY: [http::HeaderName; 6] = [
    CONTENT_ENCODING,
    CONTENT_LANGUAGE,
    CONTENT_LENGTH,
    CONTENT_LOCATION,
    CONTENT_TYPE,
    TRANSFER_ENCODING,
];

/// The lines that are for one server alone.
const OF_A_SERVER: [http::HeaderName; 4] = [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION];

/// The next request.
pub(super) struct Next {
    pub(super) method: Method,
    pub(super) target: Target,
    /// Who the new address says is asking.
    pub(super) asking: Option<Authentication>,
    /// Whether the body goes along.
    pub(super) keeps_body: bool,
}

/// Where an answer points to, if it does (RFC 9110, section 15.4).
pub(super) fn next(
    method: &Method,
    target: &Target,
    status: StatusCode,
    answer: &HeaderMap,
    redirects: &Redirects,
) -> Result<Option<Next>, Error> {
    let Some(location) = answer.get(LOCATION) else {
        return Ok(None);
    };
    let becomes_get = match status.as_u16() {
        // What everybody does since 1996, and the standard allows: only a POST becomes another request.
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        307 | 308 => false,
        _ => return Ok(None),
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let (there, asking) = target.join(&location)?;
    if target.is_secure() && !there.is_secure() && !redirects.to_plain_text {
        return Err(Error::ToPlainText {
            from: target.to_string(),
            to: there.to_string(),
        });
    }
    Ok(Some(Next {
        method: match becomes_get {
            true => Method::GET,
            false => method.clone(),
        },
        target: there,
        asking,
        keeps_body: !becomes_get,
    }))
}

/// Takes out of a request's header what is not for the next server, or not of a request without a body.
pub(super) fn strip(headers: &mut HeaderMap, from: &Target, next: &Next) {
    if !next.keeps_body {
        for name in &OF_A_BODY {
            headers.remove(name);
        }
    }
    if !from.is_same_server(&next.target) {
        for name in &OF_A_SERVER {
            headers.remove(name);
        }
    }
}

/// The error of a request that led to too many others, which names them.
pub(super) fn endless(visited: &[Target], there: &Target) -> Error {
    let from = visited.first().unwrap_or(there).to_string();
    let before = visited.iter().position(|visited| visited == there);
    let problem = match before {
        Some(begin) => {
            let mut names: Vec<String> = visited[begin..].iter().map(Target::to_string).collect();
            names.push(there.to_string());
            format!("it leads round in a circle: {}", names.join(" → "))
        }
        None => format!(
            "it leads on {} times, at last to {there}, and more are not followed",
            visited.len()
        ),
    };
    Error::Redirect { from, problem }
}
