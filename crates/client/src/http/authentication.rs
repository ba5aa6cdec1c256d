//! Who asks, as the headers `Authorization` and `Proxy-Authorization` say it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::Error;

/// Who asks, and how that is shown. `Debug` shows the way alone.
///
/// ```
/// use lariat_client::http::{Authentication, Body};
///
/// let asking = Authentication::basic("Aladdin", "open sesame");
/// let request = http::Request::get("https://example.org/")
///     .header("Authorization", asking.header())
///     .body(Body::empty())?;
/// assert_eq!(request.headers()["authorization"], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Authentication {
    header: HeaderValue,
    /// The name and the password, if it was made of these: other protocols have them in other forms.
    login: Option<(String, String)>,
}

impl Authentication {
    /// A name and a password (RFC 7617), in UTF-8. Whoever reads the connection reads both, so over `https` only.
    pub fn basic(user: &str, password: &str) -> Self {
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        Authentication {
            header: secret(format!("Basic {encoded}").as_bytes())
                .unwrap_or(HeaderValue::from_static("Basic")),
            login: Some((user.to_owned(), password.to_owned())),
        }
    }

    /// A token that was handed out (RFC 6750).
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] if there is a line's end or another control character in it.
    pub fn bearer(token: &str) -> Result<Self, Error> {
        let header = secret(format!("Bearer {token}").as_bytes())
            .ok_or_else(|| Error::Misuse("a token cannot have a control character in it".into()))?;
        Ok(Authentication {
            header,
            login: None,
        })
    }

    /// The value of the header, which is shown nowhere.
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// The name and the password.
    pub(super) fn login(&self) -> Option<(&str, &str)> {
        let (user, password) = self.login.as_ref()?;
        Some((user, password))
    }
}

fn secret(bytes: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl fmt::Debug for Authentication {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.login {
            Some(_) => "Basic",
            None => "Bearer",
        };
        write!(out, "Authentication({way})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_token_is_one_line_and_is_not_shown() {
        assert!(Authentication::bearer("a\r\nX: y").is_err());
        let asking = Authentication::bearer("abc").unwrap();
        assert_eq!(asking.header(), "Bearer abc");
        assert!(!format!("{asking:?} {:?}", asking.header()).contains("abc"));
        let asking = Authentication::basic("me", "päss");
        assert_eq!(asking.header(), "Basic bWU6cMOkc3M=");
        assert!(!format!("{asking:?}").contains("me"));
    }
}
