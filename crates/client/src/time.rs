//! The time client (RFC 868): a server's clock beside one's own.

use std::ops::RangeInclusive;
use std::time::{SystemTime, UNIX_EPOCH};

use lariat_protocol::time::{TimeClient, nearest};
use lariat_protocol::{Address, Endpoint};

use crate::asking::{AskOptions, Asked, Error};

/// What a server's clock said, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The server.
    pub peer: Address,
    /// The second that it was there, since 1970: of all that it can mean, the one that is
    /// nearest to our clock.
    pub second: i64,
    /// When it was asked, by our clock, in seconds since 1970.
    pub asked: f64,
    /// When the answer had come, by our clock.
    pub answered: f64,
}

impl Reading {
    /// By how many seconds the server's clock is ahead of ours, at least and at most: it was read
    /// at some moment within its second, and between the question and the answer.
    ///
    /// ```
    /// # use lariat_protocol::Address;
    /// use lariat_client::time::Reading;
    ///
    /// # let peer = Address::Stdio;
    /// let reading = Reading { peer, second: 1000, asked: 990.25, answered: 990.5 };
    /// assert_eq!(reading.ahead(), 9.5..=10.75);
    /// ```
    pub fn ahead(&self) -> RangeInclusive<f64> {
        let second = self.second as f64;
        second - self.answered..=second + 1.0 - self.asked
    }
}

/// Asks a server for the time.
///
/// ```no_run
/// # async fn f() -> Result<(), lariat_client::asking::Error> {
/// let endpoint = "udp://localhost:37".parse().expect("a URL");
/// let reading = lariat_client::time::ask(&endpoint, Default::default()).await?;
/// println!("ahead by {:?} s", reading.ahead());
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// When there is no connection or no answer, or one that is no time.
pub async fn ask(endpoint: &Endpoint, options: AskOptions) -> Result<Reading, Error> {
    let from = now();
    let mut connection = Asked::connect(endpoint, options).await?;
    // Over datagrams a name's address is all that was found out so far.
    let asked = if connection.is_datagram() {
        now()
    } else {
        from
    };
    let mut client = TimeClient::default();
    let heard = connection.listen(b"", |came| client.data_received(came));
    heard.await?;
    let answered = now();
    let sent = client.answer().map_err(|error| connection.broken(error))?;
    Ok(Reading {
        peer: connection.peer().clone(),
        second: nearest(sent, answered as i64),
        asked,
        answered,
    })
}

fn now() -> f64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        // A clock set before 1970 is wrong, but that is what is to be found out.
        Err(before) => -before.duration().as_secs_f64(),
    }
}
