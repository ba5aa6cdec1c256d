//! The end of descriptors, in a program of its own that may have few.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use lariat::{Limits, ListenOptions, Reactor};
use lariat_protocol::Refusal;

use crate::common::{address, wait_until};
use crate::host::{Host, ask, connect_from, heard};

/// What the other program is: this one, of which only this test runs.
const SERVER: &str = "admission::platform::a_server_with_few_descriptors";

#[test]
#[ignore = "it is the other program of the test below"]
fn a_server_with_few_descriptors() {
    // The default would leave no descriptor to run out of.
    let limits = Limits::none();
    let builder = Reactor::builder().threads(1).limits(limits);
    let reactor = builder.build().expect("the reactor starts");
    let options = ListenOptions::default();
    let listening = reactor
        .handle()
        .listen_with("tcp://127.0.0.1:0", options, Host);
    println!("\nlistening {}", address(&listening.expect("listening")));
    reactor.run();
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Server, SocketAddr) {
    let program = std::env::current_exe().expect("this program");
    let mut server = Command::new("sh")
        .args(["-c", "ulimit -n 60; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--exact", SERVER, "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let said = BufReader::new(server.stdout.take().expect("piped"));
    let server = Server(server);
    let mut lines = said.lines().map(|line| line.expect("text"));
    let address = lines.find_map(|line| line.strip_prefix("listening ")?.parse().ok());
    // What it still says is nobody's concern, but must go somewhere.
    std::thread::spawn(move || lines.for_each(drop));
    (server, address.expect("it listens"))
}

#[test]
fn whoever_finds_no_descriptor_is_told_so() {
    let (_server, server) = start();
    let streams: Vec<_> = (0..120)
        .map(|_| {
            let stream = connect_from("127.0.0.1", server);
            // Said before it is accepted, perhaps: the refusal comes whole all the same.
            let mut writer = &stream;
            let _ = std::io::Write::write_all(&mut writer, &[b'x'; 2000]);
            stream
        })
        .collect();
    let refusal = format!("NO {}\n", Refusal::Descriptors);
    let (mut served, mut told) = (Vec::new(), 0);
    for stream in streams {
        match heard(&stream) {
            line if line == refusal => told += 1,
            line => {
                assert!(line.starts_with("hello "), "{line:?}");
                served.push(stream);
            }
        }
    }
    assert!(
        served.len() >= 30 && told >= 60,
        "{} and {told}",
        served.len()
    );
    drop(served);
    wait_until("somebody is served again", || {
        let stream = connect_from("127.0.0.1", server);
        heard(&stream).starts_with("hello ") && ask(&stream, "hi") == "hi\n"
    });
}
