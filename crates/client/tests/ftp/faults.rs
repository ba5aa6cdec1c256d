//! Servers that say no, say nothing, say too much, lie, and go away.

use std::io;

use lariat_client::ftp::{Client, Error, Options, Retrieve};
use lariat_protocol::Endpoint;
use lariat_testkit::{Fault, FtpServer};
use tokio::task::JoinSet;

use crate::{SHORT, client, endpoint, fetched, impatient, pattern, site};

fn says(text: &str) -> Fault {
    Fault::Says(text.as_bytes().to_vec())
}

async fn welcomed(fault: Fault) -> Error {
    let server = FtpServer::start();
    let mut options = Options::default();
    if matches!(fault, Fault::Silent) {
        options.timeout = 10 * SHORT;
    }
    server.order("", 1, fault);
    Client::connect(&endpoint(&server), options)
        .await
        .err()
        .expect("no welcome")
}

#[tokio::test]
async fn a_welcome_that_is_none_is_told_in_a_line() {
    let long = "220 ".to_owned() + &"x".repeat(9000);
    let endless = "220-a\r\n".to_owned() + &" more\r\n".repeat(200_000);
    for (fault, words) in [
        (
            says("421 Too many.\r\n"),
            "the server closed the connection: 421 Too many.",
        ),
        (says("530 Not you.\r\n"), "530 Not you."),
        (says("SSH-2.0-x\r\n"), "\"SSH-2.0-x\" is no reply of FTP"),
        (says("220 a\0b\r\n"), "a NUL stands in a reply"),
        (says(&long), "longer than 8192 bytes"),
        (says(&endless), "longer than 1048576 bytes"),
        (
            Fault::HangsUp,
            "closed the connection before it said anything",
        ),
        (Fault::Silent, "no answer to the connection within 3 s"),
    ] {
        let error = welcomed(fault.clone()).await.to_string();
        assert!(error.contains(words), "{fault:?}: {error}");
        assert!(!error.contains('\n'));
    }
    let nobody = Endpoint::tcp("127.0.0.1", 1);
    let error = Client::connect(&nobody, Options::default())
        .await
        .err()
        .expect("nobody");
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn a_server_that_was_idle_for_too_long_says_so() {
    let server = FtpServer::start();
    let mut client = client(&server).await;
    let goodbye = "421 Timeout (900 seconds): closing control connection.\r\n";
    server.order("PWD", 1, says(goodbye));
    let error = client.pwd().await.expect_err("closed");
    assert!(
        error
            .to_string()
            .ends_with("421 Timeout (900 seconds): closing control connection."),
        "{error}"
    );
    assert!(error.is_fatal() && error.may_pass());
}

#[tokio::test]
async fn each_step_has_its_time() {
    // Each waits for that long beside the others.
    let mut steps = JoinSet::new();
    for verb in ["CWD", "EPSV", "RETR", "TYPE"] {
        let server = FtpServer::start();
        server.put("/a/b", b"x");
        steps.spawn(async move {
            let mut client = impatient(&server).await;
            server.order(verb, 1, Fault::Silent);
            let error = match client.cwd("a").await {
                Ok(_) => fetched(&mut client, "b").await.expect_err(verb),
                Err(error) => error,
            };
            assert!(matches!(error, Error::TimedOut { .. }), "{verb}: {error}");
            assert!(
                error.to_string().contains(&format!("no answer to {verb}")),
                "{error}"
            );
        });
    }
    while let Some(done) = steps.join_next().await {
        done.expect("as it is to be");
    }
}

#[tokio::test]
async fn replies_in_the_wrong_place_are_not_believed() {
    for (verb, reply, words) in [
        ("RETR", "226 Done.\r\n", "before the transfer had begun"),
        ("EPSV", "229 (|||x|)\r\n", "no port as (|||6446|)"),
        ("SIZE", "213 big\r\n", "no size of a file"),
        ("MDTM", "213 soon\r\n", "no time as"),
        ("PWD", "257 /\r\n", "no path stands between quotes"),
        ("PWD", "150 Wait.\r\n", "where nothing can"),
        ("PWD", "hello\r\n", "no reply of FTP"),
        ("REST", "200 Yes.\r\n", "REST 1: the server says 200"),
    ] {
        let server = FtpServer::start();
        server.put("/a", b"hello");
        let mut client = client(&server).await;
        server.order(verb, 1, says(reply));
        let error = match verb {
            "PWD" => client.pwd().await.err(),
            "SIZE" => client.size("a").await.err(),
            "MDTM" => client.mdtm("a").await.err(),
            _ => {
                let how = lariat_client::ftp::Retrieve {
                    offset: 1,
                    ..Default::default()
                };
                client.retrbinary("a", how, |_| Ok(())).await.err()
            }
        };
        let error = error.expect(verb).to_string();
        assert!(error.contains(words), "{verb}: {error}");
    }
}

#[tokio::test]
async fn a_transfer_that_the_server_ends_leaves_a_connection_that_can_be_used() {
    let server = FtpServer::start();
    server.put("/a", &pattern(100_000));
    let mut client = impatient(&server).await;
    for (fault, words) in [
        (Fault::Cuts(1000), "RETR a: the server says 426 It broke."),
        (
            Fault::Stalls(1000),
            "no data for the answer to RETR a within 3 s",
        ),
    ] {
        server.order("RETR", 1, fault);
        let error = fetched(&mut client, "a").await.expect_err("broken");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(
            fetched(&mut client, "a").await.expect("again").len(),
            100_000
        );
    }
    server.order("STOR", 1, Fault::Cuts(1000));
    let content = pattern(20_000_000);
    let error = client
        .storbinary("b", Default::default(), &content[..])
        .await
        .expect_err("full");
    assert!(
        error
            .to_string()
            .contains("STOR b: the server says 452 The disk is full."),
        "{error}"
    );
    client.noop().await.expect("of use");
}

#[tokio::test]
async fn what_cannot_be_kept_here_breaks_the_transfer_off() {
    let server = FtpServer::start();
    server.put("/a", &pattern(5_000_000));
    let mut client = client(&server).await;
    let full = |_: &[u8]| Err(io::Error::from(io::ErrorKind::StorageFull));
    let error = client
        .retrbinary("a", Default::default(), full)
        .await
        .expect_err("full");
    assert!(
        error
            .to_string()
            .contains("cannot keep what came: no storage space"),
        "{error}"
    );
    assert!(server.heard().contains(&"ABOR".to_owned()));
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
    let error = client
        .storbinary("b", Default::default(), Broken)
        .await
        .expect_err("unreadable");
    assert!(
        error.to_string().contains("cannot read what is to be sent"),
        "{error}"
    );
    assert_eq!(
        fetched(&mut client, "a").await.expect("of use").len(),
        5_000_000
    );
}

#[tokio::test]
async fn a_line_without_end_is_ended() {
    let server = FtpServer::start();
    server.put("/a", b"x");
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Endless);
    let error = client
        .retrlines("a", |_| Ok(()))
        .await
        .expect_err("endless");
    assert!(
        error.to_string().contains("longer than 65536 bytes"),
        "{error}"
    );
    server.order("NLST", 1, Fault::Endless);
    let error = client.nlst(None).await.expect_err("endless");
    assert!(
        error.to_string().contains("longer than 65536 bytes"),
        "{error}"
    );
    client.noop().await.expect("of use");
}

