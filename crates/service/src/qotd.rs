//! The quote of the day (RFC 865): one of the quotes of a file, chosen anew for each client.

use std::path::Path;
use std::sync::Arc;

use lariat_protocol::endpoint::EndpointError;
use lariat_protocol::qotd::{QotdServer, Quotes};
use lariat_protocol::{ConnectionInfo, Endpoint, Factory, Protocol, time};

use crate::loops::{is_alike, is_said_by_another};

pub use crate::daytime::DEADLINES;

/// The endpoint's options that this service knows.
const OPTIONS: [&str; 1] = ["file"];

/// What is served where no file is named.
const BUILT_IN: &[u8] = include_bytes!("quotes.txt");

/// The largest file that is read: a hundred thousand quotes or so.
const MAXIMUM_FILE: u64 = 16 * 1024 * 1024;

/// The quote service, to be listened with, best under [`DEADLINES`].
///
/// Over UDP a quote is larger than what asks for it, which floods others where the source is
/// forged. The engine sends nobody but loopback and listed networks (`?amplify_to=`) more than
/// three times what came from there, so a client must send a datagram that is long enough; and
/// what is one of its quotes is not answered.
#[derive(Clone, Debug)]
pub struct Qotd {
    quotes: Arc<Quotes>,
}

impl Qotd {
    /// The service with these quotes.
    pub fn new(quotes: Quotes) -> Self {
        Qotd {
            quotes: Arc::new(quotes),
        }
    }

    /// The service as an endpoint's options want it: `?file=PATH` is where the quotes are, with
    /// lines of nothing but `%` or blank lines between them; without it some are built in. The
    /// file is read once.
    ///
    /// # Errors
    ///
    /// An option that neither this service nor the engine knows, or a file that cannot be read
    /// or has a quote in it that cannot be sent.
    pub fn from_endpoint(endpoint: &Endpoint) -> Result<Self, EndpointError> {
        let mut quotes = BUILT_IN.to_vec();
        let mut file = None;
        for (key, path) in endpoint.service_options(&OPTIONS)? {
            quotes = read(Path::new(path)).map_err(|error| EndpointError::Option {
                key: key.to_string(),
                reason: format!("{path}: {error}"),
            })?;
            file = Some(path);
        }
        let quotes = Quotes::parse(&quotes).map_err(|error| EndpointError::Option {
            key: OPTIONS[0].to_string(),
            reason: format!("{}: {error}", file.unwrap_or("the built-in quotes")),
        });
        Ok(Qotd::new(quotes?))
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::{Error, Read};

    let mut text = Vec::new();
    let file = std::fs::File::open(path)?;
    // A device or a pipe could have no end.
    file.take(MAXIMUM_FILE + 1).read_to_end(&mut text)?;
    match text.len() as u64 > MAXIMUM_FILE {
        true => Err(Error::other(format!("longer than {MAXIMUM_FILE} bytes"))),
        false => Ok(text),
    }
}

impl Factory for Qotd {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let server = || QotdServer::new(Arc::clone(&self.quotes), fastrand::u64(..));
        (!is_alike(connection)).then(|| Box::new(server()) as Box<dyn Protocol>)
    }

    fn is_answer(&self, datagram: &[u8]) -> bool {
        // The time's four bytes: it cannot know a quote.
        let is_time = time::is_answer(datagram);
        is_time || self.quotes.contains(datagram) || is_said_by_another(datagram)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn from(options: &str) -> Result<Qotd, String> {
        let endpoint: Endpoint = format!("tcp://localhost:1{options}")
            .parse()
            .expect("an endpoint");
        Qotd::from_endpoint(&endpoint).map_err(|error| error.to_string())
    }

    #[test]
    fn quotes_are_built_in_or_of_a_file() {
        assert!(from("").expect("built in").quotes.len() > 10);
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "one\n%\ntwo").expect("written");
        let path = file.path().display().to_string();
        let service = from(&format!("?file={path}")).expect("readable");
        assert_eq!(service.quotes.len(), 2);
        assert!(service.is_answer(b"two\r\n"));
        writeln!(file, "%\n{}", "x".repeat(600)).expect("written");
        let error = from(&format!("?file={path}")).expect_err("too long");
        let named = error.contains(&path) && error.contains("the quote in line 5 is 602 bytes");
        assert!(named, "{error}");
        let error = from("?file=/no/such/file").expect_err("not there");
        assert!(error.contains("/no/such/file: "), "{error}");
        let error = from("?quotes=x").expect_err("unknown");
        assert!(error.contains("quotes"), "{error}");
    }
}
