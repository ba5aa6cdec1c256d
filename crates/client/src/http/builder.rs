//! How a client is made.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use lariat_protocol::Endpoint;

use super::client::{Inner, Logins};
use super::connecting::{Connecting, Secrecy, offered};
use super::pool::Pool;
use super::{
    Authentication, Client, Deadlines, Error, Jar, Limits, Observer, Proxies, Redirects, Retries,
    Versions,
};

/// Who asks, where nothing else is said.
const AGENT: &str = concat!("lariat/", env!("CARGO_PKG_VERSION"));

/// The hyper that reads headers takes no less than this for them.
const LEAST_HEADER: usize = 8192;

/// Makes a [`Client`].
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use lariat_client::http::{Client, Deadlines, Jar, Proxies, Retries};
///
/// let client = Client::builder()
///     .deadlines(Deadlines {
///         whole: Some(Duration::from_secs(300)),
///         ..Deadlines::default()
///     })
///     .retries(Retries::times(3))
///     .cookies(Arc::new(Jar::new()))
///     .proxies(Proxies::from_environment()?)
///     .build()?;
/// # Ok::<(), lariat_client::http::Error>(())
/// ```
#[derive(Default)]
pub struct Builder {
    deadlines: Deadlines,
    limits: Limits,
    redirects: Redirects,
    retries: Retries,
    versions: Versions,
    proxies: Proxies,
    jar: Option<Arc<Jar>>,
    headers: Option<HeaderMap>,
    leaves_compressed: bool,
    observer: Option<Arc<dyn Observer>>,
    secrecy: Vec<(&'static str, PathBuf)>,
    logins: Option<Logins>,
    authorities: Option<PathBuf>,
    authorities_of_proxies: Option<PathBuf>,
    insecure_proxies: bool,
    instead: HashMap<(String, u16), Endpoint>,
}

impl Builder {
    /// How long each step may take.
    #[must_use]
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// How much a server may send, and how many connections there may be.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether the client goes where answers point to.
    #[must_use]
    pub fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Whether what comes to nothing is asked for again.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Which versions of HTTP it speaks.
    #[must_use]
    pub fn versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    /// Which proxies it uses. Default none: whoever wants those of the environment says so, by [`Proxies::from_environment`].
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// A jar for the cookies that servers set, which go back to them. Default none: they are not taken.
    #[must_use]
    pub fn cookies(mut self, jar: Arc<Jar>) -> Self {
        self.jar = Some(jar);
        self
    }

    /// Who asks a host that an answer points to, by the host's name. Default nobody: what is told to one server is not told to another.
    #[must_use]
    pub fn logins(
        mut self,
        of: impl Fn(&str) -> Option<Authentication> + Send + Sync + 'static,
    ) -> Self {
        self.logins = Some(Arc::new(of));
        self
    }

    /// Lines that every request has unless it has its own, in the place of `User-Agent: lariat/VERSION` and `Accept: */*`.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = Some(headers);
        self
    }

    /// Whether compressed answers are asked for and unpacked. Default yes.
    #[must_use]
    pub fn decoding(mut self, decodes: bool) -> Self {
        self.leaves_compressed = !decodes;
        self
    }

    /// Who is told each byte. The client speaks version 1.1 only then.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// A file with the authorities that are trusted in the place of the system's, in PEM form: for servers, and for proxies
    /// that are spoken to by TLS.
    #[must_use]
    pub fn authorities(mut self, file: impl Into<PathBuf>) -> Self {
        self.authorities = Some(file.into());
        self
    }

    /// The same for the proxies alone, in the place of those for servers.
    #[must_use]
    pub fn authorities_of_proxies(mut self, file: impl Into<PathBuf>) -> Self {
        self.authorities_of_proxies = Some(file.into());
        self
    }

    /// The certificate to show to servers that ask for one, and its key, in PEM form.
    #[must_use]
    pub fn identity(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.secrecy.push(("cert", certificate.into()));
        self.secrecy.push(("key", key.into()));
        self
    }

