//! A service made to be watched: it does what each line asks for, and says all that it can.

use std::borrow::Cow;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat::observe::{ConnectionStatus, Phase};
use lariat::{ConnectionInfo, Factory, Handle, ListenOptions, Protocol, TimerId};
use lariat_protocol::{Deadline, Deadlines, Refusal};

use crate::common::{PATIENCE, read_line};

/// Greets with the peer's address, and echoes lines but for those below.
#[derive(Clone, Copy)]
pub struct Host;

/// A peer from there is not wanted by the service itself.
pub const UNWANTED: &str = "10.9.9.9";

impl Factory for Host {
    fn build(&self, connection: &ConnectionInfo) -> Option<Box<dyn Protocol>> {
        let ip = connection.peer.inet().map(|peer| peer.ip().to_string());
        (ip.as_deref() != Some(UNWANTED))
            .then(|| Box::new(Framed::new(Lines::new(64 * 1024), Guest)) as Box<dyn Protocol>)
    }

    fn refusal(&self, _: &ConnectionInfo, why: Refusal) -> Option<Cow<'static, [u8]>> {
        Some(format!("NO {why}\n").into_bytes().into())
    }
}

struct Guest;

const LATER: TimerId = TimerId(1);

impl FrameProtocol<Lines> for Guest {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        let hello = format!("hello {}", transport.peer());
        transport.write_line(hello.as_bytes());
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        let line = String::from_utf8_lossy(line.content()).into_owned();
        let number = |text: &str| text.parse::<u64>().expect("a number");
        match line.split_once(' ') {
            None if line == "panic" => panic!("on purpose"),
            None if line == "close" => transport.lose_connection(),
            None if line == "abort" => transport.abort(),
            None if line == "pause" => transport.pause_reading(),
            None if line == "tls" => {
                transport.write_line(b"begin");
                transport.start_tls();
            }
            Some(("big", size)) => transport.write_bytes(vec![b'x'; number(size) as usize].into()),
            Some(("block", time)) => {
                std::thread::sleep(Duration::from_millis(number(time)));
                transport.write_line(b"blocked");
            }
            Some(("later", time)) => {
                transport.set_timer(LATER, Duration::from_millis(number(time)));
            }
            Some(("work", time)) => {
                transport.pause_reading();
                transport.set_timer(LATER, Duration::from_millis(number(time)));
            }
            _ => transport.write_line(line.as_bytes()),
        }
    }

    fn timer(&mut self, transport: &mut FrameTransport<'_, Lines>, _: TimerId) {
        transport.resume_reading();
        transport.write_line(b"later");
    }

    fn drain(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.write_line(b"goodbye");
        transport.lose_connection();
    }

    fn deadline_passed(&mut self, transport: &mut FrameTransport<'_, Lines>, deadline: Deadline) {
        transport.write_line(format!("late {}", deadline.name()).as_bytes());
    }
}

pub fn with_deadlines(deadlines: Deadlines) -> ListenOptions {
    ListenOptions {
        deadlines: Some(deadlines),
        ..ListenOptions::default()
    }
}

/// A client with an address of its own.
pub fn connect_from(own: &str, server: SocketAddr) -> TcpStream {
    let own: std::net::IpAddr = own.parse().expect("an address");
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    socket.bind(&SocketAddr::new(own, 0).into()).expect("bound");
    socket.connect(&server.into()).expect("connected");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("a time-out");
    stream
}

/// The next line that the service says, by one byte after the other, as another may follow.
pub fn greeting(stream: &TcpStream) -> String {
    read_line(&mut BufReader::with_capacity(1, stream)).replace('\r', "")
}

/// Asks a line, and returns the line that comes.
pub fn ask(stream: &TcpStream, line: &str) -> String {
    let mut writer = stream;
    writer
        .write_all(format!("{line}\n").as_bytes())
        .expect("sent");
    greeting(stream)
}

/// All that comes until the end; a reset is one.
pub fn rest(stream: &mut impl Read) -> String {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    String::from_utf8_lossy(&rest).replace('\r', "")
}

/// Closes with a reset.
pub fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(Duration::ZERO)).expect("set");
}

/// Whether everything that began has ended, and nothing is left of it.
pub fn is_all_over(handle: &Handle) -> bool {
    let stats = handle.stats();
    let services = stats.services.iter().all(|service| {
        let active: u64 = service.active.iter().sum();
        active == 0 && service.accepted == service.ended.iter().sum::<u64>()
    });
    services && (stats.connections, stats.handshakes, stats.buffered) == (0, 0, 0)
}

pub fn table(handle: &Handle) -> Vec<ConnectionStatus> {
    let asking = handle.clone();
    handle.wait(async move { asking.connection_table().await })
}

/// The table once it has so many: those whose thread is busy elsewhere are missing at first.
pub fn table_of(handle: &Handle, count: usize) -> Vec<ConnectionStatus> {
    let mut found = Vec::new();
    crate::common::wait_until("all are listed", || {
        found = table(handle);
        found.len() == count
    });
    found
}

/// The one connection that there is, once it is in this phase.
pub fn only_one_in(handle: &Handle, phase: Phase) -> ConnectionStatus {
    let mut found = Vec::new();
    crate::common::wait_until(phase.name(), || {
        found = table(handle);
        found.len() == 1 && found[0].phase == phase
    });
    found.remove(0)
}

/// The next line, or what there is of one before the end, which may be a reset.
pub fn heard(stream: &TcpStream) -> String {
    let mut line = Vec::new();
    let mut reader = BufReader::with_capacity(1, stream);
    let _ = std::io::BufRead::read_until(&mut reader, b'\n', &mut line);
    String::from_utf8_lossy(&line).replace('\r', "")
}