#[tokio::test]
async fn a_server_that_breaks_off_everything_is_told_of() {
    let server = FtpServer::start();
    server.put("/a", &pattern(100_000));
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::BreaksOff(10));
    let error = fetched(&mut client, "a").await.expect_err("gone");
    assert!(
        error
            .to_string()
            .contains("before it said how the transfer ended"),
        "{error}"
    );
    assert!(error.is_fatal() && error.may_pass());
}

#[tokio::test]
async fn a_data_connection_that_never_comes_is_not_waited_for_long() {
    let server = FtpServer::start();
    server.put("/a", b"x");
    let mut client = impatient(&server).await;
    client.set_active(true);
    server.order("RETR", 1, Fault::NeverConnects);
    server.order("ABOR", 1, says("426 Nobody came.\r\n226 As you wish.\r\n"));
    let error = fetched(&mut client, "a").await.expect_err("nobody");
    assert!(error.to_string().contains("no data connection"), "{error}");
    client.set_active(false);
    assert_eq!(fetched(&mut client, "a").await.expect("of use"), b"x");
}

#[tokio::test]
async fn why_there_was_no_data_is_told_whatever_becomes_of_the_connection() {
    let server = FtpServer::start();
    server.put("/a", b"x");
    let mut client = impatient(&server).await;
    client.set_active(true);
    server.order("RETR", 1, Fault::NeverConnects);
    server.order("ABOR", 1, Fault::HangsUp);
    let error = fetched(&mut client, "a").await.expect_err("nobody");
    assert!(error.to_string().contains("no data connection"), "{error}");
}

#[tokio::test]
async fn a_data_connection_that_is_not_made_leaves_the_control_connection() {
    let server = FtpServer::start();
    server.put("/a", b"x");
    let mut client = client(&server).await;
    // Nobody listens there.
    server.order("EPSV", 1, says("229 (|||1|)\r\n"));
    server.order("PASV", 1, says("227 (127,0,0,1,0,1)\r\n"));
    let error = fetched(&mut client, "a").await.expect_err("refused");
    let words = "PASV: the data connection: cannot connect to tcp://127.0.0.1:1";
    assert!(error.to_string().starts_with(words), "{error}");
    assert!(matches!(error, Error::Data { .. }), "{error:?}");
    assert!(!error.is_fatal() && error.may_pass());
    assert_eq!(fetched(&mut client, "a").await.expect("of use"), b"x");
}

