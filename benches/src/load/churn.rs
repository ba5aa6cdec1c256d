//! A new connection for each question.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::exchange::ask;
use super::{Plan, each_in_a_task, runtime};

/// How long a place waits behind a failure, so that it does not fail all the time.
const PAUSE: Duration = Duration::from_millis(5);

/// What came of the connections.
#[derive(Clone, Debug, Default)]
pub struct Churned {
    /// How long each took, from opening it to its answer.
    pub times: Vec<Duration>,
    /// Why the others failed.
    pub failures: Vec<String>,
}

/// Opens, asks, closes, in as many places at once as the plan has, for so long.
///
/// # Errors
///
/// When there can be no runtime; what goes wrong with a connection is counted.
pub fn churn(server: SocketAddr, plan: &Plan, duration: Duration) -> io::Result<Churned> {
    let end = Instant::now() + duration;
    super::run(&runtime()?, until(server, plan, end))
}

/// The same beside other work, until `end`.
pub async fn until(server: SocketAddr, plan: &Plan, end: Instant) -> io::Result<Churned> {
    let next = Rc::new(Cell::new(0));
    let places = (0..plan.connections).map(|_| place(server, plan.clone(), end, Rc::clone(&next)));
    let mut all = Churned::default();
    for place in each_in_a_task(places).await? {
        all.times.extend(place.times);
        all.failures.extend(place.failures);
    }
    Ok(all)
}

async fn place(server: SocketAddr, plan: Plan, end: Instant, next: Rc<Cell<usize>>) -> Churned {
    let mut churned = Churned::default();
    while Instant::now() < end {
        let index = next.replace(next.get() + 1);
        let begin = Instant::now();
        match once(server, &plan, index).await {
            Ok(()) => churned.times.push(begin.elapsed()),
            Err(error) => {
                churned.failures.push(error.to_string());
                sleep(PAUSE).await;
            }
        }
    }
    churned
}

async fn once(server: SocketAddr, plan: &Plan, index: usize) -> io::Result<()> {
    let mut stream = plan.carrier.dial(server, index).await?;
    let (question, body) = plan.form.question(plan.size, index);
    ask(&mut stream, &question, &body).await?;
    // The server may have closed before; then there is nobody to say goodbye to.
    let _ = stream.shutdown().await;
    Ok(())
}
