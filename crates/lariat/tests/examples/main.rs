//! Every example does what it says, as the program that `cargo run --example` starts.

#![allow(clippy::unwrap_used)]

mod clients;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use lariat_testkit::Nobody;

/// How long anything may take that should take no time.
const DEADLINE: Duration = Duration::from_secs(60);

/// The built example. `cargo test` builds them all; with `--test` alone it does not.
fn example(name: &str) -> Command {
    let mut path = PathBuf::from(std::env::current_exe().unwrap().parent().unwrap());
    path.pop();
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: cargo build --examples",
        path.display()
    );
    Command::new(path)
}

/// A server that runs until the test is over.
struct Server {
    child: Child,
    address: SocketAddr,
    /// Kept open, so that the server can go on printing.
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut command = example(name);
        command.arg("tcp://127.0.0.1:0").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (told, first) = channel();
        let reading = thread::spawn(move || {
            let mut line = String::new();
            let read = output.read_line(&mut line).map(|_| line);
            // Whoever waited may have given up.
            let _ = told.send(read);
            output
        });
        let line = first.recv_timeout(DEADLINE).expect("it listens in time");
        let line = line.unwrap();
        let output = reading.join().unwrap();
        let address = line.trim_end().strip_prefix("listening on tcp://");
        Server {
            address: address.expect("it says where").parse().unwrap(),
            child,
            _output: output,
        }
    }

    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        BufReader::new(stream)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    stream.get_mut().write_all(line.as_bytes()).unwrap();
}

fn hear(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line
}

/// What stands behind the time, which must be one.
fn message(answer: &str) -> &str {
    let (time, message) = answer.split_once("] ").expect("a time");
    assert_eq!(time.len(), "[Sat Jun 17 17:27:21 2006".len(), "{answer:?}");
    message
}

