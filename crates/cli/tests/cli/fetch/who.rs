//! Who asks, and by whom: logins, cookies and proxies.

use std::fs;

use super::{begin, command, fetch, shown};
use crate::process::Running;

#[test]
fn a_login_comes_from_the_environment_or_a_file_and_is_never_shown() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    let heard = || {
        server
            .heard()
            .pop()
            .unwrap()
            .header("authorization")
            .map(str::to_owned)
    };
    let nobody = fetch(&folder, &["-u", "anna", &url]);
    assert_eq!(nobody.code, Some(2));
    assert!(
        nobody
            .errors
            .contains("give it by LARIAT_HTTP_PASSWORD or ~/.netrc"),
        "{}",
        nobody.errors
    );
    let mut named = command(folder.path(), &["-v", "-u", "anna", &url]);
    named
        .env("LARIAT_HTTP_PASSWORD", "swordfish")
        .env("RUST_LOG", "trace");
    let outcome = Running::spawn(&mut named).finish();
    assert_eq!(heard().as_deref(), Some("Basic YW5uYTpzd29yZGZpc2g="));
    let secrets = ["swordfish", "YW5uYTpzd29yZGZpc2g"];
    assert!(
        secrets
            .iter()
            .all(|secret| !outcome.errors.contains(secret)),
        "{}",
        outcome.errors
    );
    let entry = "default login otto password no\nmachine 127.0.0.1 login anna password swordfish\n";
    fs::write(folder.path().join("netrc"), entry).unwrap();
    shown(&folder, &[&url]);
    assert_eq!(heard().as_deref(), Some("Basic YW5uYTpzd29yZGZpc2g="));
    shown(&folder, &["--no-netrc", &url]);
    assert_eq!(heard(), None);
    // Where the answer points to, the host's own is for that.
    let entries = b"machine localhost login anna password swordfish\n# a Latin-1 \xe9\n";
    fs::write(folder.path().join("netrc"), entries).unwrap();
    server.redirect("/there", &url.replace("127.0.0.1", "localhost"));
    shown(&folder, &[&server.url("/there")]);
    assert_eq!(heard().as_deref(), Some("Basic YW5uYTpzd29yZGZpc2g="));
    // Those of any host are for none that was not named.
    fs::write(
        folder.path().join("netrc"),
        "default login otto password no\n",
    )
    .unwrap();
    shown(&folder, &[&url]);
    assert_eq!(heard(), None);
    let mut token = command(folder.path(), &["--bearer", &url]);
    token.env("LARIAT_HTTP_TOKEN", "abc");
    Running::spawn(&mut token).finish();
    assert_eq!(heard().as_deref(), Some("Bearer abc"));
    let secret = url.replace("//", "//anna:swordfish@");
    for arguments in [
        &["-u", "anna:swordfish", &url][..],
        &["-x", "http://anna:swordfish@localhost:1", &url],
        &["-x", "anna:swordfish@localhost:1/x", &url],
        &[secret.as_str()],
    ] {
        let outcome = fetch(&folder, arguments);
        assert_eq!(outcome.code, Some(2), "{}", outcome.errors);
        assert!(
            outcome.errors.contains("lists of processes"),
            "{}",
            outcome.errors
        );
        assert!(!outcome.errors.contains("swordfish"), "{}", outcome.errors);
    }
}

#[test]
fn cookies_are_sent_kept_and_sent_again() {
    let (server, folder) = begin();
    let url = server.url("/a.txt");
    server.set_header("/a.txt", "Set-Cookie", "session=1; Path=/");
    let missing = fetch(&folder, &["-b", "jar", &url]);
    missing.assert_failed(26, "cannot read jar: no such file", &[]);
    // One that is written in the end need not be there before.
    shown(&folder, &["-b", "jar", "-b", "a=b; c=d", "-c", "jar", &url]);
    shown(&folder, &["-b", "jar", &url]);
    let heard = server.heard();
    assert_eq!(heard[0].header("cookie"), Some("a=b; c=d"));
    assert_eq!(heard[1].header("cookie"), Some("session=1"));
    let jar = fs::read_to_string(folder.path().join("jar")).unwrap();
    assert!(jar.starts_with("# Netscape HTTP Cookie File"), "{jar}");
    fs::write(folder.path().join("jar"), "no cookies").unwrap();
    let outcome = fetch(&folder, &["-b", "jar", &url]);
    assert_eq!(outcome.code, Some(26));
    assert!(
        outcome.errors.starts_with("lariat: cannot read jar: "),
        "{}",
        outcome.errors
    );
}

#[test]
fn a_proxy_is_asked_where_one_is_named() {
    let (proxy, folder) = begin();
    proxy.put("http://example.test/x", b"by the proxy\n");
    let address = proxy.address().to_string();
    let url = "http://example.test/x";
    assert_eq!(shown(&folder, &["-x", &address, url]), "by the proxy\n");
    let mut by_environment = command(folder.path(), &[url]);
    by_environment.env("http_proxy", &address);
    let outcome = Running::spawn(&mut by_environment).finish();
    assert_eq!(outcome.text(), "by the proxy\n");
    let mut named = command(
        folder.path(),
        &["-x", &address, "--proxy-user", "anna", url],
    );
    named.env("LARIAT_PROXY_PASSWORD", "swordfish");
    Running::spawn(&mut named).finish();
    let mut of_environment = command(folder.path(), &["--proxy-user", "anna", url]);
    of_environment
        .env("LARIAT_PROXY_PASSWORD", "swordfish")
        .env("http_proxy", &address);
    Running::spawn(&mut of_environment).finish();
    let heard = proxy.heard();
    assert_eq!(heard.len(), 4);
    for heard in &heard[2..] {
        assert_eq!(
            heard.header("proxy-authorization"),
            Some("Basic YW5uYTpzd29yZGZpc2g=")
        );
    }
    let outcome = fetch(&folder, &["-x", "", "--proxy-user", "anna", url]);
    outcome.assert_failed(2, "name it by -x, or in HTTP_PROXY", &[]);
    // Nobody at all is asked for this name without it.
    let outcome = fetch(
        &folder,
        &["-x", &address, "--noproxy", "*", "http://127.0.0.1:1/"],
    );
    assert_eq!(outcome.code, Some(7), "{}", outcome.errors);
}

#[test]
fn a_jar_may_be_empty_at_first() {
    let (server, folder) = begin();
    server.redirect("/login", "/a.txt");
    server.set_header("/login", "Set-Cookie", "session=1; Path=/");
    shown(&folder, &["-b", "", &server.url("/login")]);
    shown(&folder, &[&server.url("/login")]);
    let heard = server.heard();
    let cookies: Vec<Option<&str>> = heard.iter().map(|heard| heard.header("cookie")).collect();
    assert_eq!(cookies, [None, Some("session=1"), None, None]);
}
