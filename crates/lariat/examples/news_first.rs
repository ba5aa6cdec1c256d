//! Shows a group's newest article: who wrote it, about what and when, and its first lines without what is quoted.
//!
//! `cargo run -p lariat --example news_first -- tcp://news.example.org:119 comp.lang.python`
//! There is one message for whatever can fail.

use std::process::ExitCode;

use lariat::Endpoint;
use lariat::client::nntp::{Client, Excerpt, Options, decode_header};

/// What others have written, without what could steer a terminal.
fn harmless(text: &str) -> String {
    text.replace(char::is_control, "?")
}

/// Shows the article, on a connection that is there already.
async fn show(client: &mut Client, name: &str) -> Result<(), String> {
    let group = client.group(name).await;
    let group = group.map_err(|error| format!("cannot go to the group {name}: {error}"))?;
    println!(
        "{name}: {} articles, {} to {}",
        group.count, group.first, group.last
    );
    if group.is_empty() {
        return Err(format!("{name} has no articles"));
    }
    // The one with the highest number may have been taken away.
    let newest = client.newest(group.first..=group.last, 1).await;
    let newest = newest.map_err(|error| format!("cannot find the newest article: {error}"))?;
    let newest = newest.overviews.last().map(|overview| overview.number());
    let newest = newest.ok_or_else(|| format!("{name} has no articles"))?;
    for field in ["From", "Subject", "Date"] {
        let values = client.xhdr(field, newest).await;
        let values = values.map_err(|error| format!("cannot ask for {field}: {error}"))?;
        for valued in values {
            println!("{field}: {}", harmless(&decode_header(&valued.value)));
        }
    }
    let article = client.article(newest).await;
    let article = article.map_err(|error| format!("cannot read article {newest}: {error}"))?;
    println!("\nThe first lines, 20 at most:\n");
    for line in Excerpt::default().of(&article.text()) {
        println!("    {}", harmless(line));
    }
    Ok(())
}

async fn run(endpoint: &Endpoint, group: &str) -> Result<(), String> {
    let connected = Client::connect(endpoint, Options::default()).await;
    let mut client = connected.map_err(|error| format!("cannot reach {endpoint}: {error}"))?;
    println!("connected to {endpoint}");
    let outcome = show(&mut client, group).await;
    // On each way out. What the server says to it changes nothing.
    let _ = client.quit().await;
    outcome
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [endpoint, group] = arguments.as_slice() else {
        eprintln!("usage: news_first tcp://HOST:119 GROUP");
        return ExitCode::from(2);
    };
    let endpoint = match endpoint.parse::<Endpoint>() {
        Ok(endpoint) => endpoint,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match run(&endpoint, group).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", harmless(&message));
            ExitCode::FAILURE
        }
    }
}
