//! Connections that stay, each asking again when it has its answer.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::{StreamExt, TryStreamExt};
use tokio::runtime::Runtime;
use tokio::time::{Instant, interval_at};

use super::exchange::Exchange;
use super::{Plan, each_in_a_task, run, runtime};

/// How many are opened at the same time.
const OPENING: usize = 32;

/// Open connections.
pub struct Asking {
    runtime: Runtime,
    exchanges: Vec<Exchange>,
}

impl Asking {
    /// Opens the connections, and lets each ask once.
    ///
    /// # Errors
    ///
    /// When one cannot be opened or is answered wrongly.
    pub fn open(server: SocketAddr, plan: &Plan) -> io::Result<Asking> {
        let runtime = runtime()?;
        let open = |index| async move {
            let stream = plan.carrier.dial(server, index).await?;
            Exchange::first(stream, plan.form, plan.size, index).await
        };
        let all = futures_util::stream::iter((0..plan.connections).map(open));
        let exchanges = runtime.block_on(all.buffer_unordered(OPENING).try_collect())?;
        Ok(Asking { runtime, exchanges })
    }

    /// Keeps all busy for so long, and waits for the last answers. Returns how long each took.
    ///
    /// # Errors
    ///
    /// When an answer is wrong or does not come, or a connection ends; none is left then.
    pub fn run(&mut self, duration: Duration) -> io::Result<Vec<Duration>> {
        let end = Instant::now() + duration;
        self.each(|exchange, _| keep_asking(exchange, end))
    }

    /// Lets each ask once every `pace`, whatever the others do. An answer's time is counted
    /// from when it should have been asked for, so that a stall is seen in all that it delays.
    ///
    /// # Errors
    ///
    /// As for [`Asking::run`].
    pub fn run_paced(&mut self, duration: Duration, pace: Duration) -> io::Result<Vec<Duration>> {
        let begin = Instant::now() + pace;
        let count = u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX);
        self.each(|exchange, index| {
            let first = begin + pace * index / count;
            ask_paced(exchange, first, pace, begin + duration)
        })
    }

    fn each<F>(&mut self, ask: impl Fn(Exchange, u32) -> F) -> io::Result<Vec<Duration>>
    where
        F: Future<Output = io::Result<(Exchange, Vec<Duration>)>> + 'static,
    {
        let exchanges = std::mem::take(&mut self.exchanges);
        let all = exchanges
            .into_iter()
            .zip(0..)
            .map(|(exchange, index)| ask(exchange, index));
        let mut times = Vec::new();
        for done in run(&self.runtime, each_in_a_task(all))? {
            let (exchange, its_times) = done?;
            self.exchanges.push(exchange);
            times.extend(its_times);
        }
        Ok(times)
    }
}

async fn keep_asking(
    mut exchange: Exchange,
    end: Instant,
) -> io::Result<(Exchange, Vec<Duration>)> {
    let mut times = Vec::new();
    loop {
        let begin = Instant::now();
        exchange.again().await?;
        times.push(begin.elapsed());
        if Instant::now() >= end {
            return Ok((exchange, times));
        }
    }
}

async fn ask_paced(
    mut exchange: Exchange,
    first: Instant,
    pace: Duration,
    end: Instant,
) -> io::Result<(Exchange, Vec<Duration>)> {
    let mut clock = interval_at(first, pace);
    let mut times = Vec::new();
    loop {
        let due = clock.tick().await;
        if due >= end {
            return Ok((exchange, times));
        }
        exchange.again().await?;
        times.push(due.elapsed());
    }
}
