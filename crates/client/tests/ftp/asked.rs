//! Each of the words of `ftplib`, answered.

use lariat_client::ftp::{Blocking, Client, Error, Login, Options, Retrieve};
use lariat_protocol::Endpoint;
use lariat_protocol::ftp::Kind;
use lariat_testkit::{Fault, FtpServer};

use crate::{client, endpoint, fetched, pattern, site};

#[tokio::test]
async fn who_logs_in_is_let_in_and_who_does_not_is_told() {
    let server = FtpServer::start();
    let mut client = Client::connect(&endpoint(&server), Options::default())
        .await
        .expect("connected");
    assert_eq!(client.welcome().text(), "A server for tests.");
    let error = client.pwd().await.expect_err("not logged in");
    assert_eq!(error.to_string(), "PWD: the server says 530 Log in first.");
    let error = client
        .login(&Login::new("anna", "wrong"))
        .await
        .expect_err("a wrong password");
    assert_eq!(
        error.to_string(),
        "PASS ****: the server says 530 Login incorrect."
    );
    assert!(!error.is_fatal() && !error.may_pass());
    client
        .login(&Login::new("anna", "swordfish"))
        .await
        .expect("logged in");
    assert_eq!(client.quit().await.expect("answered").code(), 221);
}

#[tokio::test]
async fn an_account_is_given_where_one_is_asked_for() {
    let server = FtpServer::start();
    let account = |server: &FtpServer| {
        server.order("PASS", 1, Fault::Says(b"332 Account?\r\n".to_vec()));
        server.order("ACCT", 1, Fault::Says(b"230 Come in.\r\n".to_vec()));
    };
    account(&server);
    let error = site(&server).connect().await.err().expect("no account");
    assert!(error.to_string().contains("332 Account?"), "{error}");
    let mut site = site(&server);
    site.login.account = Some("books".into());
    account(&server);
    site.connect().await.expect("logged in");
    assert!(server.heard().contains(&"ACCT books".to_owned()));
}

#[tokio::test]
async fn folders_and_files_are_asked_about_and_changed() {
    let server = FtpServer::start();
    server.put("/pub/a", b"hello");
    server.put("/pub/deep/er/b", b"");
    let mut client = client(&server).await;
    assert_eq!(client.pwd().await.expect("a path"), "/");
    client.cwd("pub").await.expect("there");
    assert_eq!(client.pwd().await.expect("a path"), "/pub");
    assert_eq!(client.size("a").await.expect("a size"), 5);
    assert_eq!(
        client.mdtm("a").await.expect("a time").to_string(),
        "20060617172721"
    );
    assert_eq!(client.nlst(None).await.expect("names"), ["deep", "a"]);
    let entries = client.mlsd(Some("/pub")).await.expect("entries");
    let seen: Vec<_> = entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.kind, entry.size))
        .collect();
    assert_eq!(
        seen,
        [("deep", Kind::Directory, None), ("a", Kind::File, Some(5))]
    );
    let lines = client.dir(None).await.expect("lines");
    assert!(lines[1].ends_with(" 5 Jun 17 17:27 a"), "{lines:?}");
    server.set_features(&[]);
    let mut old = site(&server).connect().await.expect("logged in");
    let listed = old.list(Some("pub")).await.expect("entries");
    assert_eq!(listed[1].size, Some(5));

    assert_eq!(
        client.mkd("new \"one\"").await.expect("made"),
        "/pub/new \"one\""
    );
    client.rename("a", "new \"one\"/c").await.expect("renamed");
    assert_eq!(
        server.get("/pub/new \"one\"/c").as_deref(),
        Some(&b"hello"[..])
    );
    let error = client.rmd("new \"one\"").await.expect_err("not empty");
    assert!(error.is_unavailable());
    client.delete("new \"one\"/c").await.expect("removed");
    client.rmd("new \"one\"").await.expect("removed");
    client.cwd("..").await.expect("above");
    assert_eq!(
        client.sendcmd("SYST").await.expect("answered").text(),
        "UNIX Type: L8"
    );
    let error = client.voidcmd("SITE x").await.expect_err("not known");
    assert_eq!(error.to_string(), "SITE x: the server says 502 Not here.");
    client.noop().await.expect("there");
    client.abort().await.expect("nothing to break off");
    client.close().await;
}

