//! What a handler reads and writes: lines with a limit, buffers, deadlines, one datagram.

use std::io::{self, BufRead, Read, Write};
use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lariat_socketserver::{
    Accepted, Address, Cut, DatagramRequest, HandlerResult, Options, StreamRequest, TcpServer,
    UdpServer, Wire, handler,
};

use crate::clients::{PATIENCE, ask, connect, heard, inet, serving};

/// What a handler says of its input is what comes back.
fn told_of(
    options: Options,
    look: impl FnMut(&mut StreamRequest) -> HandlerResult + Clone + Send + 'static,
    words: &[u8],
) -> String {
    let mut look = look;
    let tell = handler(move |request: &mut StreamRequest| {
        if let Err(error) = look(request) {
            write!(request.wfile, "error: {error}")?;
        }
        Ok(())
    });
    let server = TcpServer::builder(tell)
        .options(options)
        .bind("127.0.0.1:0")
        .expect("a free port");
    let answer = serving(&server, || ask(connect(&server), words));
    String::from_utf8(answer).expect("text")
}

#[test]
fn lines_come_with_their_ends_and_not_beyond_the_limit() {
    let lines = |request: &mut StreamRequest| -> HandlerResult {
        while let Some(line) = request.rfile.read_line(5)? {
            write!(request.wfile, "{:?} ", line.escape_ascii().to_string())?;
        }
        Ok(())
    };
    // Whatever is read at once, the lines are the same.
    for rbufsize in [0, 1, 3, 8192] {
        let options = || Options {
            rbufsize,
            ..Options::default()
        };
        let told = told_of(options(), lines, b"one\r\n\n1234\nend");
        assert_eq!(told, r#""one\\r\\n" "\\n" "1234\\n" "end" "#, "{rbufsize}");
        let told = told_of(options(), lines, b"1234\n12345\n");
        let expected = r#""1234\\n" error: a line is longer than 5 bytes"#;
        assert_eq!(told, expected, "{rbufsize}");
        let told = told_of(options(), lines, b"12345");
        assert_eq!(told, r#""12345" "#, "{rbufsize}");
    }
}

#[test]
fn an_endless_line_is_kept_only_as_far_as_the_limit() {
    let endless = |request: &mut StreamRequest| -> HandlerResult {
        request
            .rfile
            .read_line(64 * 1024)
            .map(drop)
            .map_err(Into::into)
    };
    let server = TcpServer::builder(handler(move |request: &mut StreamRequest| {
        let failed = endless(request).expect_err("too long");
        write!(request.wfile, "{failed}")?;
        Ok(())
    }))
    .bind("127.0.0.1:0")
    .expect("a free port");
    serving(&server, || {
        let mut client = connect(&server);
        client.write_all(&[b'x'; 64 * 1024 + 1]).expect("it reads");
        let told = heard(&mut client).expect("it is told");
        assert_eq!(told, b"a line is longer than 65536 bytes");
    });
}

#[test]
fn rfile_is_a_buffered_reader() {
    let mixed = |request: &mut StreamRequest| -> HandlerResult {
        let mut word = [0; 3];
        request.rfile.read_exact(&mut word)?;
        let mut until = Vec::new();
        request.rfile.read_until(b';', &mut until)?;
        let mut rest = String::new();
        request.rfile.read_to_string(&mut rest)?;
        write!(
            request.wfile,
            "{}|{}|{rest}",
            word.escape_ascii(),
            until.escape_ascii()
        )?;
        Ok(())
    };
    for rbufsize in [0, 2, 8192] {
        let options = Options {
            rbufsize,
            ..Options::default()
        };
        assert_eq!(told_of(options, mixed, b"onetwo;three"), "one|two;|three");
    }
}

#[test]
fn wfile_gathers_what_it_is_told_to() {
    for wbufsize in [0, 4, 1 << 20] {
        let write = |request: &mut StreamRequest| -> HandlerResult {
            for number in 0..10_000 {
                writeln!(request.wfile, "{number}")?;
            }
            Ok(())
        };
        let options = Options {
            wbufsize,
            ..Options::default()
        };
        let expected: String = (0..10_000).map(|number| format!("{number}\n")).collect();
        assert_eq!(told_of(options, write, b""), expected, "{wbufsize}");
    }
}

/// A wire that has so many bytes to give, and keeps how it is used.
struct Counting {
    left: Mutex<usize>,
    /// How many bytes each call asked for.
    asked: Mutex<Vec<usize>>,
    sent: Mutex<Vec<String>>,
}

impl Cut for Counting {
    fn cut(&self) {}
}

impl Wire for Counting {
    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.asked.lock().expect("no panic").push(buffer.len());
        let mut left = self.left.lock().expect("no panic");
        let length = buffer.len().min(*left);
        *left -= length;
        Ok(length)
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let data = String::from_utf8_lossy(data).into_owned();
        let mut sent = self.sent.lock().expect("no panic");
        sent.push(data);
        Ok(sent.last().map_or(0, String::len))
    }

    fn set_timeouts(&self, _: Option<Duration>, _: Option<Duration>) -> io::Result<()> {
        Ok(())
    }

    fn end(&self) -> io::Result<()> {
        Ok(())
    }
}

fn counted(bytes: usize, options: &Options) -> (Arc<Counting>, StreamRequest) {
    let wire = Arc::new(Counting {
        left: Mutex::new(bytes),
        asked: Mutex::default(),
        sent: Mutex::default(),
    });
    let nobody = Accepted::new(Address::Unix(None), Address::Unix(None));
    let request = StreamRequest::new(Arc::clone(&wire) as Arc<dyn Wire>, &nobody, options);
    (wire, request)
}

#[test]
fn what_wfile_gathers_is_sent_by_one_call() {
    for (wbufsize, calls) in [
        (0, &["ab", "cd", "ef", "longer", "g"][..]),
        (4, &["abcd", "ef", "longer", "g"]),
        (1000, &["abcdeflongerg"]),
    ] {
        let options = Options {
            wbufsize,
            ..Options::default()
        };
        let (wire, mut request) = counted(0, &options);
        for words in ["ab", "cd", "ef", "longer", "g"] {
            request.wfile.write_all(words.as_bytes()).expect("taken");
        }
        request.end().expect("sent");
        assert_eq!(*wire.sent.lock().expect("no panic"), calls, "{wbufsize}");
    }
}

#[test]
fn rfile_asks_for_as_much_as_it_is_to_and_no_more() {
    for (rbufsize, bytes, calls) in [
        (0, 3, &[1, 1, 1, 1][..]),
        (3, 7, &[3, 3, 3, 3]),
        // A line is short, and who sends more is read from in larger pieces.
        (8192, 15_360, &[1024, 2048, 4096, 8192, 8192]),
        (2048, 7168, &[1024, 2048, 2048, 2048, 2048]),
    ] {
        let options = Options {
            rbufsize,
            ..Options::default()
        };
        let (wire, mut request) = counted(bytes, &options);
        while let length @ 1.. = request.rfile.fill_buf().expect("bytes").len() {
            request.rfile.consume(length);
        }
        assert_eq!(*wire.asked.lock().expect("no panic"), calls, "{rbufsize}");
    }
}

#[test]
fn a_handler_sees_both_ends() {
    let ends = handler(|request: &mut StreamRequest| {
        let (client, server) = (&request.client_address, &request.server_address);
        write!(request.wfile, "{client} {server}")?;
        Ok(())
    });
    let server = TcpServer::bind("127.0.0.1:0", ends).expect("a free port");
    serving(&server, || {
        let client = connect(&server);
        let own = client.local_addr().expect("connected");
        let told = String::from_utf8(ask(client, b"")).expect("text");
        assert_eq!(
            told,
            format!("{own} {}", server.server_address().expect("bound"))
        );
    });
}

#[test]
fn a_datagram_is_cut_off_at_the_limit_and_answered_once() {
    let told = handler(|request: &mut DatagramRequest| {
        let length = request.packet().len();
        write!(request.wfile, "{length} bytes, ")?;
        write!(request.wfile, "from {}", request.client_address)?;
        Ok(())
    });
    let server = UdpServer::builder(told)
        .options(Options {
            max_packet_size: 10,
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    let client = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let own = client.local_addr().expect("bound");
    let to = inet(&server.server_address().expect("bound"));
    serving(&server, || {
        for (sent, taken) in [(0, 0), (3, 3), (11, 10)] {
            client.send_to(&vec![b'x'; sent], to).expect("sent");
            let mut answer = [0; 100];
            let length = client.recv(&mut answer).expect("an answer");
            let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
            assert_eq!(answer, format!("{taken} bytes, from {own}"));
        }
    });
}

#[test]
fn a_datagram_that_nothing_is_written_for_is_not_answered() {
    let quiet = handler(|request: &mut DatagramRequest| {
        if request.packet() == b"speak" {
            request.wfile.write_all(b"now")?;
        }
        Ok(())
    });
    let server = UdpServer::bind("127.0.0.1:0", quiet).expect("a free port");
    let client = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    client.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let to = inet(&server.server_address().expect("bound"));
    serving(&server, || {
        for words in ["be quiet", "speak"] {
            client.send_to(words.as_bytes(), to).expect("sent");
        }
        let mut answer = [0; 100];
        let length = client.recv(&mut answer).expect("an answer");
        assert_eq!(&answer[..length], b"now");
    });
}
