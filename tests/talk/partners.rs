//! Our side of a talk over a real connection, and a partner who vanishes, floods or sends what is no
//! line.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lariat::client::talk::{Conversation, Error};
use lariat::talk::{Heard, Mode, Side, Talk};

use crate::common::PATIENCE;

/// What a partner says who knows the protocol.
const SAID: &[u8] = b"talk/1 half bob\nhello\n! busy\n!!\n\nand on\n";

/// How a partner goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Going {
    Closes,
    Resets,
    /// Says nothing more, and hears what is still said.
    HalfCloses,
}

/// Somebody at the other end, who does this.
fn partner<T: Send + 'static>(
    does: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    // Else the system makes room for whatever a partner does not read.
    let socket = socket2::SockRef::from(&listener);
    socket.set_recv_buffer_size(16 * 1024).expect("a size");
    let endpoint = format!("tcp://{}", listener.local_addr().expect("an address"));
    let there = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("a time-out");
        does(stream)
    });
    (endpoint, there)
}

async fn talk_with(endpoint: &str) -> Conversation {
    let endpoint = endpoint.parse().expect("an endpoint");
    let connection = lariat::connect(&endpoint).await.expect("connected");
    let talk = Talk::new(Mode::Half, Side::Caller, None);
    Conversation::begin(connection, talk)
}

/// All that is heard, until nothing more comes.
async fn hear_all(talk: &mut Conversation) -> (Vec<Heard>, Option<Error>) {
    let mut heard = Vec::new();
    let hearing = async {
        loop {
            match talk.next().await {
                Ok(Some(one)) => heard.push(one),
                Ok(None) => return None,
                Err(error) => return Some(error),
            }
        }
    };
    let error = tokio::time::timeout(PATIENCE, hearing).await;
    (heard, error.expect("an end within the time"))
}

#[tokio::test]
async fn a_partner_may_vanish_at_every_byte() {
    for going in [Going::Closes, Going::Resets, Going::HalfCloses] {
        for length in 0..=SAID.len() {
            let (endpoint, there) = partner(move |mut stream| {
                // Who goes before is nobody who could be connected to.
                stream.peek(&mut [0]).expect("the other side's first line");
                stream.write_all(&SAID[..length]).expect("sent");
                if going == Going::HalfCloses {
                    stream.shutdown(Shutdown::Write).expect("half closed");
                }
                let mut rest = String::new();
                match going {
                    Going::Closes => {}
                    Going::Resets => {
                        let linger = Some(Duration::ZERO);
                        let socket = socket2::SockRef::from(&stream);
                        socket.set_linger(linger).expect("no lingering");
                    }
                    Going::HalfCloses => {
                        stream.read_to_string(&mut rest).expect("the end");
                    }
                }
                rest
            });
            let mut talk = talk_with(&endpoint).await;
            let context = format!("{going:?} at byte {length}");
            let (heard, error) = hear_all(&mut talk).await;
            let whole = SAID[..length].iter().filter(|byte| **byte == b'\n').count();
            assert!(heard.len() <= whole + 1, "{context}: {heard:?}");
            if let Some(error) = &error {
                assert_eq!(error.to_string().lines().count(), 1, "{context}: {error}");
            }
            if going == Going::HalfCloses {
                assert!(heard.len() >= whole, "{context}: {heard:?} {error:?}");
                talk.end().await.expect("the other side hears it still");
                drop(talk);
                let heard = there.join().expect("no panic");
                assert!(heard.starts_with("talk/1 half\n"), "{context}: {heard:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_endless_line_ends_the_talk() {
    let (endpoint, there) = partner(|mut stream| {
        let mut taken = 0;
        while let Ok(count) = stream.write(&[b'x'; 64 * 1024]) {
            taken += count;
        }
        taken
    });
    let mut talk = talk_with(&endpoint).await;
    let (heard, error) = hear_all(&mut talk).await;
    assert_eq!(heard, []);
    let error = error.expect("too much").to_string();
    assert!(
        error.ends_with("a line is longer than 4096 bytes"),
        "{error}"
    );
    drop(talk);
    assert!(there.join().expect("no panic") < 64 * 1024 * 1024);
}

#[tokio::test]
async fn what_could_steer_a_terminal_is_heard_and_cannot_be_said() {
    let (endpoint, there) = partner(|mut stream| {
        stream
            .write_all(b"talk/1 half a\x1b]0;x\x07b\n\0\x1b[2Jbye\xff\r\n")
            .expect("sent");
    });
    let mut talk = talk_with(&endpoint).await;
    let (heard, error) = hear_all(&mut talk).await;
    assert!(error.is_none(), "{error:?}");
    // A name that is none is no name; the rest is for whoever shows it to make harmless.
    let said = "\0\x1b[2Jbye\u{fffd}".to_owned();
    assert_eq!(heard[0], Heard::Hello(None));
    assert_eq!(
        heard[1],
        Heard::OutOfTurn("! it is not your turn; that line was not heard")
    );
    assert!(talk.say(&said).is_err());
    there.join().expect("no panic");
}

/// Who speaks out of turn is answered, but never with more than may wait for who does not read.
#[tokio::test]
async fn who_speaks_out_of_turn_and_does_not_read_is_not_answered_for_ever() {
    const LINES: usize = 300_000;
    let (read_now, may_read) = std::sync::mpsc::channel();
    let (endpoint, there) = partner(move |mut stream| {
        stream
            .write_all("x\n".repeat(LINES).as_bytes())
            .expect("all of them are taken");
        stream.shutdown(Shutdown::Write).expect("half closed");
        may_read.recv_timeout(PATIENCE).expect("told to read");
        let mut told = String::new();
        stream.read_to_string(&mut told).expect("text, and the end");
        told.lines()
            .filter(|line| line.contains("not your turn"))
            .count()
    });
    let mut talk = talk_with(&endpoint).await;
    let (heard, error) = hear_all(&mut talk).await;
    assert_eq!((heard.len(), error.is_none()), (LINES, true), "{error:?}");
    read_now.send(()).expect("the partner is there");
    talk.end().await.expect("sent");
    drop(talk);
    let told = there.join().expect("no panic");
    assert!((1_000..LINES / 2).contains(&told), "{told} were told");
}
