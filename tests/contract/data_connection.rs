//! A control connection that opens a data connection, as FTP's does: one protocol listens
//! for another and is told what became of it.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;

use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, Lines};
use lariat::{ConnectionHandle, Handle, Listening, Message, Protocol, Reason, Transport};

use super::{connect, reactor, read_line};

/// What the data connection tells the control connection at its end.
struct Received(u64);

/// Counts what comes until the end of input.
struct Data {
    control: ConnectionHandle,
    count: u64,
}

impl Protocol for Data {
    fn data_received(&mut self, _: &mut Transport, data: &[u8]) {
        self.count += data.len() as u64;
    }

    fn connection_lost(&mut self, _: &Reason) {
        // The control connection may be gone before its data is.
        let _ = self.control.send(Message::new(Received(self.count)));
    }
}

/// `PASSIVE` opens a port for one upload, and says how much came.
struct Control {
    reactor: Handle,
    listening: Option<Listening>,
}

impl FrameProtocol<Lines> for Control {
    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, _: Line<'_>) {
        let control = transport.handle();
        let data = move || Data {
            control: control.clone(),
            count: 0,
        };
        match self.reactor.listen("tcp://127.0.0.1:0", data) {
            Ok(listening) => {
                let port = listening.endpoint().port().unwrap_or_default();
                self.listening = Some(listening);
                transport.write_line(format!("227 {port}").as_bytes());
            }
            Err(error) => transport.write_line(format!("425 {error}").as_bytes()),
        }
    }

    fn message_received(&mut self, transport: &mut FrameTransport<'_, Lines>, message: Message) {
        if let Some(Received(count)) = message.get() {
            transport.write_line(format!("226 {count} bytes").as_bytes());
        }
        if let Some(listening) = self.listening.take() {
            listening.close();
        }
    }
}

#[test]
fn an_upload_is_reported_on_the_control_connection() {
    let reactor = reactor();
    let handle = reactor.handle();
    let control = move || {
        let control = Control {
            reactor: handle.clone(),
            listening: None,
        };
        Framed::new(Lines::new(100), control)
    };
    let listening = reactor
        .listen("tcp://127.0.0.1:0", control)
        .expect("listening");
    let mut stream = connect(&listening);
    stream.write_all(b"PASSIVE\r\n").expect("sent");
    let mut reader = BufReader::new(stream);
    let reply = read_line(&mut reader);
    let port = reply.trim_end().strip_prefix("227 ").expect("a port");
    let port: u16 = port.parse().expect("a port");

    let mut data = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    data.write_all(&[7; 300_000]).expect("sent");
    data.shutdown(std::net::Shutdown::Write).expect("ended");
    let mut rest = Vec::new();
    data.read_to_end(&mut rest).expect("closed in order");
    assert_eq!(read_line(&mut reader), "226 300000 bytes\r\n");
}
