//! The name server's client: looking services up, registering them, and following what changes.
//!
//! A [`Client`] asks one server over one connection, which it makes again when it is gone.
//! [`Registered`] keeps a service registered for as long as it lives, [`Watch`] follows what
//! changes, and [`Names`] is the resolver by which everything that connects takes `name:SERVICE`:
//! it keeps answers until their time to live has run out.
//!
//! ```no_run
//! use lariat_client::names::{Client, Registered};
//! use lariat_protocol::names::{Query, Registration};
//!
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let mut client = Client::new("tcp://localhost:21579".parse()?, Default::default());
//! let registration = Registration::new("print".parse()?, "printer:9100".parse()?);
//! let registered = Registered::begin(client.another(), registration).await?;
//!
//! let found = client.find(Query::name("print".parse()?)).await?;
//! println!("{}", found.place);
//! registered.remove().await?;
//! # Ok(()) }
//! ```

mod cache;
mod client;
mod error;
mod registered;
mod resolver;
mod spread;
mod watch;

use lariat_protocol::Endpoint;
pub use lariat_protocol::names::*;

pub use cache::{Cache, MAXIMUM_CACHED};
pub use client::{Client, MAXIMUM_ENTRIES, MAXIMUM_KNOWN};
pub use error::Error;
pub use registered::{Registered, Status};
pub use resolver::Names;
pub use spread::spread;
pub use watch::{Watch, Watched};

/// Where a name server is looked for unless it is said otherwise: on this machine.
pub fn default_server() -> Endpoint {
    Endpoint::tcp("localhost", PORT)
}

/// A token that nobody guesses, for a name that is registered for the first time. Bringing one
/// makes registering something that may be said twice: when the answer was lost, the name is not.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn new_token() -> std::io::Result<Token> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(std::io::Error::other)?;
    Ok(Token::from_random(u128::from_ne_bytes(random)))
}
