//! `lariat echo`: the client of RFC 862; sends, and holds the server to sending it back.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use lariat_client::echo::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::standard_streams;
use crate::failure::{Failure, INTERRUPTED};
use crate::line_editor::{LineEditor, Settings, Typed};
use crate::screen::Screen;
use crate::signals;
use crate::well_known::Server;

/// The longest line: what fits a datagram with its line end.
const MAXIMUM_LINE: usize = 65_506;

/// How much of a stream is on its way at once.
const PIECE: usize = 64 * 1024;

/// Send to an echo server (RFC 862), and check that it comes back
///
/// Without -m, lines that are typed at a prompt, until an empty one or ^D; or standard input to
/// its end, byte by byte on a stream and line by line over UDP. What comes back is shown. The
/// exit code is 1 if it is not what was sent.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    server: Server,
    /// Send this line and read none from standard input; may be given several times
    #[arg(
        short,
        long = "message",
        value_name = "MESSAGE",
        allow_hyphen_values = true
    )]
    messages: Vec<OsString>,
}

const EXAMPLES: &str = "\
The default port is that of the service echo: 7.

Examples:
  lariat echo example.org -m hi
  lariat echo --udp example.org -m hi
  lariat echo localhost 21570 < large.iso | cmp - large.iso";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    signals::interruptible(echo(args))
}

async fn echo(args: Args) -> Result<(), Failure> {
    let endpoint = args.server.endpoint("echo")?;
    let mut client = Client::connect(&endpoint, args.server.options()).await?;
    let types = io::stdin().is_terminal();
    match (args.messages.is_empty(), client.is_message_oriented()) {
        (true, _) if types => typed(&mut client).await?,
        (true, false) => stream(&mut client).await?,
        _ => lines(&mut client, &args.messages).await?,
    }
    // Everything has come back; how the server takes our goodbye changes nothing.
    let _ = client.close().await;
    Ok(())
}

async fn lines(client: &mut Client, messages: &[OsString]) -> Result<(), Failure> {
    let mut screen = Screen::open(MAXIMUM_LINE).await?;
    let outcome = exchange_lines(client, &mut screen, messages).await;
    // Whatever ended it, what came back before is shown first.
    let shown = screen.close().await;
    outcome.and(shown)
}

async fn exchange_lines(
    client: &mut Client,
    screen: &mut Screen,
    messages: &[OsString],
) -> Result<(), Failure> {
    for message in messages {
        exchange(client, screen, message.as_encoded_bytes()).await?;
    }
    if !messages.is_empty() {
        return Ok(());
    }
    while let Some(line) = screen.next_line().await? {
        exchange(client, screen, &line).await?;
    }
    Ok(())
}

async fn exchange(client: &mut Client, screen: &mut Screen, line: &[u8]) -> Result<(), Failure> {
    client.exchange(&[line, b"\n"].concat()).await?;
    screen.print(line).await
}

async fn typed(client: &mut Client) -> Result<(), Failure> {
    let settings = Settings {
        maximum: MAXIMUM_LINE,
        ..Settings::default()
    };
    let mut editor = LineEditor::open(settings)?;
    let interrupted = editor.interrupted();
    let outcome = tokio::select! {
        biased;
        () = interrupted => Err(Failure::quiet(INTERRUPTED)),
        outcome = exchange_typed(client, &mut editor) => outcome,
    };
    let shown = editor.close().await;
    outcome.and(shown)
}

async fn exchange_typed(client: &mut Client, editor: &mut LineEditor) -> Result<(), Failure> {
    let printer = editor.printer();
    loop {
        match editor.next().await? {
            Typed::Line(line) if !line.is_empty() => {
                client.exchange(&[&line[..], b"\n"].concat()).await?;
                printer.print(&line).await?;
            }
            Typed::Line(_) | Typed::End => return Ok(()),
            Typed::Interrupted => return Err(Failure::quiet(INTERRUPTED)),
        }
    }
}

async fn stream(client: &mut Client) -> Result<(), Failure> {
    let mut streams = standard_streams().await?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = streams.read(&mut piece).await;
        let read =
            read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
        if read == 0 {
            return Ok(streams.shutdown().await?);
        }
        let exchanged = client.exchange(&piece[..read]).await;
        if let Err(error) = exchanged {
            streams.shutdown().await?;
            return Err(error.into());
        }
        streams.write_all(&piece[..read]).await?;
    }
}
