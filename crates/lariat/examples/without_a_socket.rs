//! A protocol tried out with no socket, no thread and no clock: it is a plain value.
//!
//! `cargo run -p lariat --example without_a_socket` prints what was said, `C:` by the client
//! and `S:` by the server. The protocol is the one that `lariat serve` serves; the time is an
//! argument of it, so here it stands still.

use lariat::timestamp::{Options, TimestampServer};
use lariat::{Protocol, Transport};

fn server() -> impl Protocol {
    TimestampServer::new(Options::default(), || *b"Sat Jun 17 17:27:21 2006")
}

/// What the protocol answers when its input arrives in these pieces.
fn answers(pieces: &[&[u8]]) -> Vec<u8> {
    let mut server = server();
    let mut transport = Transport::unconnected();
    server.connection_made(&mut transport);
    for piece in pieces {
        server.data_received(&mut transport, piece);
    }
    server.eof_received(&mut transport);
    assert!(transport.is_closing(), "the peer's end is ours");
    transport.take_written()
}

fn main() {
    let input = b"hi\nhow are you?\r\n \n";
    let whole = answers(&[input]);

    // A stream may be cut anywhere, and the answers must not depend on where.
    for cut in 0..=input.len() {
        let (first, second) = input.split_at(cut);
        assert_eq!(answers(&[first, second]), whole);
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(answers(&bytes), whole);

    // Half a line is no message, but its rest may be lost with the connection.
    assert_eq!(answers(&[b"ha", b"lf"]), b"[Sat Jun 17 17:27:21 2006] half");

    for (said, lines) in [("C", &input[..]), ("S", &whole)] {
        for line in String::from_utf8_lossy(lines).lines() {
            println!("{said}: {line}");
        }
    }
}
