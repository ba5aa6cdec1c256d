//! The client for programs without a runtime: each step is waited for where it stands.

use std::io;

use lariat_protocol::Endpoint;
use tokio::runtime::{Builder, Runtime};

use super::{Client, Error, Login, Options};

/// A [`Client`] with a runtime of its own, on the thread that asks.
///
/// ```no_run
/// use lariat_client::nntp::{Blocking, Options};
///
/// # fn f() -> Result<(), lariat_client::nntp::Error> {
/// let endpoint = "tcp://news.example.org:119".parse().expect("an endpoint");
/// let mut news = Blocking::connect(&endpoint, Options::default())?;
/// let group = news.wait(async |client| client.group("misc.test").await)?;
/// let article = news.wait(async |client| client.article(group.last).await)?;
/// println!("{}", article.text());
/// news.quit()?;
/// # Ok(()) }
/// ```
pub struct Blocking {
    client: Client,
    // Dropped last: the client's socket belongs to it.
    runtime: Runtime,
}

impl Blocking {
    /// Connects, as [`Client::connect`] does. Not to be called where a runtime runs already, which has the client
    /// itself.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`], and when the system gives no runtime.
    pub fn connect(endpoint: &Endpoint, options: Options) -> Result<Self, Error> {
        let built = Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(|error: io::Error| lariat_net::Error::Start(error))?;
        let client = runtime.block_on(Client::connect(endpoint, options))?;
        Ok(Blocking { client, runtime })
    }

    /// Logs in, as [`Client::login`] does.
    ///
    /// # Errors
    ///
    /// As [`Client::login`].
    pub fn login(&mut self, login: &Login) -> Result<(), Error> {
        self.wait(async |client| client.login(login).await)
            .map(drop)
    }

    /// Takes a step, or several, and waits for it.
    pub fn wait<T>(&mut self, step: impl AsyncFnOnce(&mut Client) -> T) -> T {
        self.runtime.block_on(step(&mut self.client))
    }

    /// Says goodbye, and closes the connection.
    ///
    /// # Errors
    ///
    /// As [`Client::quit`].
    pub fn quit(self) -> Result<(), Error> {
        let Blocking { client, runtime } = self;
        runtime.block_on(client.quit()).map(drop)
    }
}