#[tokio::test]
async fn files_are_moved_as_bytes_lines_and_blocks() {
    let server = FtpServer::start();
    let content = pattern(200_000);
    server.put("/a", &content);
    server.put("/text", b"one\r\ntwo\r\n\r\nfour");
    let mut client = client(&server).await;
    assert_eq!(fetched(&mut client, "a").await.expect("fetched"), content);

    let mut blocks = Vec::new();
    let how = Retrieve {
        offset: 199_990,
        block_size: 4,
    };
    let take = |block: &[u8]| {
        assert!(block.len() <= 4);
        blocks.extend_from_slice(block);
        Ok(())
    };
    assert_eq!(
        client.retrbinary("a", how, take).await.expect("the rest"),
        10
    );
    assert_eq!(blocks, content[199_990..]);

    let mut lines = Vec::new();
    let take = |line: &str| {
        lines.push(line.to_owned());
        Ok(())
    };
    client.retrlines("text", take).await.expect("lines");
    assert_eq!(lines, ["one", "two", "", "four"]);

    client
        .storbinary("b", Default::default(), &content[..])
        .await
        .expect("stored");
    assert_eq!(server.get("/b"), Some(content.clone()));
    client
        .storlines("c", &b"one\ntwo"[..])
        .await
        .expect("stored");
    assert_eq!(server.get("/c").as_deref(), Some(&b"one\r\ntwo"[..]));
    client.append("c", &b"!"[..]).await.expect("appended");
    assert_eq!(server.get("/c").as_deref(), Some(&b"one\r\ntwo!"[..]));
    let name = client
        .storunique(&b"x"[..])
        .await
        .expect("stored")
        .expect("a name");
    assert_eq!(server.get(&format!("/{name}")).as_deref(), Some(&b"x"[..]));
}

#[tokio::test]
async fn the_data_connection_is_made_in_three_ways() {
    let server = FtpServer::start();
    server.put("/a", b"hello");
    let mut client = client(&server).await;
    assert_eq!(fetched(&mut client, "a").await.expect("extended"), b"hello");
    client.set_active(true);
    assert_eq!(fetched(&mut client, "a").await.expect("active"), b"hello");
    client.set_active(false);
    // What the server names by PASV is not its address, and is not connected to.
    server.order("EPSV", 1, Fault::Says(b"502 What?\r\n".to_vec()));
    assert_eq!(fetched(&mut client, "a").await.expect("passive"), b"hello");
    assert_eq!(fetched(&mut client, "a").await.expect("passive"), b"hello");
    let heard = server.heard();
    let said = |verb: &str| heard.iter().filter(|line| line.starts_with(verb)).count();
    assert_eq!((said("EPSV"), said("PORT"), said("PASV")), (2, 1, 2));
}

#[tokio::test]
async fn data_connections_are_made_over_the_newer_protocol_too() {
    let server = FtpServer::start_at(std::net::Ipv6Addr::LOCALHOST.into());
    server.put("/a", b"hello");
    let mut site = site(&server);
    site.endpoint = Endpoint::tcp("::1", server.address().port());
    let mut client = site.connect().await.expect("logged in");
    assert_eq!(fetched(&mut client, "a").await.expect("passive"), b"hello");
    client.set_active(true);
    assert_eq!(fetched(&mut client, "a").await.expect("active"), b"hello");
    let heard = server.heard();
    let said = |verb: &str| heard.iter().any(|line| line.starts_with(verb));
    assert!(said("EPSV") && said("EPRT |2|::1|"), "{heard:?}");
    assert!(!said("PASV") && !said("PORT"), "{heard:?}");
}

#[tokio::test]
async fn what_would_be_two_commands_is_not_sent() {
    let server = FtpServer::start();
    let mut client = client(&server).await;
    for path in ["a\r\nDELE b", "a\nb", "a\0", ""] {
        let error = client.cwd(path).await.expect_err("refused here");
        assert!(matches!(error, Error::Misuse(_)), "{error:?}");
        assert!(
            error.to_string().starts_with(&format!("{path:?}: ")),
            "{error}"
        );
        assert!(!error.is_fatal() && !error.may_pass());
        assert!(client.rename("a", path).await.is_err());
    }
    // A password may stand in a command, and so none is shown.
    let error = client.sendcmd("PASS swordfish\r\nDELE b").await;
    let error = error.expect_err("refused here");
    assert!(
        error.to_string().starts_with("the command: a line's end"),
        "{error}"
    );
    let login = Login::new("anna", "sword\nfish");
    let error = client.login(&login).await.expect_err("refused here");
    assert!(
        error.to_string().starts_with("the password: a line's end"),
        "{error}"
    );
    let heard = server.heard();
    assert!(
        !heard
            .iter()
            .any(|line| line.contains("DELE") || line.starts_with("RNFR") || line == "USER anna"),
        "{heard:?}"
    );
    client.noop().await.expect("of use as before");
}