fn run(command: &mut Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let id = child.id();
    let (sender, ended): (_, Receiver<Output>) = channel();
    thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    let output = ended.recv_timeout(DEADLINE);
    output.unwrap_or_else(|_| panic!("process {id} does not end"))
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn both_timestamp_servers_answer_lines() {
    for name in ["timestamp_server", "timestamp_async"] {
        let server = Server::start(name);
        let mut client = server.connect();
        say(&mut client, "one\ntwo\r\n");
        assert_eq!(message(&hear(&mut client)), "one\n", "{name}");
        assert_eq!(message(&hear(&mut client)), "two\r\n", "{name}");
        // A line without an end is refused, and others are served on.
        say(&mut client, &"x".repeat(5000));
        assert_eq!(hear(&mut client), "", "{name}");
        let mut another = server.connect();
        say(&mut another, "three\n");
        assert_eq!(message(&hear(&mut another)), "three\n", "{name}");
    }
}

#[test]
fn the_timestamp_client_sends_the_next_line_when_the_answer_came() {
    let server = Server::start("timestamp_server");
    let endpoint = format!("tcp://{}", server.address);
    let output = run(
        example("timestamp_client").arg(&endpoint),
        "one\ntwo\n\nthree\n",
    );
    assert_eq!(text(&output.stderr), "");
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(message(lines[0].strip_prefix("> ").unwrap()), "one");
    assert_eq!(message(lines[1].strip_prefix("> ").unwrap()), "two");
    assert_eq!(lines[2], "> ");
    assert!(output.status.success());
}

#[test]
fn the_timestamp_client_says_when_nobody_is_there() {
    let nobody = Nobody::tcp();
    let mut client = example("timestamp_client");
    let output = run(client.arg(format!("tcp://{}", nobody.address())), "");
    assert!(text(&output.stderr).contains("connection refused"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn three_chat_and_hear_each_other() {
    let server = Server::start("chat");
    let join = || {
        let mut member = server.connect();
        assert_eq!(hear(&mut member), "welcome\r\n");
        let name = member.get_ref().local_addr().unwrap();
        (member, name)
    };
    let (mut ann, ann_is) = join();
    let (mut bob, bob_is) = join();
    assert_eq!(hear(&mut ann), format!("{bob_is} came\r\n"));
    let (mut cat, cat_is) = join();
    for member in [&mut ann, &mut bob] {
        assert_eq!(hear(member), format!("{cat_is} came\r\n"));
    }
    say(&mut ann, "hello\n");
    for member in [&mut bob, &mut cat] {
        assert_eq!(hear(member), format!("{ann_is}: hello\r\n"));
    }
    say(&mut cat, "hi\n");
    // Who speaks does not hear it, so this is the next that ann hears.
    for member in [&mut ann, &mut bob] {
        assert_eq!(hear(member), format!("{cat_is}: hi\r\n"));
    }
    drop(bob);
    for member in [&mut ann, &mut cat] {
        assert_eq!(hear(member), format!("{bob_is} left\r\n"));
    }
}

#[test]
fn the_calculator_answers_by_its_routes() {
    let server = Server::start("routes");
    let mut client = server.connect();
    for (line, answer) in [
        ("2 + 3\n", "5"),
        ("-7*-6\n", "42"),
        ("sum 1 2 3\n", "6"),
        ("1 / 0\n", "error there is no such number"),
        (
            "99999999999999999999+1\n",
            "error number too large to fit in target type",
        ),
        (
            "two + two\n",
            "error unknown; say one of: NUMBER [+-*/] NUMBER, sum NUMBER..., signs, quit",
        ),
        ("bye\n", "bye"),
    ] {
        say(&mut client, line);
        assert_eq!(hear(&mut client), format!("{answer}\r\n"), "{line}");
    }
    assert_eq!(hear(&mut client), "");
    let mut another = server.connect();
    say(&mut another, "signs\n");
    let signs = [(); 4].map(|()| hear(&mut another));
    assert_eq!(signs.concat(), "+\r\n-\r\n*\r\n/\r\n");
}

#[test]
fn a_protocol_runs_without_a_socket() {
    let output = run(&mut example("without_a_socket"), "");
    let time = "[Sat Jun 17 17:27:21 2006]";
    assert_eq!(
        text(&output.stdout),
        format!(
            "C: hi\nC: how are you?\nC:  \n\
             S: {time} hi\nS: {time} how are you?\nS: {time}  \n"
        )
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_server_and_a_client_trust_an_authority_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    // Port 9443 may be taken where the tests run.
    let pair = || run(example("tls_pair").arg(folder.path()).arg("0"), "");
    for made_or_found in [pair(), pair()] {
        assert_eq!(text(&made_or_found.stderr), "");
        let lines: Vec<&str> = text(&made_or_found.stdout).lines().collect();
        assert!(lines[0].starts_with("connected to "), "{lines:?}");
        assert_eq!(message(lines[1]), "hi over TLS");
        assert!(made_or_found.status.success());
    }
}

#[test]
fn methods_are_called_from_the_other_side() {
    let output = run(&mut example("remote_call"), "");
    let said = text(&output.stdout);
    let lines: Vec<&str> = said
        .lines()
        .skip(1)
        .filter(|line| !line.contains("waits"))
        .collect();
    assert_eq!(
        lines,
        [
            "guests: 1",
            "Ann again?",
            "guests: 2, the last one: Bob",
            "nobody else: no answer within 0.05 s"
        ],
        "{said}"
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_candy_machine_is_never_overfull_nor_less_than_empty() {
    let output = run(&mut example("candy"), "");
    let said = text(&output.stdout);
    let begin = "the machine has 5 candies\nrefilling candy: full, skipping\n";
    assert!(said.starts_with(begin), "{said}");
    let (lively, end) = said.split_once("nobody refills it any more\n").unwrap();
    let refilled = lively.matches("refilling candy: done").count();
    let bought = lively.matches("buying candy: done").count();
    // Whoever refills or buys says so a moment later, so the lines of two threads may have changed places, and what
    // is exact is the sum.
    let left = (5 + refilled).checked_sub(bought).unwrap();
    assert!(left <= 5, "{said}");
    let last = "buying candy: done\n".repeat(left);
    let empty = "buying candy: empty, skipping\nthe machine has 0 candies\n";
    assert_eq!(end, format!("{last}{empty}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn what_is_produced_is_consumed_in_turn_over_a_queue_of_32() {
    let output = run(&mut example("producer_consumer"), "");
    let said = text(&output.stdout);
    let consumed: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("item ")?.split_once(" consumed"))
        .map(|(item, _)| item)
        .collect();
    assert!(
        consumed
            .iter()
            .zip(1..=60)
            .all(|(item, number)| *item == number.to_string())
    );
    assert_eq!(consumed.len(), 60);
    assert!(said.contains("all 60 are done\n") && said.contains("the consumer ends\n"));
    let in_queue = said
        .lines()
        .filter_map(|line| line.strip_suffix(" in the queue"));
    let sizes = in_queue.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
    assert!(sizes.max() <= Some(32), "{said}");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn when_the_producer_or_the_consumer_dies_the_other_ends_too() {
    for (who, then) in [
        ("producer", "the consumer ends\n"),
        ("consumer", " produced, "),
    ] {
        let output = run(example("producer_consumer").arg(who), "");
        let (said, errors) = (text(&output.stdout), text(&output.stderr));
        assert!(!output.status.success(), "{said}");
        assert!(errors.contains(&format!("the {who} dies")), "{errors}");
        assert!(said.contains(then) && !said.contains("are done"), "{said}");
    }
}

#[test]
fn each_thread_strikes_itself_off_until_none_remains() {
    let output = run(&mut example("remaining_threads"), "");
    let said = text(&output.stdout);
    let (count, done) = said.split_once(" threads\n").unwrap();
    let count: usize = count.parse().unwrap();
    assert!((3..=6).contains(&count), "{said}");
    let lines: Vec<&str> = done.lines().collect();
    assert_eq!(lines.len(), count, "{said}");
    for (index, line) in lines.iter().enumerate() {
        let remaining = line.split_once("remaining: ");
        let remaining = remaining.map_or(0, |(_, names)| names.split(", ").count());
        assert_eq!(remaining, count - 1 - index, "{said}");
    }
    assert!(lines[count - 1].ends_with("and none remains"), "{said}");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_most_urgent_comes_first() {
    let output = run(&mut example("priorities"), "");
    let expected = "1 ask\n1 plan\n2 write\n3 sleep\n\
        1 plan takes 10 minutes\n1 ask takes 2.5 minutes\n2 write takes 30 minutes\n";
    assert_eq!(text(&output.stdout), expected);
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_task_sets_are_timed() {
    let output = run(&mut example("task_set"), "");
    let table = text(&output.stdout);
    for row in ["in turn", "in threads", "event-driven"] {
        assert!(table.lines().any(|line| line.starts_with(row)), "{table}");
    }
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_loops_sleep_in_turn_and_in_threads() {
    let output = run(&mut example("sleeping_loops"), "");
    let said = text(&output.stdout);
    assert_eq!(said.matches(" is done").count(), 6, "{said}");
    let (in_turn, others) = said.split_once("in threads").unwrap();
    assert!(in_turn.find("loop 0 is done") < in_turn.find("loop 1 starts"));
    // In threads both have begun before the first is done.
    let (_, with_locks) = others.split_once("in threads").unwrap();
    // Nobody waited for those before, who may still have something to say here.
    assert!(with_locks.find("loop 1 starts") < with_locks.rfind("loop 0 is done"));
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn threads_are_made_of_functions_closures_and_values() {
    let output = run(&mut example("thread_objects"), "");
    let said = text(&output.stdout);
    assert!(
        said.starts_with(
            "functions: 2 done\nclosures: 2 done\nvalues: long has slept, short has slept\n"
        ),
        "{said}"
    );
    assert_eq!(said.matches("results: ").count(), 2, "{said}");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn the_same_results_come_in_turn_in_threads_and_from_a_pool() {
    let output = run(&mut example("factorials"), "");
    let said = text(&output.stdout);
    assert_eq!(
        said.matches("       233   479001600    78").count(),
        3,
        "{said}"
    );
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_hundred_pages_are_looked_up_and_the_end_is_told_at_the_end() {
    let output = run(&mut example("ranking"), "");
    let said = text(&output.stdout);
    for how in [
        "a plain loop",
        "a thread for each",
        "a pool of 3",
        "a pool of 100",
    ] {
        assert!(said.contains(&format!("{how}: 99 ranks in ")), "{said}");
    }
    let missing = said.matches("  item 13: HTTP/1.0 404 Not Found\n").count();
    assert_eq!(missing, 4, "{said}");
    let last = said.lines().last().unwrap();
    assert!(last.starts_with("all done after "), "{said}");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn the_interfaces_are_listed() {
    let mut listed = String::new();
    let mut output = &run(&mut example("interfaces"), "").stdout[..];
    output.read_to_string(&mut listed).unwrap();
    assert!(
        listed.lines().any(|line| line.starts_with("1 lo ")),
        "{listed}"
    );
}

/// Starts an example of blocking code. Returns where it waits.
fn blocking(mut command: Command, strategy: &str, address: &str) -> (Child, String) {
    let command = command.args([strategy, address]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim_end().strip_prefix("waiting at ");
    (child, address.expect("it says where").to_string())
}

#[test]
fn the_blocking_servers_answer_in_every_way() {
    let folder = tempfile::tempdir().unwrap();
    for strategy in ["sequential", "threading", "pooled", "forking"] {
        let (mut child, address) = blocking(example("blocking_tcp"), strategy, "127.0.0.1:0");
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"hi").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with('[') && answer.ends_with("] hi"),
            "{answer}"
        );
        child.kill().unwrap();
        child.wait().unwrap();

        let (mut child, address) = blocking(example("blocking_udp"), strategy, "127.0.0.1:0");
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.send_to(b"hi", address).unwrap();
        let mut answer = [0; 100];
        let length = socket.recv(&mut answer).unwrap();
        assert!(answer[..length].ends_with(b"] hi"));
        child.kill().unwrap();
        child.wait().unwrap();

        let path = folder.path().join(strategy).display().to_string();
        let (mut child, address) = blocking(example("blocking_unix"), strategy, &path);
        let mut stream = std::os::unix::net::UnixStream::connect(address).unwrap();
        stream.write_all(b"hi").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("] hi"), "{answer}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn no_example_is_left_out() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let run_here = [include_str!("main.rs"), include_str!("clients.rs")]
            .iter()
            .any(|tests| tests.contains(&format!("(\"{name}\")")));
        let looped = ["timestamp_server", "timestamp_async"].contains(&name.as_str());
        assert!(run_here || looped, "{name} is run by no test");
        let length = std::fs::read_to_string(&path).unwrap().lines().count();
        // One of them has the same work in four ways.
        let most = if name == "ranking" { 130 } else { 100 };
        assert!(length < most, "{name} has {length} lines");
    }
}

#[test]
fn a_blocking_server_is_written_in_less_than_40_lines() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples");
    for kind in ["tcp", "udp", "unix"] {
        let text = std::fs::read_to_string(folder.join(format!("blocking_{kind}.rs"))).unwrap();
        assert!(text.lines().count() < 40, "blocking_{kind}");
    }
}
