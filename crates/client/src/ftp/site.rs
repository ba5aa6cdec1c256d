//! A server and who logs in there: all that it takes to connect again.

use lariat_protocol::Endpoint;

use super::{Client, Error, Login, Options};

/// A place on which any number of connections can be made.
#[derive(Clone, Debug)]
pub struct Site {
    /// The server.
    pub endpoint: Endpoint,
    /// How to connect.
    pub options: Options,
    /// Who logs in.
    pub login: Login,
}

impl Site {
    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`] and [`Client::login`].
    pub async fn connect(&self) -> Result<Client, Error> {
        let mut client = Client::connect(&self.endpoint, self.options.clone()).await?;
        match client.login(&self.login).await {
            Ok(_) => Ok(client),
            Err(error) => {
                if !error.is_fatal() {
                    // Whoever is not let in leaves politely; what the server says to that is no news.
                    let _ = client.quit().await;
                }
                Err(error)
            }
        }
    }
}
