//! What a handler reads and writes: lines with a limit, buffers, deadlines, one datagram.

use std::io::{BufRead, Read, Write};
use std::net::UdpSocket;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use lariat_socketserver::{
    DatagramRequest, Deadlines, HandlerResult, Options, Server, StreamRequest, Tcp, TcpServer,
    Threading, UdpServer, handler,
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

/// How long a client may be silent in a test of that.
const IDLE: Duration = Duration::from_millis(50);

/// How a request ends that is handled under these deadlines while its client drips a byte
/// whenever it is heard.
fn late(deadlines: Deadlines, drips: usize) -> String {
    let (dripped, drip) = mpsc::channel();
    let wait = handler(move |request: &mut StreamRequest| {
        let mut byte = [0];
        loop {
            match request.rfile.read(&mut byte) {
                Ok(0) => return Ok(()),
                Ok(_) => dripped.send(())?,
                Err(error) => {
                    write!(request.wfile, "{:?}: {error}", error.kind())?;
                    return Ok(());
                }
            }
        }
    });
    let server = Server::<Tcp, Threading, _>::builder(wait)
        .options(Options {
            deadlines,
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut client = connect(&server);
        for _ in 0..drips {
            client.write_all(b"x").expect("it reads");
            drip.recv_timeout(PATIENCE).expect("it is read");
        }
        String::from_utf8(heard(&mut client).expect("it is told")).expect("text")
    })
}

#[test]
fn a_client_that_is_late_is_told_by_an_error_of_the_read() {
    let soon = Some(Duration::from_millis(50));
    let first = Deadlines {
        first_byte: soon,
        ..Deadlines::NONE
    };
    assert_eq!(late(first, 0), "TimedOut: nothing came within 0.05 s");
    let idle = Deadlines {
        idle: soon,
        ..Deadlines::NONE
    };
    assert_eq!(late(idle, 3), "TimedOut: nothing came for 0.05 s");
    let whole = Deadlines {
        request: soon,
        ..Deadlines::default()
    };
    assert_eq!(
        late(whole, 1),
        "TimedOut: the request took longer than 0.05 s"
    );
}

#[test]
fn what_a_handler_does_between_two_reads_is_not_its_clients_silence() {
    let (asked, ask_now) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let slow = handler(move |request: &mut StreamRequest| {
        request.rfile.read_exact(&mut [0])?;
        asked.send(())?;
        // An error means that the time is over, which is what is waited for.
        let busy = wait.lock().expect("no panic").recv_timeout(IDLE * 3);
        assert!(busy.is_err(), "nobody tells it anything");
        request.rfile.read_exact(&mut [0])?;
        request.wfile.write_all(b"both")?;
        Ok(())
    });
    let server = Server::<Tcp, Threading, _>::builder(slow)
        .options(Options {
            deadlines: Deadlines {
                idle: Some(IDLE),
                ..Deadlines::NONE
            },
            ..Options::default()
        })
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        let mut client = connect(&server);
        client.write_all(b"1").expect("it reads");
        ask_now.recv_timeout(PATIENCE).expect("it was asked");
        client.write_all(b"2").expect("it will read");
        assert_eq!(heard(&mut client).expect("an answer"), b"both");
    });
    drop(go);
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
