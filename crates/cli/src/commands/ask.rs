//! `lariat ask`: the command server's client; one command, or a conversation.

use std::io::{self, IsTerminal};
use std::time::Duration;

use lariat_client::asking::AskOptions;
use lariat_client::command::Client;
use lariat_protocol::Endpoint;
use lariat_protocol::command::{Answer, DEFAULT_PORT, MAXIMUM_LINE, Outcome};
use serde_json::json;

use crate::client::{self, seconds};
use crate::failure::{FAILED, Failure, INTERRUPTED};
use crate::line_editor::{Completion, LineEditor, Settings, Typed};
use crate::output::{complain, escape_json, print, shown};
use crate::serve::state;
use crate::signals;

/// Where the lines are remembered that were typed, in the state directory.
const HISTORY: &str = "history/ask";

/// Ask a command server, once or in a conversation
///
/// With a command, shows its answer. Without one, commands are lines: typed at a prompt that
/// knows the server's commands (the tabulator key) and those typed before, or from standard input. The
/// exit code is 1 if an answer said that something went wrong.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server: an endpoint, or a host alone
    #[arg(value_name = "ENDPOINT|HOST")]
    server: String,
    /// The command, which may have spaces in it; help lists what the server knows
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
    /// Show each answer as a line of JSON
    #[arg(long)]
    json: bool,
    /// How long connecting (30 s), and then each answer (60 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

const EXAMPLES: &str = "\
The default port is 21576.

Examples:
  lariat ask localhost date
  lariat ask localhost ls photos
  lariat ask --json tls://example.org:21576 os
  lariat ask localhost
  printf 'date\\nos\\n' | lariat ask localhost";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = client::endpoint_at(&args.server, "tcp", None)?;
    let endpoint = endpoint.with_default_port(DEFAULT_PORT);
    signals::interruptible(ask(endpoint, args))
}

async fn ask(endpoint: Endpoint, args: Args) -> Result<(), Failure> {
    let options = AskOptions {
        connect: client::options(args.timeout),
        timeout: args.timeout,
    };
    let mut client = Client::connect(&endpoint, options).await?;
    let outcome = match args.command.is_empty() {
        false => one(&mut client, &args.command.join(" "), args.json).await,
        true if io::stdin().is_terminal() => converse(&mut client, args.json).await,
        true => all(&mut client, args.json).await,
    };
    // Everything was answered; how the server takes our goodbye changes nothing.
    let _ = client.close().await;
    outcome
}

/// Asks once, and shows the answer where it belongs.
async fn one(client: &mut Client, command: &str, as_json: bool) -> Result<(), Failure> {
    let answer = client.ask(command).await?;
    if as_json {
        print(object(command, &answer) + "\n")?;
    } else {
        print(shown(&answer.text))?;
    }
    match (&answer.outcome, as_json) {
        (Outcome::Ok, _) => Ok(()),
        (_, true) => Err(Failure::quiet(FAILED)),
        (Outcome::Failed(why) | Outcome::Error(why), false) => Err(Failure::new(why)),
    }
}

/// Asks what is piped in, line by line.
async fn all(client: &mut Client, as_json: bool) -> Result<(), Failure> {
    let mut editor = LineEditor::open(settings(Vec::new()))?;
    let mut outcome = Ok(());
    while let Typed::Line(line) = editor.next().await? {
        let command = text(line)?;
        if command.trim().is_empty() {
            continue;
        }
        if let Err(failure) = one(client, &command, as_json).await {
            if failure.code() != FAILED {
                return Err(failure);
            }
            if let Some(message) = failure.message() {
                complain(message);
            }
            outcome = Err(Failure::quiet(FAILED));
        }
        if command.trim() == "quit" {
            break;
        }
    }
    outcome
}

/// Asks what is typed.
async fn converse(client: &mut Client, as_json: bool) -> Result<(), Failure> {
    let names = client.names().await?;
    let mut editor = LineEditor::open(Settings {
        history: state::path(None).ok().map(|state| state.join(HISTORY)),
        ..settings(names)
    })?;
    let interrupted = editor.interrupted();
    let outcome = tokio::select! {
        biased;
        () = interrupted => Err(Failure::quiet(INTERRUPTED)),
        outcome = exchange(client, &mut editor, as_json) => outcome,
    };
    let shown = editor.close().await;
    outcome.and(shown)
}

async fn exchange(
    client: &mut Client,
    editor: &mut LineEditor,
    as_json: bool,
) -> Result<(), Failure> {
    let printer = editor.printer();
    loop {
        let typed = tokio::select! {
            biased;
            typed = editor.next() => typed?,
            closed = client.closed() => return Err(closed.into()),
        };
        let command = match typed {
            Typed::Line(line) => text(line)?,
            Typed::End => return Ok(()),
            Typed::Interrupted => return Err(Failure::quiet(INTERRUPTED)),
        };
        if command.trim().is_empty() {
            continue;
        }
        let answer = client.ask(&command).await?;
        if as_json {
            printer.print(object(&command, &answer)).await?;
        } else {
            let text = answer.text.strip_suffix(b"\n").unwrap_or(&answer.text);
            if !answer.text.is_empty() {
                printer.print(text).await?;
            }
            match &answer.outcome {
                Outcome::Ok => {}
                Outcome::Failed(why) => printer.print(format!("failed: {why}")).await?,
                Outcome::Error(why) => printer.print(format!("error: {why}")).await?,
            }
        }
        if answer.is_ok() && command.trim() == "quit" {
            return Ok(());
        }
    }
}

fn settings(names: Vec<String>) -> Settings {
    Settings {
        maximum: MAXIMUM_LINE,
        complete: Box::new(move |line| complete(&names, line)),
        ..Settings::default()
    }
}

/// The commands that begin so; what is behind one is the server's to know.
fn complete(names: &[String], line: &str) -> Completion {
    let start = line.len() - line.trim_start().len();
    let begun = &line[start..];
    let words = names.iter().filter(|name| name.starts_with(begun));
    Completion {
        start,
        words: words.cloned().collect(),
    }
}

fn text(line: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(line).map_err(|_| Failure::new("a line of the input is not UTF-8"))
}

fn object(command: &str, answer: &Answer) -> String {
    let (outcome, why) = match &answer.outcome {
        Outcome::Ok => ("ok", None),
        Outcome::Failed(why) => ("failed", Some(why)),
        Outcome::Error(why) => ("error", Some(why)),
    };
    let text = String::from_utf8_lossy(&answer.text);
    let object = json!({"command": command, "outcome": outcome, "why": why, "text": text});
    escape_json(&object.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_completed_and_what_they_are_about_is_not() {
        let names = ["date", "disk", "ls"].map(String::from);
        let words = |line: &str| complete(&names, line).words;
        assert_eq!(words("d"), ["date", "disk"]);
        assert_eq!(words("  l"), ["ls"]);
        assert_eq!(complete(&names, "  l").start, 2);
        assert!(words("ls d").is_empty());
        assert_eq!(words("").len(), 3);
    }
}
