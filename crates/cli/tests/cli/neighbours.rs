//! Whom the commands on the pages talk to beside `lariat serve`: web servers, plain and over TLS, a printer, and
//! servers of files and of news.

use std::path::PathBuf;

use lariat_net::Connection;
use lariat_protocol::Endpoint;
use lariat_testkit::{FtpServer, NntpServer, WebServer};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::server::Server;

/// Servers that the pages call by names that nobody has.
pub struct Neighbours {
    server: Server,
    /// They serve until they are dropped.
    _files: FtpServer,
    _web: WebServer,
    _news: NntpServer,
    /// What a page calls each, and where it is.
    places: Vec<(&'static str, String)>,
}

impl Neighbours {
    pub fn start() -> Self {
        let files = FtpServer::start();
        files.put("/pub/notes.txt", b"something\n");
        files.put("/pub/readme.txt", b"hello\n");
        let web = WebServer::start();
        web.put("/notes.txt", b"something\n");
        web.put("/large.iso", &[7; 100_000]);
        let news = articles();
        let server = Server::start();
        let place = |endpoint: String| {
            let (_, place) = endpoint.split_once("://").unwrap();
            place.to_owned()
        };
        let secret = server.serve(&server.to_listen("tls"), page);
        let secret: Endpoint = secret.parse().unwrap();
        // Its certificate is for this name.
        let secret = format!("tls://localhost:{}", secret.port().unwrap());
        let places = vec![
            ("tls://www.example.org", secret),
            (
                "http://www.example.org",
                format!("http://{}", web.address()),
            ),
            (
                "www.example.org",
                place(server.serve("tcp://127.0.0.1:0", page)),
            ),
            (
                "printer:9100",
                place(server.serve("tcp://127.0.0.1:0", ready)),
            ),
            ("ftp.example.org", files.address().to_string()),
            ("news.example.org", news.address().to_string()),
        ];
        Neighbours {
            server,
            _files: files,
            _web: web,
            _news: news,
            places,
        }
    }

    /// The authority of the web server's certificate.
    pub fn authority(&self) -> PathBuf {
        self.server.folder.path().join("ca.pem")
    }

    /// A page's command, with the places where they are.
    pub fn reached(&self, command: &str) -> String {
        let places = self.places.iter();
        places.fold(command.to_owned(), |command, (shown, taken)| {
            command.replace(shown, taken)
        })
    }

    /// An output, with the places as the page calls them.
    pub fn shown(&self, output: &str) -> String {
        let places = self.places.iter();
        places.fold(output.to_owned(), |output, (shown, taken)| {
            output.replace(taken, shown)
        })
    }
}

/// The articles that are read.
fn articles() -> NntpServer {
    let server = NntpServer::start();
    server.add_group("misc.empty", "Nothing yet");
    server.add_group("misc.test", "For tests");
    let question = "Message-ID: <1@example.org>\nFrom: Ann <ann@example.org>\nNewsgroups: misc.test\n\
        Subject: Which brackets?\nDate: Sat, 17 Jun 2006 17:27:21 +0000\n\nDoes print 1 need brackets?\n";
    let answer = "Message-ID: <2@example.org>\nReferences: <1@example.org>\nFrom: Otto <otto@example.org>\n\
        Newsgroups: misc.test\nSubject: Re: Which brackets?\nDate: Sun, 18 Jun 2006 10:00:00 +0000\n\n\
        Ann wrote:\n> Does print 1 need brackets?\n\nIt does, since 3.0.\n>>> print(1)\n1\n";
    server.put("misc.test", question);
    server.put("misc.test", answer);
    server
}

/// Answers one request: by a length, by chunks, or by nothing but the end.
async fn page(connection: Connection) -> std::io::Result<()> {
    let mut stream = BufReader::new(connection);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if stream.read_line(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let answer = match request.split(' ').nth(1) {
        Some("/about.html") => {
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<h1>About</h1>\n"
        }
        Some("/search?q=rope") => {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nlariat\n\r\n6\r\nlasso\n\r\n0\r\n\r\n"
        }
        Some("/") => "HTTP/1.0 200 OK\r\n\r\nhello\n",
        _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn ready(mut connection: Connection) -> std::io::Result<()> {
    connection.write_all(b"ready\n").await?;
    connection.shutdown().await
}