/// Begins to ask for something, and waits no longer.
async fn drop_a_step(client: &mut Client) {
    tokio::select! {
        biased;
        _ = client.sendcmd("SYST") => {}
        () = std::future::ready(()) => {}
    }
}

#[tokio::test]
async fn a_step_in_the_wrong_order_is_the_callers_fault_and_one_on_a_closed_connection_is_not() {
    let server = FtpServer::start();
    let mut client = client(&server).await;
    drop_a_step(&mut client).await;
    let error = client.pwd().await.expect_err("something is owed");
    assert!(matches!(error, Error::Misuse(_)), "{error:?}");
    assert!(
        error.to_string().starts_with("PWD cannot be sent before"),
        "{error}"
    );
    client.abort().await.expect("settled");
    server.order("NOOP", 1, Fault::Says(b"421 Too many.\r\n".to_vec()));
    let error = client.noop().await.expect_err("given up");
    assert!(matches!(error, Error::Closing(_)), "{error:?}");
    let error = client.noop().await.expect_err("closed");
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert!(error.is_fatal() && error.may_pass(), "{error}");
    assert!(
        error.to_string().ends_with("the connection is closed"),
        "{error}"
    );
}

#[test]
fn a_program_without_a_runtime_waits_for_each_step() {
    let server = FtpServer::start();
    server.put("/pub/a", b"hello");
    let mut ftp = Blocking::connect(&endpoint(&server), Options::default()).expect("connected");
    ftp.login(&Login::default()).expect("logged in");
    ftp.wait(async |client| client.cwd("pub").await)
        .expect("there");
    let content = ftp.wait(async |client| fetched(client, "a").await);
    assert_eq!(content.expect("fetched"), b"hello");
    ftp.quit().expect("answered");
    assert!(
        Blocking::connect(
            &"tcp://127.0.0.1:1".parse().expect("an endpoint"),
            Options::default()
        )
        .is_err()
    );
}

#[tokio::test]
async fn a_step_that_was_dropped_is_ended_by_abort() {
    let server = FtpServer::start();
    let mut client = client(&server).await;
    drop_a_step(&mut client).await;
    assert_eq!(client.abort().await.expect("settled").code(), 226);
    assert_eq!(client.pwd().await.expect("of use"), "/");
}

#[tokio::test]
async fn a_transfer_keeps_the_control_connection_alive() {
    let server = FtpServer::start();
    let content = pattern(1_000_000);
    server.put("/a", &content);
    let mut site = site(&server);
    site.options.keep_alive = Some(std::time::Duration::ZERO);
    let mut client = site.connect().await.expect("logged in");
    assert_eq!(fetched(&mut client, "a").await.expect("fetched"), content);
    // Their answers come behind that of the transfer, and are taken for no others.
    assert_eq!(client.pwd().await.expect("a path"), "/");
    client
        .storbinary("b", Default::default(), &content[..])
        .await
        .expect("stored");
    client.noop().await.expect("of use");
    let heard = server.heard();
    assert!(
        heard.iter().filter(|line| *line == "NOOP").count() > 20,
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_type_whose_answer_was_not_awaited_is_told_again() {
    let server = FtpServer::start();
    server.put("/a", b"one\r\ntwo\r\n");
    let mut client = client(&server).await;
    fetched(&mut client, "a").await.expect("fetched");
    tokio::select! {
        biased;
        _ = client.dir(None) => panic!("at once"),
        () = std::future::ready(()) => {}
    }
    client.abort().await.expect("of use");
    fetched(&mut client, "a").await.expect("fetched");
    let heard = server.heard().into_iter();
    let types: Vec<_> = heard.filter(|line| line.starts_with("TYPE")).collect();
    assert_eq!(types, ["TYPE I", "TYPE A", "TYPE I"]);
}
