//! What clients see of the command server, and what it does for them.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use lariat::service::command::{Command, Custom};
use lariat_protocol::command::Outcome;

use super::{ask, run, script, serve, text, why};
use crate::common::{connect, reactor, wait_until};

#[test]
fn what_every_server_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("sub")).expect("a folder");
    std::fs::write(folder.path().join("a b"), "").expect("a file");
    let reactor = reactor();
    let command = Command::new().listing(folder.path()).expect("it is there");
    let listening = serve(&reactor, command);
    let lines = [
        "date",
        "os",
        "ls",
        "ls sub",
        "ls ..",
        "ls nothing",
        "dat",
        "date now",
        "help",
    ];
    let answers = ask(&reactor, &listening, &lines);
    let date = text(&answers[0]);
    assert!(date.len() == 25 && date.ends_with('\n'), "{date:?}");
    let os = text(&answers[1]);
    assert!(os.starts_with("posix\n") || os.starts_with("nt\n"), "{os}");
    assert_eq!(text(&answers[2]), "a b\nsub/\n");
    assert_eq!(
        (&answers[3].outcome, text(&answers[3])),
        (&Outcome::Ok, String::new())
    );
    assert_eq!(why(&answers[4]), "\"..\" leads out of what may be listed");
    assert_eq!(why(&answers[5]), "no directory \"nothing\" here");
    assert!(why(&answers[6]).starts_with("no command \"dat\" (did you mean \"date\"? "));
    assert_eq!(why(&answers[7]), "date takes no argument");
    assert!(text(&answers[8]).contains("ls    [DIR]: the names in a directory\n"));
}

#[test]
fn a_program_is_given_its_words_as_they_are_and_no_shell() {
    let custom = Custom::new("say", ["printf", "%s|", "a b", "$HOME", ";", "*"]);
    let answer = run(custom.expect("a command"));
    assert_eq!(
        (&answer.outcome, text(&answer)),
        (&Outcome::Ok, "a b|$HOME|;|*|\n".into())
    );
}

#[test]
fn both_outputs_of_a_program_are_taken_and_how_it_ended_is_told() {
    let answer = run(script("odd", "echo out; echo err >&2; exit 3"));
    assert_eq!(why(&answer), "it ended with exit code 3");
    let text = text(&answer);
    assert!(text.contains("out\n") && text.contains("err\n"), "{text}");
    let answer = run(script("ended", "kill -TERM $$"));
    assert_eq!(why(&answer), "it was ended by signal 15");
    let answer = run(Custom::new("gone", ["/no/such/program"]).expect("a command"));
    assert_eq!(
        why(&answer),
        "cannot run \"/no/such/program\": no such file or directory"
    );
}

#[test]
fn a_program_runs_where_it_is_told_and_knows_little_of_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("it is there");
    let answer = run(script("where", "pwd").within(&folder));
    assert_eq!(text(&answer), format!("{}\n", folder.display()));
    // What cargo tells its tests is in the environment of this process.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let answer = run(script("env", "env"));
    let text = text(&answer);
    assert!(text.contains("PATH=") && !text.contains("CARGO"), "{text}");
}

#[test]
fn a_program_that_takes_too_long_or_writes_too_much_is_ended() {
    let slow = script("slow", "echo begun; sleep 600").taking(Duration::from_secs(2));
    let answer = run(slow);
    assert_eq!(why(&answer), "it took longer than 2 s, and was ended");
    assert_eq!(text(&answer), "begun\n");
    let endless = Custom::new("endless", ["yes"])
        .expect("a command")
        .writing(1000);
    let answer = run(endless);
    assert_eq!(why(&answer), "it wrote more than 1000 bytes, and was ended");
    assert_eq!(answer.text.len(), 1000);
    // All that fits is taken.
    let whole = script("whole", "head -c 65536 /dev/zero | tr '\\0' x");
    let answer = run(whole);
    assert_eq!((&answer.outcome, answer.text.len()), (&Outcome::Ok, 65537));
}

#[test]
fn what_a_program_leaves_behind_is_not_waited_for() {
    let answer = run(script("behind", "sleep 600 & echo $!"));
    assert_eq!(answer.outcome, Outcome::Ok);
    let process = text(&answer);
    super::platform::end(process.trim());
}

#[test]
fn what_is_asked_at_once_is_answered_in_order_also_behind_the_end() {
    let reactor = reactor();
    let slow = script("slow", "sleep 0.2; echo slow");
    let listening = serve(&reactor, Command::new().with(slow));
    let mut stream = connect(&listening);
    stream.write_all(b"slow\nnothing\nslow\n").expect("sent");
    stream.shutdown(Shutdown::Write).expect("ended");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("in time");
    let (first, rest) = said
        .split_once("ok\nslow\n.\nerror no command")
        .expect("in order");
    assert!(
        first.is_empty() && rest.ends_with("\nok\nslow\n.\n"),
        "{said}"
    );
}

#[test]
fn so_many_are_at_work_and_no_more() {
    let reactor = reactor();
    let folder = tempfile::tempdir().expect("a folder");
    let begun = folder.path().join("begun");
    let wait = script("wait", &format!("echo > '{}'; sleep 600", begun.display()));
    let command = Command::new().with(wait).running(1);
    let listening = serve(&reactor, command);
    let mut first = connect(&listening);
    first.write_all(b"wait\n").expect("sent");
    wait_until("it is at work", || begun.exists());
    let answers = ask(&reactor, &listening, &["wait", "date"]);
    assert_eq!(
        why(&answers[0]),
        "1 commands are at work, which is as many as may be; try again"
    );
    assert_eq!(answers[1].outcome, Outcome::Ok);
}
