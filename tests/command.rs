//! The command server, the whole way: over streams, asked by our client and by plain sockets.

mod hostile;
mod page;
mod platform;
mod streams;

use lariat::client::command::Client;
use lariat::service::command::{Command, Custom};
use lariat::{Listening, Reactor};
use lariat_protocol::command::{Answer, Outcome};

use crate::common::reactor;

/// A command that a shell carries out, so that a test can have anything happen.
fn script(name: &str, script: &str) -> Custom {
    Custom::new(name, ["sh", "-c", script]).expect("a command")
}

fn serve(reactor: &Reactor, command: Command) -> Listening {
    let listening = reactor.handle().listen("tcp://127.0.0.1:0", command);
    listening.expect("listening")
}

/// Asks each line on one connection.
fn ask(reactor: &Reactor, listening: &Listening, lines: &[&str]) -> Vec<Answer> {
    let endpoint = listening.endpoint().clone();
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_string()).collect();
    reactor.handle().wait(async move {
        let client = Client::connect(&endpoint, Default::default()).await;
        let mut client = client.expect("connected");
        let mut answers = Vec::new();
        for line in &lines {
            answers.push(client.ask(line).await.expect("an answer"));
        }
        client.close().await.expect("closed");
        answers
    })
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.text.clone()).expect("text")
}

fn why(answer: &Answer) -> &str {
    match &answer.outcome {
        Outcome::Ok => panic!("it went well: {answer:?}"),
        Outcome::Failed(why) | Outcome::Error(why) => why,
    }
}

/// One command on a server of its own.
fn run(custom: Custom) -> Answer {
    let reactor = reactor();
    let name = custom.name().to_string();
    let listening = serve(&reactor, Command::new().with(custom));
    ask(&reactor, &listening, &[&name]).remove(0)
}