    /// Takes anybody for the server: whoever sits on the way reads and changes everything. A warning is logged. A proxy that is
    /// spoken to by TLS is checked all the same.
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.secrecy.push(("verify", "none".into()));
        self
    }

    /// Takes anybody for a proxy that is spoken to by TLS. What goes over it to a server of `https` is checked all the same.
    #[must_use]
    pub fn insecure_proxies(mut self) -> Self {
        self.insecure_proxies = true;
        self
    }

    /// An endpoint that stands for a host and port: another address (`tcp://127.0.0.1:8080`), or another kind of
    /// carrier (`unix:///run/app.sock`). What is said over it is as if it were the host itself, with TLS where the address
    /// says `https`, and no proxy is asked.
    #[must_use]
    pub fn instead(mut self, host: impl Into<String>, port: u16, endpoint: Endpoint) -> Self {
        let host = host.into().to_ascii_lowercase();
        self.instead.insert((host, port), endpoint);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] or [`Error::Connect`] for what cannot be, as a limit below what a header has at least. Files are read
    /// when they are wanted first.
    pub fn build(self) -> Result<Client, Error> {
        if self.limits.header_bytes < LEAST_HEADER {
            return Err(Error::Misuse(format!(
                "a header may have {} bytes, and it cannot be limited below {LEAST_HEADER}",
                self.limits.header_bytes
            )));
        }
        for endpoint in self.instead.values() {
            if endpoint.is_message_oriented() || endpoint.is_tls() {
                return Err(Error::Misuse(format!(
                    "{endpoint} cannot stand for a server of HTTP: a plain stream can, as of tcp:// or unix://"
                )));
            }
        }
        Ok(Client::of(Inner {
            connecting: Connecting {
                secrecy: self.secrecy()?,
                secrecy_of_proxies: self.secrecy_of_proxies()?,
                instead: self.instead,
                proxies: self.proxies,
                versions: self.versions,
                limits: self.limits,
                deadline: self.deadlines.connect,
                observer: self.observer,
                count: AtomicU64::new(0),
            },
            pool: Pool::new(self.limits),
            deadlines: self.deadlines,
            limits: self.limits,
            redirects: self.redirects,
            retries: self.retries,
            jar: self.jar,
            logins: self.logins,
            headers: self.headers.unwrap_or_else(default_headers),
            decodes: !self.leaves_compressed,
        }))
    }

    fn secrecy(&self) -> Result<Secrecy, Error> {
        let names = offered(self.versions, self.observer.is_some());
        let mut endpoint = option(Endpoint::tls("localhost", 443), "alpn", names)?;
        let authorities = self.authorities.iter().map(|file| ("ca", file.clone()));
        for (key, value) in self.secrecy.iter().cloned().chain(authorities) {
            endpoint = option(endpoint, key, &value.to_string_lossy())?;
        }
        Ok(Secrecy::of(endpoint))
    }

    /// A proxy is not shown who asks the servers.
    fn secrecy_of_proxies(&self) -> Result<Secrecy, Error> {
        let endpoint = option(Endpoint::tls("localhost", 443), "alpn", "http/1.1")?;
        let authorities = self.authorities_of_proxies.as_ref();
        let endpoint = match authorities.or(self.authorities.as_ref()) {
            _ if self.insecure_proxies => option(endpoint, "verify", "none")?,
            Some(file) => option(endpoint, "ca", &file.to_string_lossy())?,
            None => endpoint,
        };
        Ok(Secrecy::of(endpoint))
    }
}

fn option(endpoint: Endpoint, key: &str, value: &str) -> Result<Endpoint, Error> {
    let changed = endpoint.with_option(key, value);
    changed.map_err(|error| Error::Connect(error.into()))
}

fn default_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (USER_AGENT, HeaderValue::from_static(AGENT)),
        (ACCEPT, HeaderValue::from_static("*/*")),
    ])
}
