//! What a handler reads and writes: lines with a limit, buffers, deadlines, one datagram.

use std::io::{BufRead, Read, Write};
use std::net::UdpSocket;

use lariat_socketserver::{
    DatagramRequest, HandlerResult, Options, StreamRequest, TcpServer, UdpServer, handler,
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
