//! The small services: xinetd's own, asked by our clients; and nc, socat and Python at ours.

use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::Duration;

use tempfile::TempDir;

use crate::lariat::{Server, lariat, text};
use crate::peer::{Peer, program};
use crate::proxies::free_address;

/// The services that xinetd has built in, and the ports that they get here.
const SERVICES: [(&str, u16); 5] = [
    ("echo", 7007),
    ("discard", 7009),
    ("daytime", 7013),
    ("chargen", 7019),
    ("time", 7037),
];

/// xinetd with its own services, on an address that is nobody else's.
struct Inetd {
    ip: Ipv4Addr,
    _running: Peer,
    _folder: TempDir,
}

impl Inetd {
    fn start() -> Self {
        let ip = *free_address().ip();
        // It wants the name of an account, and can change to none but its own.
        let user = program("id", ["-un"]).succeed().concat();
        let mut configuration = String::from("defaults\n{\n}\n");
        for (name, port) in SERVICES {
            for (kind, protocol, wait) in [("stream", "tcp", "no"), ("dgram", "udp", "yes")] {
                configuration += &format!(
                    "service {name}\n{{\n    type = INTERNAL UNLISTED\n    id = {name}-{kind}\n    \
                     socket_type = {kind}\n    protocol = {protocol}\n    user = {user}\n    \
                     wait = {wait}\n    disable = no\n    port = {port}\n    bind = {ip}\n}}\n"
                );
            }
        }
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("xinetd.conf");
        std::fs::write(&path, configuration).expect("it can be written");
        let process = folder.path().join("pid");
        let (path, process) = (text(&path), text(&process));
        let arguments = ["-dontfork", "-f", &path, "-pidfile", &process];
        let mut running = program("/usr/sbin/xinetd", arguments);
        // The last service that it opens, over TCP and then over UDP.
        let (_, last) = SERVICES[SERVICES.len() - 1];
        running.wait_until("listening", || TcpStream::connect((ip, last)).is_ok());
        let asking = UdpSocket::bind("127.0.0.1:0").expect("bound");
        let moment = Some(Duration::from_millis(200));
        asking.set_read_timeout(moment).expect("a time-out");
        asking.connect((ip, last)).expect("a way there");
        running.wait_until("answering", || {
            // A port that is not open yet may be told by either.
            asking.send(b"").is_ok() && asking.recv(&mut [0; 10]).is_ok()
        });
        Inetd {
            ip,
            _running: running,
            _folder: folder,
        }
    }

    /// Asks one of its services by our client, and returns what that prints.
    fn ask(&self, command: &str, udp: bool, more: &[&str]) -> Vec<String> {
        let service = if command == "rdate" { "time" } else { command };
        let found = SERVICES.iter().find(|(name, _)| *name == service);
        let (_, port) = found.expect("it has the service");
        let (ip, port) = (self.ip.to_string(), port.to_string());
        let mut arguments = vec![command, &ip, &port];
        arguments.extend(udp.then_some("--udp"));
        arguments.extend(more);
        lariat(arguments).succeed()
    }
}

#[test]
fn the_services_of_inetd_answer_our_clients() {
    let inetd = Inetd::start();
    for udp in [false, true] {
        assert_eq!(inetd.ask("echo", udp, &["-m", "hi", "-m", ""]), ["hi", ""]);
        let sent = inetd.ask("discard", udp, &["-m", "hi"]);
        assert!(sent[0].starts_with("sent 3 bytes in "), "{sent:?}");
        let time = inetd.ask("daytime", udp, &[]);
        // `21 NOV 2026 06:00:00 UTC`: it writes another form than inetd did.
        assert!(
            time.len() == 1 && time[0].matches(':').count() == 2,
            "{time:?}"
        );
        let read = inetd.ask("rdate", udp, &[]);
        assert_eq!(
            read[1],
            "The clocks agree, as far as whole seconds can tell."
        );
    }
    let lines = inetd.ask("chargen", false, &["--lines", "100"]);
    assert_eq!(lines.len(), 100);
    assert!(
        lines
            .iter()
            .all(|line| line.trim_end_matches('\r').len() == 72)
    );
    let bytes = inetd.ask("chargen", true, &["-n", "100"]);
    assert_eq!(bytes.join("\n").len(), 100);
}

/// One of our services, on a port that was free.
fn ours(service: &str, scheme: &str) -> (Server, String, String) {
    let server = Server::with(&[&format!("{service}={scheme}://127.0.0.1:0")]);
    let address = server.address(scheme);
    let (host, port) = address.rsplit_once(':').expect("it has a port");
    let (host, port) = (host.to_string(), port.to_string());
    (server, host, port)
}

#[test]
fn nc_and_socat_hear_what_ours_say() {
    let (_server, host, port) = ours("daytime", "tcp");
    let said = program("nc", ["-d", &host, &port]).succeed();
    assert!(said.len() == 1 && said[0].len() == 25, "{said:?}");

    let (_server, host, port) = ours("chargen", "tcp");
    let script = format!("nc -d {host} {port} | head -n 50");
    let said = program("sh", ["-c", &script]).succeed();
    assert!(
        said.len() == 50 && said[0].starts_with(" !\"#$%&'"),
        "{said:?}"
    );

    let (_server, host, port) = ours("echo", "udp");
    let mut socat = program("socat", ["-", &format!("UDP:{host}:{port}")]);
    for message in ["hi", "there"] {
        socat.say(&format!("{message}\n"));
        assert_eq!(socat.line(), message);
    }

    let (_server, host, port) = ours("discard", "tcp");
    let mut nc = program("nc", ["-N", &host, &port]);
    nc.say("nobody reads this\n");
    assert!(nc.succeed().is_empty());
}

#[test]
fn python_understands_the_time_that_ours_says() {
    const SCRIPT: &str = "\
import socket, struct, sys, time
kind, host, port = sys.argv[1:]
if kind == 'tcp':
    came = socket.create_connection((host, int(port))).makefile('rb').read()
else:
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.settimeout(20)
    asking.sendto(b'', (host, int(port)))
    came = asking.recv(100)
(seconds,) = struct.unpack('!I', came)
print(abs(seconds - 2208988800 - time.time()) < 2)
";
    for scheme in ["tcp", "udp"] {
        let (_server, host, port) = ours("time", scheme);
        let said = program("python3", ["-c", SCRIPT, scheme, &host, &port]).succeed();
        assert_eq!(said, ["True"], "{scheme}");
    }
}

#[test]
fn an_answer_of_inetd_is_not_answered_by_ours() {
    // What xinetd says at a high port comes to ours as if ours had asked for it.
    let inetd = Inetd::start();
    let (_, chargen) = SERVICES[3];
    let (server, host, port) = ours("chargen", "udp");
    let ours = UdpSocket::bind("127.0.0.1:0").expect("bound");
    ours.set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a time-out");
    let mut answer = [0; 2000];
    // Some of its answers are too short to be told from words.
    let length = loop {
        ours.send_to(b"", (inetd.ip, chargen)).expect("sent");
        let (length, _) = ours.recv_from(&mut answer).expect("answered");
        if length >= 16 {
            break length;
        }
    };
    let address = format!("{host}:{port}");
    ours.send_to(&answer[..length], &address).expect("sent");
    ours.send_to(b"more", &address).expect("sent");
    let (length, _) = ours.recv_from(&mut answer).expect("answered once");
    assert!(length <= 512);
    ours.set_nonblocking(true).expect("set");
    assert!(ours.recv_from(&mut answer).is_err(), "answered twice");
    drop(server);
}