#[tokio::test]
async fn a_drip_does_not_hold_a_transfer() {
    let server = FtpServer::start();
    server.put("/a", b"x");
    let mut client = impatient(&server).await;
    server.order("RETR", 1, Fault::Drips);
    let dripping = tokio::time::timeout(SHORT * 100, fetched(&mut client, "a")).await;
    let error = dripping.expect("not forever").expect_err("too slow");
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert_eq!(fetched(&mut client, "a").await.expect("of use"), b"x");
}

#[tokio::test]
async fn what_is_injected_before_tls_is_not_believed() {
    let server = FtpServer::start();
    let mut site = site(&server);
    site.options.security = lariat_protocol::ftp::Security::Explicit;
    site.endpoint = site
        .endpoint
        .with_option("verify", "none")
        .expect("an option");
    server.order("AUTH", 1, says("234 Go on.\r\n230 You are in.\r\n"));
    let error = site.connect().await.err().expect("injected").to_string();
    assert!(error.contains("behind the answer to AUTH"), "{error}");
    server.order("AUTH", 1, says("502 No TLS here.\r\n"));
    let error = site.connect().await.err().expect("no TLS").to_string();
    assert!(
        error.contains("AUTH TLS: the server says 502 No TLS here."),
        "{error}"
    );
    assert!(!server.heard().iter().any(|line| line.starts_with("USER")));
}

#[tokio::test]
async fn a_beginning_that_was_given_up_is_not_the_next_ones() {
    let server = FtpServer::start();
    server.put("/a", b"hello");
    let (mut client, mut other) = (client(&server).await, client(&server).await);
    server.order("REST", 1, Fault::Awaits("NOOP", 1));
    let middle = Retrieve {
        offset: 3,
        ..Retrieve::default()
    };
    let is_told = async {
        while !server.heard().contains(&"REST 3".to_owned()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = client.retrbinary("a", middle, |_| Ok(())) => panic!("nothing is answered: {done:?}"),
        () = is_told => {}
    }
    other.noop().await.expect("answered");
    client.abort().await.expect("settled");
    assert_eq!(fetched(&mut client, "a").await.expect("whole"), b"hello");
    assert_eq!(fetched(&mut client, "a").await.expect("whole"), b"hello");
    let marks = server.heard().into_iter();
    let marks: Vec<String> = marks.filter(|line| line.starts_with("REST")).collect();
    assert_eq!(marks, ["REST 3", "REST 0"]);
}

#[tokio::test]
async fn a_transfer_that_was_dropped_is_ended_by_abort() {
    let server = FtpServer::start();
    server.put("/a", &pattern(100_000));
    let mut client = client(&server).await;
    server.order("RETR", 1, Fault::Stalls(10));
    let (told, came) = tokio::sync::oneshot::channel();
    let mut told = Some(told);
    let take = move |_: &[u8]| {
        let _ = told.take().map(|told| told.send(()));
        Ok(())
    };
    tokio::select! {
        _ = client.retrbinary("a", Default::default(), take) => panic!("it stalls"),
        came = came => came.expect("something came"),
    }
    let error = client.pwd().await.expect_err("in the middle");
    assert!(
        error
            .to_string()
            .contains("before what was sent last is answered"),
        "{error}"
    );
    assert_eq!(client.abort().await.expect("ended").code(), 226);
    assert_eq!(client.pwd().await.expect("of use"), "/");
}

#[tokio::test]
async fn a_server_that_asks_for_patience_is_waited_for_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        while io::Write::write_all(&mut stream, b"120 Wait.\r\n").is_ok() {
            std::thread::sleep(SHORT / 6);
        }
    });
    let options = Options {
        timeout: SHORT,
        ..Options::default()
    };
    let endpoint = Endpoint::tcp("127.0.0.1", port);
    let connecting = Client::connect(&endpoint, options);
    let connected = tokio::time::timeout(SHORT * 100, connecting).await;
    let error = connected.expect("not forever").err().expect("no welcome");
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn a_password_is_not_sent_where_tls_was_to_be() {
    let server = FtpServer::start();
    let mut site = site(&server);
    site.options.security = lariat_protocol::ftp::Security::Implicit;
    let error = site.connect().await.err().expect("no TLS").to_string();
    assert!(error.contains("write tls://"), "{error}");
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn empty_lines_of_a_listing_are_counted() {
    let server = FtpServer::start();
    server.put("/lines", &b"\r\n".repeat(1_000_001));
    let mut client = client(&server).await;
    server.order("NLST", 1, Fault::Lists("/lines".into()));
    let error = client.nlst(None).await.expect_err("too many");
    assert!(error.to_string().contains("a million lines"), "{error}");
    client.noop().await.expect("of use");
}
