//! The NNTP client where TLS begins on the usual port.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use lariat::Endpoint;
use lariat::client::nntp::{Client, Options, Security};
use lariat::tls::{Authority, Identity, ServerOptions, ServerTls};

/// What is said under TLS, by a server in which nobody may post.
const ANSWERS: [&str; 3] = [
    "101 What I can\r\nVERSION 2\r\nREADER\r\nOVER\r\n.\r\n",
    "211 1 7 7 misc.test\r\n",
    "205 Bye\r\n",
];

fn line(stream: &mut impl Read) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while byte != *b"\n" {
        stream.read_exact(&mut byte).expect("a command");
        line.push(byte[0]);
    }
    String::from_utf8_lossy(&line).trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_begins_by_starttls_and_the_word_before_it_does_not_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::create("Test").expect("made");
    let issued = authority.issue_server(&["localhost"]).expect("issued");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.certificate_pem()).expect("written");
    let (certificate, key) = (issued.certificate_pem.as_bytes(), issued.key_pem.as_bytes());
    let identity = Identity::from_pem(certificate, key).expect("an identity");
    let tls = ServerTls::new(ServerOptions::new(identity)).expect("a server's side");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.write_all(b"200 You may post\r\n").expect("sent");
        let mut heard = vec![line(&mut stream)];
        stream.write_all(b"382 Begin\r\n").expect("sent");
        let mut stream = tls.accept_blocking(stream).expect("TLS");
        for answer in ANSWERS {
            heard.push(line(&mut stream));
            stream.write_all(answer.as_bytes()).expect("sent");
            stream.flush().expect("sent");
        }
        heard
    });

    let endpoint = Endpoint::tcp("localhost", port);
    let endpoint = endpoint.with_option("ca", &file.to_string_lossy());
    let options = Options {
        security: Security::Explicit,
        ..Options::default()
    };
    let connected = Client::connect(&endpoint.expect("an endpoint"), options).await;
    let mut client = connected.expect("connected");
    assert!(client.is_secret() && !client.may_post());
    let group = client.group("misc.test").await.expect("a group");
    assert_eq!((group.first, group.last), (7, 7));
    client.quit().await.expect("answered");
    let heard = serving.join().expect("served");
    assert_eq!(
        heard,
        ["STARTTLS", "CAPABILITIES", "GROUP misc.test", "QUIT"]
    );
}
