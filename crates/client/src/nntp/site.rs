//! A server and who logs in there: all that it takes to connect again.

use lariat_protocol::Endpoint;

use super::{Client, Error, Login, Options};

/// A place to which any number of connections can be made.
#[derive(Clone, Debug)]
pub struct Site {
    /// The server.
    pub endpoint: Endpoint,
    /// How to connect.
    pub options: Options,
    /// Who logs in; most servers let anybody read.
    pub login: Option<Login>,
    /// Whether the connection is compressed where the server can do that.
    pub compress: bool,
}

impl Site {
    /// Connects, logs in, and has the connection compressed, as far as that is wanted.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`], [`Client::login`] and [`Client::compress`].
    pub async fn connect(&self) -> Result<Client, Error> {
        let mut client = Client::connect(&self.endpoint, self.options.clone()).await?;
        match self.prepare(&mut client).await {
            Ok(()) => Ok(client),
            Err(error) => {
                if !error.is_fatal() {
                    // Whoever is not let in leaves politely; what the server says to that is no news.
                    let _ = client.quit().await;
                }
                Err(error)
            }
        }
    }

    async fn prepare(&self, client: &mut Client) -> Result<(), Error> {
        if let Some(login) = &self.login {
            client.login(login).await?;
        }
        if self.compress && client.capabilities().await?.has_word("COMPRESS", "DEFLATE") {
            client.compress().await?;
        }
        Ok(())
    }
}
