//! `lariat news` logs in: by which password, and to whom none is shown.

use std::fs;

use lariat_net::Connection;
use lariat_protocol::Endpoint;

use crate::news::{begin, command, news};
use crate::process::Running;
use crate::server::Server;

#[test]
fn a_password_comes_from_the_environment_or_a_file_and_is_never_shown() {
    let (server, folder) = begin();
    server.require_login();
    let url = server.url("misc.test");
    let nobody = news(&folder, &[&url, "group"]);
    assert_eq!(nobody.code, Some(1));
    assert!(
        nobody
            .errors
            .contains("480 Who are you?; log in with -u NAME"),
        "{}",
        nobody.errors
    );
    let unasked = news(&folder, &["-u", "anna", &url, "group"]);
    assert_eq!(unasked.code, Some(2));
    assert!(
        unasked.errors.contains("LARIAT_NEWS_PASSWORD or ~/.netrc"),
        "{}",
        unasked.errors
    );
    for (password, code) in [("swordfish", 0), ("swordfisch", 1)] {
        let mut command = command(&folder, &["-u", "anna", &url, "group"]);
        command
            .env("LARIAT_NEWS_PASSWORD", password)
            .env("RUST_LOG", "trace");
        let outcome = Running::spawn(&mut command).finish();
        assert_eq!(outcome.code, Some(code), "{}", outcome.errors);
        assert!(!outcome.errors.contains(password), "{}", outcome.errors);
    }
    // What netrc has for all hosts is for others than news servers, most of which ask nobody.
    fs::write(
        folder.path().join("netrc"),
        "default login anna password swordfish\n",
    )
    .unwrap();
    assert_eq!(news(&folder, &[&url, "group"]).code, Some(1));
    fs::write(
        folder.path().join("netrc"),
        "machine 127.0.0.1 login anna password swordfish\n",
    )
    .unwrap();
    // Nor is it shown to whoever is on the way, unless somebody asks for it.
    let heard = server.heard().len();
    assert_eq!(news(&folder, &[&url, "group"]).code, Some(1));
    assert!(!server.heard()[heard..].concat().contains("AUTHINFO"));
    let named = url.replace("nntp://", "nntp://anna@");
    for arguments in [&["-u", "anna", &url, "group"][..], &[&named, "group"]] {
        assert_eq!(
            news(&folder, arguments).text(),
            "misc.test: 2 articles, 1 to 2\n"
        );
    }
    let secret = url.replace("nntp://", "nntp://anna:swordfish@");
    let outcome = news(&folder, &[&secret, "group"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.errors.contains("lists of processes") && !outcome.errors.contains("swordfish"));
}

#[test]
fn the_password_of_a_file_is_shown_to_servers_that_are_checked() {
    let (server, folder) = begin();
    server.require_login();
    let behind = Endpoint::tcp("127.0.0.1", server.address().port());
    let front = Server::start();
    let relay = move |mut connection: Connection| {
        let behind = behind.clone();
        async move {
            let known = lariat_net::connect(&behind).await;
            let mut known = known.map_err(std::io::Error::other)?;
            let copied = tokio::io::copy_bidirectional(&mut connection, &mut known).await;
            copied.map(drop)
        }
    };
    let listening = front.reactor.listen(front.to_listen("tls"), relay);
    let port = listening.unwrap().endpoint().port().unwrap();
    let url = format!("nntps://localhost:{port}/misc.test");
    let login = "machine localhost login anna password swordfish\n";
    fs::write(folder.path().join("netrc"), login).unwrap();
    let authority = front.folder.path().join("ca.pem").display().to_string();
    let group = "misc.test: 2 articles, 1 to 2\n";
    let checked = news(&folder, &["--ca", &authority, &url, "group"]);
    assert_eq!(checked.text(), group, "{}", checked.errors);
    let unknown = news(&folder, &[&url, "group"]);
    assert_eq!(unknown.code, Some(1));
    let advice = "to trust it, give that authority's certificate (--ca FILE)\n";
    assert!(unknown.errors.ends_with(advice), "{}", unknown.errors);
    let heard = server.heard().len();
    let unchecked = news(&folder, &["--insecure", &url, "group"]);
    assert_eq!(unchecked.code, Some(1));
    assert!(unchecked.errors.contains("480"), "{}", unchecked.errors);
    assert!(!server.heard()[heard..].concat().contains("AUTHINFO"));
    // Whoever asks for it is somebody's own business.
    let asked = news(&folder, &["--insecure", "-u", "anna", &url, "group"]);
    assert_eq!(asked.text(), group, "{}", asked.errors);
}
