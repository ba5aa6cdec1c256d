//! Methods of a Rust trait, called from the other side of a connection: a guest book.
//!
//! `cargo run -p lariat --example remote_call` is both sides; with an endpoint, such as
//! `tcp://localhost:7000`, it serves until ^C, for anybody who can write a line of JSON:
//!
//! ```text
//! $ echo '{"id":1,"method":"sign","params":["Ann"]}' | nc -N localhost 7000
//! {"jsonrpc":"2.0","id":1,"result":1}
//! ```

use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use lariat::call::{CallFailure, Context};
use lariat::client::call::connect;
use lariat::service::call::Calls;
use lariat::{Reactor, remote};
use serde::{Deserialize, Serialize};

remote! {
    /// A book that guests write into.
    pub trait GuestBook, client GuestBookClient {
        /// Puts a name into the book, and says how many are in it.
        async fn sign(name: String) -> Result<usize, Refused>;

        /// Waits for the next guest, however long that takes.
        async fn next_guest() -> Result<String, Refused>;
    }
}

/// What goes wrong in a guest book.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    /// Somebody of this name was here.
    #[error("{0} is in the book already")]
    Twice(String),
}

/// The book; one for all connections.
#[derive(Default)]
struct Book {
    names: Mutex<Vec<String>>,
    signed: tokio::sync::Notify,
}

impl GuestBook for Book {
    async fn sign(&self, _: Context, name: String) -> Result<usize, Refused> {
        let mut names = self.names.lock().expect("nobody panics with it");
        if names.contains(&name) {
            return Err(Refused::Twice(name));
        }
        names.push(name);
        self.signed.notify_waiters();
        Ok(names.len())
    }

    async fn next_guest(&self, context: Context) -> Result<String, Refused> {
        println!("{} waits for a guest", context.peer());
        // Who hangs up, cancels or has waited for long enough ends this here.
        self.signed.notified().await;
        let names = self.names.lock().expect("nobody panics with it");
        Ok(names.last().cloned().unwrap_or_default())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let given = std::env::args().nth(1);
    let endpoint = given.as_deref().unwrap_or("tcp://localhost:0");
    let reactor = Reactor::builder().attach();
    let listening = reactor.listen(
        endpoint,
        Calls::new(GuestBookClient::methods(Book::default())),
    )?;
    println!("listening on {}", listening.endpoint());
    if given.is_some() {
        reactor.stopped().await;
        return Ok(());
    }

    let book = GuestBookClient::new(connect(listening.endpoint()).await?);
    println!("guests: {}", book.sign("Ann".into()).await?);
    match book.sign("Ann".into()).await {
        Err(CallFailure::Method(Refused::Twice(name))) => println!("{name} again?"),
        other => println!("unexpected: {other:?}"),
    }
    // Both calls are under way at once, over one connection.
    let (next, guests) = tokio::join!(book.next_guest(), book.sign("Bob".into()));
    println!("guests: {}, the last one: {}", guests?, next?);
    let brief = book.within(Duration::from_millis(50));
    if let Err(failure) = brief.next_guest().await {
        println!("nobody else: {failure}");
    }
    Ok(())
}
