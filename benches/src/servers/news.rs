//! A news server with one group, whose overviews are made up once: so that what is measured is who reads them.

use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ::lariat::nntp::{Articles, Command, Deflater, Inflater, List, Range, Reader};
use ::lariat::tls::{Identity, ServerOptions, ServerTls};

use super::{Given, Running, lariat};
use crate::load::identity;

/// How many articles the group has.
pub const ARTICLES: usize = 100_000;

/// What it is called.
pub const GROUP: &str = "bench.test";

/// The server in a process of its own, plain or on TLS.
pub fn start(given: Given, tls: bool) -> io::Result<Running> {
    lariat::ourselves(given, if tls { "news-tls" } else { "news" })
}

/// Serves until the process is killed; `listening` is told where.
pub fn serve(tls: bool, listening: impl FnOnce(&str) -> io::Result<()>) -> io::Result<()> {
    let tls = match tls {
        true => Some(server_tls()?),
        false => None,
    };
    let shelf = Arc::new(Shelf::fill());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listening(&listener.local_addr()?.to_string())?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        let (shelf, tls) = (Arc::clone(&shelf), tls.clone());
        thread::spawn(move || match tls {
            Some(tls) => {
                let stream = tls.accept_blocking(stream).map_err(io::Error::other)?;
                Session::new(stream).talk(&shelf)
            }
            None => Session::new(stream).talk(&shelf),
        });
    }
    Ok(())
}

fn server_tls() -> io::Result<ServerTls> {
    let (certificate, key) = identity::pem()?;
    let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes());
    let identity = identity.map_err(io::Error::other)?;
    ServerTls::new(ServerOptions::new(identity)).map_err(io::Error::other)
}

/// The overviews, one behind the other.
struct Shelf {
    lines: Vec<u8>,
    /// Where each line ends.
    ends: Vec<usize>,
    /// The last answer that was compressed, and how many articles are in it.
    compressed: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

impl Shelf {
    fn fill() -> Self {
        let mut shelf = Shelf {
            lines: Vec::new(),
            ends: Vec::with_capacity(ARTICLES),
            compressed: Mutex::default(),
        };
        for number in 1..=ARTICLES {
            shelf.lines.extend_from_slice(overview(number).as_bytes());
            shelf.ends.push(shelf.lines.len());
        }
        shelf
    }

    /// The answer about the first articles, up to a number.
    fn overviews(&self, last: usize) -> Vec<u8> {
        let end = last.checked_sub(1).and_then(|at| self.ends.get(at));
        let lines = &self.lines[..end.copied().unwrap_or(0)];
        [b"224 Overviews follow\r\n", lines, b".\r\n"].concat()
    }

    /// The same, compressed by itself: it refers to nothing that was sent before.
    fn compressed(&self, last: usize) -> Arc<Vec<u8>> {
        let mut known = self
            .compressed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((count, answer)) if *count == last => Arc::clone(answer),
            _ => {
                let answer = Arc::new(Deflater::default().compress(&self.overviews(last)));
                *known = Some((last, Arc::clone(&answer)));
                answer
            }
        }
    }
}

/// The overview of an article, about as long as those of a group in which people talk.
fn overview(number: usize) -> String {
    let writer = number % 977;
    let subject = match number % 8 {
        0 => format!("Re: =?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle_({number})?="),
        _ => format!("Re: What becomes of number {number} in the end?"),
    };
    let references: Vec<String> = (1..=number % 6)
        .map(|before| format!("<{:x}.{number}@news.example.org>", before * 7_919))
        .collect();
    format!(
        "{number}\t{subject}\tWriter {writer} <writer{writer}@example.org>\tSat, 17 Jun 2006 {:02}:{:02}:{:02} +0000\t\
         <{:x}.{number}@news.example.org>\t{}\t{}\t{}\tXref: news.example.org {GROUP}:{number}\r\n",
        number / 3600 % 24,
        number / 60 % 60,
        number % 60,
        number * 31_337,
        references.join(" "),
        1000 + writer,
        20 + number % 50
    )
}

/// One connection.
struct Session<S> {
    stream: S,
    reader: Reader,
    inflater: Option<Inflater>,
}

impl<S: Read + Write> Session<S> {
    fn new(stream: S) -> Self {
        Session {
            stream,
            reader: Reader::default(),
            inflater: None,
        }
    }

    fn talk(mut self, shelf: &Shelf) -> io::Result<()> {
        self.say(b"200 A server for measurements\r\n")?;
        loop {
            let Some(command) = self.reader.next_command() else {
                match self.fill()? {
                    true => continue,
                    false => return Ok(()),
                }
            };
            match command {
                Ok(Command::Quit) => return self.say(b"205 Bye\r\n"),
                Ok(Command::Compress(_)) => {
                    self.say(b"206 Compression begins\r\n")?;
                    self.inflater = Some(Inflater::default());
                }
                Ok(Command::Over(articles) | Command::Xover(articles)) => {
                    self.list(shelf, &articles)?;
                }
                Ok(command) => self.say(answer(&command).as_bytes())?,
                Err(_) => self.say(b"500 What?\r\n")?,
            }
        }
    }

    fn list(&mut self, shelf: &Shelf, articles: &Articles) -> io::Result<()> {
        let last = match articles {
            Articles::Numbers(Range::Between(1, last)) => usize::try_from(*last).ok(),
            _ => None,
        };
        let last = last.unwrap_or(ARTICLES).min(ARTICLES);
        match self.inflater.is_some() {
            true => self.stream.write_all(&shelf.compressed(last))?,
            false => self.stream.write_all(&shelf.overviews(last))?,
        }
        self.stream.flush()
    }

    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.inflater.is_some() {
            true => self
                .stream
                .write_all(&Deflater::default().compress(bytes))?,
            false => self.stream.write_all(bytes)?,
        }
        self.stream.flush()
    }

    /// Gets more of what the client says; not, if it has gone.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 4096];
        loop {
            if let Some(inflater) = &mut self.inflater {
                let given = inflater.next_piece(&mut piece).map_err(io::Error::other)?;
                if given > 0 {
                    self.reader.receive(&piece[..given]);
                    return Ok(true);
                }
            }
            let length = self.stream.read(&mut piece)?;
            if length == 0 {
                return Ok(false);
            }
            match &mut self.inflater {
                Some(inflater) => inflater.receive(&piece[..length]),
                None => {
                    self.reader.receive(&piece[..length]);
                    return Ok(true);
                }
            }
        }
    }
}

/// What is said to the other commands that the clients have.
fn answer(command: &Command) -> String {
    match command {
        Command::Capabilities(_) => "101 What I can\r\nVERSION 2\r\nREADER\r\nOVER\r\nLIST ACTIVE OVERVIEW.FMT\r\n\
             COMPRESS DEFLATE\r\n.\r\n"
            .into(),
        Command::ModeReader => "201 Read\r\n".into(),
        Command::Group(name) => format!("211 {ARTICLES} 1 {ARTICLES} {name}\r\n"),
        Command::List(List::OverviewFmt) => {
            "215 The fields\r\nSubject:\r\nFrom:\r\nDate:\r\nMessage-ID:\r\nReferences:\r\n:bytes\r\n:lines\r\n\
             Xref:full\r\n.\r\n"
                .into()
        }
        _ => "500 What?\r\n".into(),
    }
}
