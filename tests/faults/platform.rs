//! Faults of what only Unix has: sockets that are files, and the end of descriptors.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lariat::service::timestamp::Timestamp;

use super::{is_served, serve};
use crate::common::{PATIENCE, connect_to, reactor};

#[test]
fn a_stale_socket_is_replaced_and_removed_at_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    for scheme in ["unix", "unixgram"] {
        let path = folder.path().join(scheme);
        // The standard library leaves its files behind.
        match scheme {
            "unix" => drop(UnixListener::bind(&path).expect("bound")),
            _ => drop(std::os::unix::net::UnixDatagram::bind(&path).expect("bound")),
        }
        let reactor = reactor();
        serve(&reactor, &format!("{scheme}://{}?mode=640", path.display()));
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        reactor.handle().stop();
        reactor.run();
        assert!(!path.exists(), "{scheme}");
    }
}

#[test]
fn a_closed_listener_removes_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("time.sock");
    let reactor = reactor();
    let listening = serve(&reactor, &format!("unix://{}", path.display()));
    listening.close();
    crate::common::wait_until("the file is gone", || !path.exists());
}

#[test]
fn a_live_socket_is_not_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let reactor = reactor();
    for scheme in ["unix", "unixgram"] {
        let path = folder.path().join(scheme);
        let endpoint = format!("{scheme}://{}", path.display());
        serve(&reactor, &endpoint);
        let again = reactor.listen(&endpoint[..], Timestamp::default());
        assert_eq!(
            again.expect_err("live").to_string(),
            format!(
                "cannot listen on {endpoint}: {} is in use by another program; \
                 choose another port or path (port 0 takes any that is free)",
                path.display()
            )
        );
        assert!(path.exists());
    }
    let mut stream = UnixStream::connect(folder.path().join("unix")).expect("still served");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.write_all(b"hi\n").expect("sent");
    stream.read_exact(&mut [0; 30]).expect("answered");
}

/// Elsewhere than on Linux a full queue refuses at once.
#[cfg(target_os = "linux")]
#[test]
fn a_full_queue_is_not_waited_for_beyond_the_time_nor_by_the_thread() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("full.sock");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    let address = socket2::SockAddr::unix(&path).expect("an address");
    socket.bind(&address).expect("bound");
    socket.listen(1).expect("listening");
    // A backlog of one holds two; the third waits.
    let _queued = [(); 2].map(|()| UnixStream::connect(&path).expect("queued"));
    let endpoint: lariat::Endpoint = format!("unix://{}", path.display())
        .parse()
        .expect("an endpoint");
    let reactor = lariat::Reactor::builder()
        .threads(1)
        .build()
        .expect("started");
    let (told, telling) = std::sync::mpsc::channel();
    reactor.handle().spawn(async move {
        let options = lariat::ConnectOptions {
            timeout: Duration::from_secs(3),
            ..lariat::ConnectOptions::default()
        };
        let connected = lariat::connect_with(&endpoint, options).await;
        let _ = told.send(connected.map(drop));
    });
    // Meanwhile its one thread has time for others.
    let listening = serve(&reactor, "tcp://127.0.0.1:0");
    super::others_are_served(&listening);
    assert!(telling.try_recv().is_err(), "still connecting");
    let connected = telling.recv_timeout(PATIENCE).expect("ended in time");
    let error = connected.expect_err("full");
    assert!(matches!(error, lariat::Error::TimedOut { .. }), "{error}");
}

#[test]
fn what_is_no_socket_and_what_is_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let reactor = reactor();
    let file = folder.path().join("precious");
    std::fs::write(&file, "data").expect("written");
    for (path, words) in [
        (file.clone(), "there is a file that is not a socket"),
        (
            folder.path().join("no/such.sock"),
            "its folder does not exist",
        ),
    ] {
        let endpoint = format!("unix://{}", path.display());
        let listening = reactor.listen(&endpoint[..], Timestamp::default());
        let expected = format!("cannot listen on {endpoint}: {}: {words}", path.display());
        assert_eq!(listening.expect_err("refused").to_string(), expected);
    }
    assert_eq!(std::fs::read(&file).expect("there"), b"data");
}

/// The variable that makes the test below a server.
const CHILD: &str = "LARIAT_TEST_FEW_DESCRIPTORS";

/// A server in a process of its own, since descriptors are counted by process.
#[test]
#[ignore = "the server of `without_descriptors_new_connections_are_closed`, which starts it"]
fn server_with_few_descriptors() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let reactor = lariat::Reactor::builder()
        .threads(2)
        .build()
        .expect("started");
    let listening = serve(&reactor, "tcp://127.0.0.1:0");
    println!("listening on {}", crate::common::address(&listening));
    // Until whoever started it is done, or gone.
    let _ = std::io::stdin().read(&mut [0]);
}

/// Ends the process whatever becomes of the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Server, SocketAddr) {
    let program = std::env::current_exe().expect("a path");
    let child = Command::new("sh")
        .args(["-c", "ulimit -n 60; exec \"$0\" \"$@\""])
        .arg(program)
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("faults::platform::server_with_few_descriptors")
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut server = Server(child.expect("started"));
    let output = BufReader::new(server.0.stdout.take().expect("piped"));
    let address = output.lines().find_map(|line| {
        let line = line.expect("readable");
        // The test harness may have begun the line.
        let (_, address) = line.split_once("listening on ")?;
        address.parse().ok()
    });
    (server, address.expect("an address"))
}

/// Whether a connection is served; else it is closed without a word.
fn is_let_in(stream: &mut TcpStream) -> bool {
    let asked = stream.write_all(b"hi\n");
    let mut answer = [0; 30];
    match asked.and_then(|()| stream.read_exact(&mut answer)) {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            panic!("neither served nor closed")
        }
        Err(_) => false,
    }
}

/// The processor time of a process, user's and system's.
#[cfg(target_os = "linux")]
fn processor_time(server: &Server) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.0.id())).expect("there");
    // The second field is a name in brackets that may hold anything.
    let (_, fields) = stat.rsplit_once(") ").expect("fields");
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<u64>().expect("a number");
    // In hundredths of a second on every Linux there is.
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

#[cfg(target_os = "linux")]
#[test]
fn without_descriptors_new_connections_are_closed() {
    let (server, address) = start();
    let mut streams: Vec<TcpStream> = (0..120).map(|_| connect_to(address)).collect();
    let served: Vec<bool> = streams.iter_mut().map(is_let_in).collect();
    let count = served.iter().filter(|served| **served).count();
    assert!((20..60).contains(&count), "{count} of 120 were served");

    let (begun, used) = (Instant::now(), processor_time(&server));
    while begun.elapsed() < Duration::from_secs(2) {
        // Starved all the while: whoever knocks is shown out.
        assert!(!is_let_in(&mut connect_to(address)));
    }
    let share = (processor_time(&server) - used).as_secs_f64() / begun.elapsed().as_secs_f64();
    assert!(share < 0.2, "{:.0} % of a processor", share * 100.0);

    let mut kept = served.iter();
    streams.retain(|_| *kept.next().expect("one for each"));
    is_served(&mut streams[0]);
    streams.truncate(count / 2);
    crate::common::wait_until("a new connection is served", || {
        is_let_in(&mut connect_to(address))
    });
    is_served(&mut streams[0]);
}
