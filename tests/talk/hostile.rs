//! Talk's machine under the hostile harness, on a simulated clock, and our side of a talk with partners who
//! send what they like.

use std::sync::{Arc, Mutex};

use lariat::client::talk::Conversation;
use lariat::framing::{FrameProtocol, FrameTransport, Framed, Line, LineEnd, Lines};
use lariat::talk::{Heard, MAXIMUM_LINE, Mode, Side, Talk};
use lariat::{Connection, Endpoint, Handle, Protocol, ProtocolError, Reactor};
use lariat_testkit::{Hostile, Transcript};
use tokio::io::AsyncWriteExt;

use crate::common::PATIENCE;

/// A person who repeats what is said.
struct Parrot(Talk);

impl Parrot {
    fn listening() -> impl Protocol {
        let name = Some("parrot".parse().expect("a name"));
        let lines = Lines::new(MAXIMUM_LINE).ending_with(LineEnd::Lf);
        Framed::new(lines, Parrot(Talk::new(Mode::Half, Side::Called, name)))
    }
}

impl FrameProtocol<Lines> for Parrot {
    fn connection_made(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.write(format!("{}\n", self.0.hello()).as_bytes());
    }

    fn frame_received(&mut self, transport: &mut FrameTransport<'_, Lines>, line: Line<'_>) {
        let line = String::from_utf8_lossy(line.content());
        let said = match self.0.heard(&line) {
            Ok(Heard::Said(text)) => match self.0.say(&text) {
                Ok(line) => line,
                // It came with control characters in it, which cannot be said again.
                Err(error) => self.0.say(&error.to_string()).expect("the turn"),
            },
            Ok(Heard::OutOfTurn(told)) => told.to_owned(),
            Ok(_) => return,
            Err(error) => return transport.fail(ProtocolError::invalid(error.to_string())),
        };
        transport.write(format!("{said}\n").as_bytes());
    }

    fn frame_error(&mut self, transport: &mut FrameTransport<'_, Lines>, error: ProtocolError) {
        transport.fail(error);
    }

    fn eof_received(&mut self, transport: &mut FrameTransport<'_, Lines>) {
        transport.lose_connection();
    }
}

#[test]
fn a_talk_stands_whatever_the_partner_does() {
    let transcript = Transcript::parse(include_str!("transcripts/talk.txt"));
    Hostile::new(Parrot::listening, transcript.expect("a transcript"))
        .longest(MAXIMUM_LINE + 64 * 1024)
        .idle(1000)
        .run();
}

/// A partner who sends the pieces that are told for each connection, and then hears us out.
struct Partner {
    _handle: Handle,
    endpoint: Endpoint,
    pieces: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Partner {
    /// The names of `mem://` endpoints are the whole program's.
    fn listening(name: &str) -> Self {
        let handle = Reactor::builder().attach();
        let pieces = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let told = Arc::clone(&pieces);
        let does = move |connection| {
            speak(
                connection,
                std::mem::take(&mut *told.lock().expect("whole")),
            )
        };
        let listening = handle.listen(format!("mem://talk-{name}"), does);
        Partner {
            endpoint: listening.expect("listening").endpoint().clone(),
            _handle: handle,
            pieces,
        }
    }

    /// What our side hears of these pieces, and why it hears no more.
    async fn heard(&self, mode: Mode, pieces: Vec<Vec<u8>>) -> (Vec<Heard>, Option<String>) {
        *self.pieces.lock().expect("whole") = pieces;
        let connection = lariat::connect(&self.endpoint).await.expect("connected");
        let mut talk = Conversation::begin(connection, Talk::new(mode, Side::Caller, None));
        let mut heard = Vec::new();
        let hearing = async {
            loop {
                match talk.next().await {
                    Ok(Some(one)) => heard.push(one),
                    Ok(None) => return None,
                    Err(error) => return Some(error.to_string()),
                }
            }
        };
        let error = tokio::time::timeout(PATIENCE, hearing).await;
        (heard, error.expect("an end within the time"))
    }
}

async fn speak(mut connection: Connection, pieces: Vec<Vec<u8>>) -> std::io::Result<()> {
    for piece in pieces {
        connection.write_all(&piece).await?;
        connection.flush().await?;
        // The other side reads it by itself, if it likes.
        tokio::task::yield_now().await;
    }
    connection.shutdown().await?;
    tokio::io::copy(&mut connection, &mut tokio::io::sink()).await?;
    Ok(())
}

const SAID: &[u8] = b"talk/1 half bob\nhello\r\n! busy\n!!\n\n\xc3\xa9\xff and on\nrest";

#[tokio::test]
async fn our_side_hears_the_same_however_it_is_cut() {
    let partner = Partner::listening("cut");
    let (expected, error) = partner.heard(Mode::Half, vec![SAID.to_vec()]).await;
    // Seven lines, the last of which has no end.
    assert_eq!((expected.len(), error), (7, None), "{expected:?}");
    let bytes = SAID.iter().map(|byte| vec![*byte]).collect();
    assert_eq!(partner.heard(Mode::Half, bytes).await.0, expected);
    for place in 0..=SAID.len() {
        let (before, behind) = SAID.split_at(place);
        let pieces = vec![before.to_vec(), behind.to_vec()];
        let (heard, error) = partner.heard(Mode::Half, pieces).await;
        assert_eq!((&heard, error), (&expected, None), "cut at byte {place}");
    }
}

#[tokio::test]
async fn our_side_stands_whatever_is_sent() {
    let partner = Partner::listening("garbage");
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut pieces = vec![SAID.to_vec()];
        for _ in 0..random.usize(1..20) {
            let longest = 1 << random.u32(1..13);
            let mut piece = vec![b'x'; random.usize(1..=longest)];
            if random.bool() {
                random.fill(&mut piece);
            }
            pieces.push(piece);
        }
        let start = random.usize(0..2);
        let (heard, error) = partner.heard(Mode::Full, pieces.split_off(start)).await;
        for one in &heard {
            if let Heard::Said(text) | Heard::Told(text) = one {
                // Each byte that is no text is shown as a character of three.
                assert!(text.len() <= 3 * MAXIMUM_LINE, "seed {seed}: {text:?}");
                assert!(!text.contains('\n'), "seed {seed}: {text:?}");
            }
        }
        if let Some(error) = error {
            assert_eq!(error.lines().count(), 1, "seed {seed}: {error}");
        }
    }
}
