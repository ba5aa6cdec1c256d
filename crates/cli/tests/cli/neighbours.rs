//! Whom the commands on the pages talk to beside `lariat serve`: a web server, plain and over TLS, a printer, and
//! a server of files.

use std::path::PathBuf;

use lariat_net::Connection;
use lariat_protocol::Endpoint;
use lariat_testkit::FtpServer;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::server::Server;

/// Servers that the pages call by names that nobody has.
pub struct Neighbours {
    server: Server,
    /// Serves until it is dropped.
    _files: FtpServer,
    /// What a page calls each, and where it is.
    places: Vec<(&'static str, String)>,
}

impl Neighbours {
    pub fn start() -> Self {
        let files = FtpServer::start();
        files.put("/pub/notes.txt", b"something\n");
        files.put("/pub/readme.txt", b"hello\n");
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
                "www.example.org",
                place(server.serve("tcp://127.0.0.1:0", page)),
            ),
            (
                "printer:9100",
                place(server.serve("tcp://127.0.0.1:0", ready)),
            ),
            ("ftp.example.org", files.address().to_string()),
        ];
        Neighbours {
            server,
            _files: files,
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
