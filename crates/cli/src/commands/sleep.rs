//! `lariat sleep`: calls a sleep server, once for each time to be slept, all at once.

use std::time::{Duration, Instant};

use lariat_client::call::{self, CallFailure};
use lariat_protocol::Endpoint;
use lariat_protocol::call::Nothing;
use lariat_protocol::sleep::{SleepClient, SleepError, Slept};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{self, seconds};
use crate::failure::{FAILED, Failure, INTERRUPTED};
use crate::output::{complain, print};
use crate::signals::{self, Signal};

/// Where the service is when no port is named.
const PORT: u16 = 21577;

/// How long a server is waited for at ^C, that the calls are cancelled in order.
const GOODBYE: Duration = Duration::from_secs(1);

/// Call a sleep server, which answers when the time asked for has passed
///
/// Several times are slept at once, over one connection, and each is shown when its answer comes,
/// with how late that was. ^C cancels those that are left.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = "lariat sleep [OPTIONS] [ENDPOINT] <SECONDS>...")]
pub struct Args {
    /// The server, as a host or an endpoint [default: tcp://localhost:21577]; then how many seconds
    /// to sleep, such as 1.5, as often as one likes
    #[arg(
        value_name = "[ENDPOINT] SECONDS",
        required = true,
        allow_negative_numbers = true
    )]
    words: Vec<String>,
    /// How long connecting, and then each call, may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    /// Print an object of JSON for each sleep
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
The exit code is 1 if there was no answer, or not in time, or the server refuses to sleep so long.

Examples:
  lariat sleep 1.5
  lariat sleep 3 1 2
  lariat sleep tls://example.org:21577 0.25 --timeout 1";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let (endpoint, times) = read(&args.words)?;
    signals::endable(|interrupted| sleep(endpoint, times, args, interrupted))
}

/// What is slept: the number as it was written, and as it is.
type Time = (String, f64);

/// Where, and how long. A first word that is no number is the server, if others follow.
fn read(words: &[String]) -> Result<(Endpoint, Vec<Time>), Failure> {
    let (server, times) = match words {
        [first, times @ ..] if !times.is_empty() && first.parse::<f64>().is_err() => {
            (first.as_str(), times)
        }
        times => ("localhost", times),
    };
    let endpoint = client::endpoint(server)?;
    let endpoint = match endpoint.host().is_some() && endpoint.port().is_none() {
        true => endpoint.with_port(PORT),
        false => endpoint,
    };
    let time = |text: &String| {
        let time = text
            .parse()
            .ok()
            .filter(|time: &f64| *time >= 0.0 && time.is_finite());
        let time = time.map(|time| (text.clone(), time));
        time.ok_or_else(|| {
            Failure::usage(format!(
                "{text:?} is not a number of seconds, such as 5 or 0.5"
            ))
        })
    };
    let times: Result<_, _> = times.iter().map(time).collect();
    Ok((endpoint, times?))
}

async fn sleep(
    endpoint: Endpoint,
    times: Vec<Time>,
    args: Args,
    mut interrupted: oneshot::Receiver<Signal>,
) -> Result<(), Failure> {
    let options = client::options(args.timeout);
    let connecting = call::connect_with(&endpoint, options, Nothing);
    let caller = tokio::select! {
        biased;
        Ok(_) = &mut interrupted => return Err(Failure::quiet(INTERRUPTED)),
        caller = connecting => caller?,
    };
    let mut calls = SleepClient::new(caller.clone());
    if let Some(timeout) = args.timeout {
        calls = calls.within(timeout);
    }
    let mut sleeps = JoinSet::new();
    for (text, seconds) in times {
        let calls = calls.clone();
        sleeps.spawn(async move {
            let begun = Instant::now();
            let slept = calls.sleep(seconds).await;
            (text, seconds, begun.elapsed().as_secs_f64(), slept)
        });
    }
    let outcome = tokio::select! {
        biased;
        Ok(_) = &mut interrupted => Err(Failure::quiet(INTERRUPTED)),
        outcome = show(&endpoint, &mut sleeps, args.json) => outcome,
    };
    // What is still slept is cancelled, and the server told so, if it listens.
    sleeps.shutdown().await;
    let _ = timeout(GOODBYE, caller.close()).await;
    outcome
}

type Sleep = (String, f64, f64, Result<Slept, CallFailure<SleepError>>);

/// Shows each sleep when it is over. One that fails keeps no other from being shown, but all are
/// lost together.
async fn show(
    endpoint: &Endpoint,
    sleeps: &mut JoinSet<Sleep>,
    in_json: bool,
) -> Result<(), Failure> {
    let mut done = Ok(());
    while let Some(sleep) = sleeps.join_next().await {
        let Ok((text, seconds, took, slept)) = sleep else {
            continue;
        };
        let slept = match slept {
            Ok(slept) => slept,
            Err(failure @ CallFailure::Lost(_)) => {
                return Err(Failure::new(format!("{endpoint}: {failure}")));
            }
            Err(failure) => {
                complain(&format!("{endpoint}: {failure}"));
                done = Err(Failure::quiet(FAILED));
                continue;
            }
        };
        let late_ms = (took - seconds) * 1000.0;
        print(match in_json {
            true => {
                let shown = json!({
                    "seconds": seconds,
                    "took": took,
                    "took_at_server": slept.seconds,
                    "late_ms": late_ms,
                });
                format!("{shown}\n")
            }
            false => format!("{text} s, {late_ms:.1} ms late\n"),
        })?;
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(words: &[&str]) -> Result<(String, Vec<f64>), String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        match read(&words) {
            Ok((endpoint, times)) => {
                let times = times.into_iter().map(|(_, time)| time).collect();
                Ok((endpoint.to_string(), times))
            }
            Err(failure) => Err(failure.message().unwrap_or_default().to_owned()),
        }
    }

    #[test]
    fn a_first_word_that_is_no_number_is_the_server() {
        let local = "tcp://localhost:21577".to_owned();
        assert_eq!(reading(&["1.5"]), Ok((local.clone(), vec![1.5])));
        assert_eq!(reading(&["1", "0"]), Ok((local, vec![1.0, 0.0])));
        let there = "tcp://example.org:21577".to_owned();
        assert_eq!(reading(&["example.org", "1"]), Ok((there, vec![1.0])));
        let there = "unix:x.sock".to_owned();
        assert_eq!(reading(&["unix:x.sock", "1"]), Ok((there, vec![1.0])));
    }

    #[test]
    fn what_is_no_time_is_said() {
        for wrong in ["soon", "-1", "nan", "inf", "", "1s"] {
            let said = reading(&[wrong]).expect_err(wrong);
            assert!(
                said.contains("is not a number of seconds"),
                "{wrong}: {said}"
            );
            assert_eq!(reading(&["localhost:1", "1", wrong]), Err(said));
        }
    }
}
