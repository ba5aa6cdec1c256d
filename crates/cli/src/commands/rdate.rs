//! `lariat rdate`: the client of RFC 868; a server's clock beside this machine's.

use jiff::Timestamp;
use lariat_client::time::{self, Reading};
use lariat_service::clock::ctime_of;
use serde_json::json;

use crate::failure::Failure;
use crate::output::print;
use crate::signals;
use crate::well_known::Server;

/// Ask a time server for the time (RFC 868) and show how far the clocks are apart
///
/// It never sets the clock. The server's time is in whole seconds, so a difference of less than
/// one cannot be told.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    server: Server,
    /// Print one object of JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
The default port is that of the service time: 37.

Examples:
  lariat rdate example.org
  lariat rdate --udp example.org
  lariat rdate --json localhost 21575";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = args.server.endpoint("time")?;
    let asking = async { Ok(time::ask(&endpoint, args.server.options()).await?) };
    let reading = signals::interruptible(asking)?;
    print(match args.json {
        true => format!("{}\n", in_json(&reading)),
        false => {
            let time = String::from_utf8_lossy(&ctime_of(reading.second)).into_owned();
            format!("{time}\n{}\n", difference(&reading))
        }
    })
}

fn in_json(reading: &Reading) -> serde_json::Value {
    let time = Timestamp::from_second(reading.second).ok();
    let ahead = reading.ahead();
    json!({
        "server": reading.peer.to_string(),
        "time": time.map(|time| time.to_string()),
        "unix": reading.second,
        "ahead_at_least": ahead.start(),
        "ahead_at_most": ahead.end(),
        "seconds_to_answer": reading.answered - reading.asked,
    })
}

/// How late a second may begin at a server whose clock is right: C's `time` reads a clock that
/// moves on with the system's ticks, of which the slowest systems have 100 a second.
const TICK_SECONDS: f64 = 0.01;

/// How far the clocks are apart, in words.
fn difference(reading: &Reading) -> String {
    let ahead = reading.ahead();
    if *ahead.start() <= 0.0 && *ahead.end() >= -TICK_SECONDS {
        return "The clocks agree, as far as whole seconds can tell.".into();
    }
    let middle = (ahead.start() + ahead.end()) / 2.0;
    let apart = match middle.abs().round() {
        seconds if seconds >= 1.0 => format!("{seconds:.0} s"),
        _ => "less than 1 s".into(),
    };
    let direction = if middle > 0.0 { "ahead of" } else { "behind" };
    format!("The server's clock is {apart} {direction} this machine's.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lariat_protocol::Address;

    fn reading(second: i64) -> Reading {
        Reading {
            peer: Address::Stdio,
            second,
            asked: 1000.25,
            answered: 1000.5,
        }
    }

    #[test]
    fn a_difference_is_told_where_there_certainly_is_one() {
        for (second, words) in [
            (1000, "agree"),
            (1001, "is 1 s ahead of"),
            (999, "is 1 s behind"),
            (4600, "is 3600 s ahead of"),
            (0, "is 1000 s behind"),
        ] {
            let said = difference(&reading(second));
            assert!(said.contains(words), "{second}: {said}");
        }
        let late = Reading {
            answered: 1000.999,
            asked: 1000.99,
            ..reading(1001)
        };
        assert!(difference(&late).contains("is 1 s ahead"), "{late:?}");
        // The server's clock has not ticked since the second began.
        let begun = Reading {
            asked: 1000.004,
            answered: 1000.005,
            ..reading(999)
        };
        assert!(difference(&begun).contains("agree"), "{begun:?}");
    }

    #[test]
    fn programs_are_told_the_range() {
        let said = in_json(&reading(1_150_565_241));
        assert_eq!(said["time"], "2006-06-17T17:27:21Z");
        let apart = said["ahead_at_most"].as_f64().expect("a number")
            - said["ahead_at_least"].as_f64().expect("a number");
        assert!((apart - 1.25).abs() < 0.001, "{said}");
    }
}
