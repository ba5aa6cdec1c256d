//! `lariat fetch` at the software of others: nginx, Python's web server, werkzeug's forms, tinyproxy and microsocks.

use std::fs;
use std::net::{SocketAddrV4, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use tempfile::TempDir;

use crate::lariat::{Certificates, binary, text};
use crate::peer::{Ended, Peer, program, python, python_files};
use crate::proxies::free_address;

/// More than any buffer on the way, and no two pieces alike.
fn large() -> Vec<u8> {
    (0..3_000_000_u32)
        .map(|at| (at ^ (at >> 9)) as u8)
        .collect()
}

/// A server, and the folder that it serves.
struct Judge {
    url: String,
    site: TempDir,
    _files: TempDir,
    _running: Peer,
}

impl Judge {
    /// nginx: plain, or with these lines for TLS.
    fn nginx(scheme: &str, listen: &str, more: &str) -> Self {
        let (site, files, address) = (
            site(),
            tempfile::tempdir().expect("a folder"),
            free_address(),
        );
        let (here, root) = (files.path().display(), site.path().display());
        let user = program("id", ["-un"]).succeed().concat();
        let configuration = format!(
            "user {user};\ndaemon off;\nmaster_process off;\npid {here}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n \
             access_log off;\n client_max_body_size 100m;\n client_body_temp_path {here}/b;\n proxy_temp_path {here}/p;\n \
             fastcgi_temp_path {here}/f;\n uwsgi_temp_path {here}/u;\n scgi_temp_path {here}/s;\n gzip on;\n \
             gzip_min_length 1;\n gzip_types text/plain application/json;\n types {{ application/json json; text/plain txt; }}\n \
             server {{ listen {address} {listen};\n root {root};\n {more}\n location /list/ {{ autoindex on; }}\n \
             location /old {{ return 301 /index.html; }}\n location /put/ {{ dav_methods PUT; }} }}\n}}\n"
        );
        let path = files.path().join("nginx.conf");
        fs::write(&path, configuration).expect("written");
        let arguments = ["-p".to_string(), here.to_string(), "-c".into(), text(&path)];
        let running = program("/usr/sbin/nginx", arguments);
        let url = format!("{scheme}://{address}");
        Judge::listening(url, address, site, files, running)
    }

    /// Python's own, which knows no ranges.
    fn python() -> Self {
        let site = site();
        let (running, address) = python_files(&text(site.path()));
        let url = format!("http://{address}");
        Judge::listening(
            url,
            address,
            site,
            tempfile::tempdir().expect("a folder"),
            running,
        )
    }

    fn listening(
        url: String,
        address: SocketAddrV4,
        site: TempDir,
        files: TempDir,
        mut running: Peer,
    ) -> Self {
        running.wait_until("listening", || TcpStream::connect(address).is_ok());
        Judge {
            url,
            site,
            _files: files,
            _running: running,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// A folder with something to fetch.
fn site() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("large"), large()).expect("a file");
    fs::write(folder.path().join("index.html"), "hello\n").expect("a file");
    fs::write(folder.path().join("a.json"), "{\"b\": [1, 2], \"a\": 2.50}").expect("a file");
    fs::write(
        folder.path().join("long.txt"),
        "the same again\n".repeat(10_000),
    )
    .expect("a file");
    fs::create_dir(folder.path().join("list")).expect("a folder");
    fs::create_dir(folder.path().join("put")).expect("a folder");
    folder
}

/// Runs `lariat fetch` in a folder.
fn fetch(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = Command::new(binary());
    command.arg("fetch").args(arguments).current_dir(folder);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
        .env("NETRC", "/nowhere")
        .env("LARIAT_PROXY_PASSWORD", "swordfish");
    Peer::start(&mut command).finish()
}

/// Runs it and has it succeed.
fn done(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let ended = fetch(folder, arguments);
    assert!(ended.status.success(), "{arguments:?}: {}", ended.errors);
    ended.lines
}

fn object(lines: &[String]) -> serde_json::Value {
    serde_json::from_str(&lines.concat()).expect("JSON")
}

fn seconds(path: &Path) -> u64 {
    let changed = fs::metadata(path).and_then(|known| known.modified());
    let since = changed.expect("a time").duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

/// Fetches, shows and goes on with files.
fn serves_files(judge: &Judge, more: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| done(folder.path(), &[more, arguments].concat());
    assert_eq!(run(&[&judge.url("/")]), ["hello"]);
    run(&["-O", &judge.url("/large")]);
    let fetched = folder.path().join("large");
    assert!(fs::read(&fetched).expect("fetched") == large());
    assert_eq!(seconds(&fetched), seconds(&judge.site.path().join("large")));
    assert_eq!(
        run(&[&judge.url("/list/")])
            .last()
            .map(|line| line.trim_end()),
        Some("</html>")
    );
    let ended = fetch(
        folder.path(),
        &[more, &["-O", &judge.url("/nothing")]].concat(),
    );
    assert_eq!(ended.status.code(), Some(22), "{}", ended.errors);
    assert!(!folder.path().join("nothing").exists());
}

/// Goes on where an earlier attempt has stopped, and begins anew where the file has been changed since.
fn continues(judge: &Judge, more: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        done(
            folder.path(),
            &[more, &["--json", "-C", "-O"], arguments].concat(),
        )
    };
    let half = &large()[..1_234_567];
    let part = folder.path().join("large.part");
    let leave = || {
        fs::write(&part, half).expect("written");
        let file = fs::OpenOptions::new()
            .write(true)
            .open(&part)
            .expect("there");
        // As the server says it: in whole seconds.
        let changed = Duration::from_secs(seconds(&judge.site.path().join("large")));
        file.set_modified(UNIX_EPOCH + changed).expect("a time");
    };
    leave();
    let report = object(&run(&[&judge.url("/large")]));
    assert_eq!(
        (&report["status"], &report["transferred"]),
        (&206.into(), &1_765_433.into())
    );
    assert!(fs::read(folder.path().join("large")).expect("continued") == large());
    let report = object(&run(&[&judge.url("/large")]));
    assert_eq!(
        (&report["status"], &report["transferred"]),
        (&416.into(), &0.into())
    );
    fs::remove_file(folder.path().join("large")).expect("removed");
    leave();
    fs::write(folder.path().join("large.part.etag"), "\"of another file\"").expect("written");
    let report = object(&run(&[&judge.url("/large")]));
    assert_eq!(
        (&report["status"], &report["transferred"]),
        (&200.into(), &3_000_000.into())
    );
    assert!(fs::read(folder.path().join("large")).expect("fetched") == large());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn nginx_serves_files_over_plain_connections() {
    let judge = Judge::nginx("http", "", "");
    serves_files(&judge, &[]);
    continues(&judge, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(done(folder.path(), &[&judge.url("/old")]), ["hello"]);
    let report = object(&done(folder.path(), &["--json", &judge.url("/long.txt")]));
    assert_eq!(
        (&report["bytes"], &report["version"]),
        (&150_000.into(), &"HTTP/1.1".into())
    );
    let part = done(folder.path(), &["-r", "4-7", &judge.url("/long.txt")]);
    assert_eq!(part, ["same"]);
    fs::write(folder.path().join("sent"), large()).expect("written");
    done(folder.path(), &["-T", "sent", &judge.url("/put/")]);
    assert!(fs::read(judge.site.path().join("put/sent")).expect("put") == large());
}

#[test]
fn nginx_serves_files_over_tls_by_both_versions() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.server();
    let tls = format!("ssl_certificate {certificate};\n ssl_certificate_key {key};");
    let mut judge = Judge::nginx("https", "ssl http2", &tls);
    let folder = tempfile::tempdir().expect("a folder");
    let ended = fetch(folder.path(), &[&judge.url("/")]);
    assert_eq!(ended.status.code(), Some(60), "{}", ended.errors);
    assert!(ended.errors.contains("--ca FILE"), "{}", ended.errors);
    done(folder.path(), &["-k", &judge.url("/")]);
    // The certificate is for localhost, where nobody listens.
    let address = judge.url.trim_start_matches("https://").to_owned();
    let port = address.rsplit(':').next().expect("a port");
    let elsewhere = format!("localhost:{port}=tcp://{address}");
    judge.url = format!("https://localhost:{port}");
    let authority = certificates.authority();
    let trusted = ["--ca", &authority, "--connect-to", &elsewhere];
    for (version, more) in [
        ("HTTP/2.0", &[][..]),
        ("HTTP/1.1", &["--http1.1"]),
        ("HTTP/2.0", &["--http2"]),
    ] {
        let more = [&trusted[..], more].concat();
        let url = judge.url("/a.json");
        let report = object(&done(
            folder.path(),
            &[&more[..], &["--json", &url]].concat(),
        ));
        assert_eq!(report["version"], version);
        serves_files(&judge, &more);
        continues(&judge, &more);
    }
}

#[test]
fn pythons_server_serves_files_without_ranges() {
    let judge = Judge::python();
    serves_files(&judge, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("large.part"), &large()[..1000]).expect("written");
    let report = object(&done(
        folder.path(),
        &["--json", "-C", "-O", &judge.url("/large")],
    ));
    assert_eq!(report["transferred"], 3_000_000);
    assert!(fs::read(folder.path().join("large")).expect("fetched") == large());
}

#[test]
fn werkzeug_reads_the_forms_that_are_sent() {
    let mut server = python("form_server.py", [""; 0]);
    let url = format!("http://{}/", server.ready());
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("large.bin"), large()).expect("written");
    fs::write(folder.path().join("größe \"1\";.txt"), "one\r\ntwo").expect("written");
    fs::write(folder.path().join("empty"), "").expect("written");
    let arguments = [
        "-F",
        "title=Kn ots=ü",
        "-F",
        "file=@large.bin",
        "-F",
        "file=@größe \"1\";.txt;type=text/x-notes",
        "-F",
        "none=@empty;filename=a.csv",
        "--form-string",
        "at=@no file",
        &url,
    ];
    let report = object(&done(folder.path(), &arguments));
    let fields = serde_json::json!([["title", "Kn ots=ü"], ["at", "@no file"]]);
    assert_eq!(report["fields"], fields);
    let files = report["files"].as_array().expect("files");
    let brief: Vec<_> = files
        .iter()
        .map(|file| {
            let text = |key: &str| file[key].as_str().expect("text").to_owned();
            (
                text("field"),
                text("name"),
                text("type"),
                file["bytes"].as_u64(),
            )
        })
        .collect();
    let file = |field: &str, name: &str, kind: &str, bytes| {
        (
            field.to_owned(),
            name.to_owned(),
            kind.to_owned(),
            Some(bytes),
        )
    };
    assert_eq!(
        brief,
        [
            file("file", "large.bin", "application/octet-stream", 3_000_000),
            file("file", "größe \"1\";.txt", "text/x-notes", 8),
            file("none", "a.csv", "application/octet-stream", 0),
        ]
    );
    let sum = program("sha256sum", [text(&folder.path().join("large.bin"))])
        .succeed()
        .concat();
    assert!(sum.starts_with(files[0]["sha256"].as_str().expect("a sum")));
    let report = object(&done(
        folder.path(),
        &["-d", "a=1", "--data-urlencode", "b=x &=ü", &url],
    ));
    assert_eq!(
        report["fields"],
        serde_json::json!([["a", "1"], ["b", "x &=ü"]])
    );
}

#[test]
fn tinyproxy_and_microsocks_are_asked_for_the_way() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.server();
    let tls = format!("ssl_certificate {certificate};\n ssl_certificate_key {key};");
    let (plain, secure) = (
        Judge::nginx("http", "", ""),
        Judge::nginx("https", "ssl", &tls),
    );
    let files = tempfile::tempdir().expect("a folder");
    let (http, socks) = (free_address(), free_address());
    let configuration = format!(
        "Port {}\nListen {}\nTimeout 20\nMaxClients 20\nBasicAuth anna swordfish\n",
        http.port(),
        http.ip()
    );
    let path = files.path().join("tinyproxy.conf");
    fs::write(&path, configuration).expect("written");
    let mut tinyproxy = program("tinyproxy", ["-d", "-c", &text(&path)]);
    tinyproxy.wait_until("listening", || TcpStream::connect(http).is_ok());
    let (ip, port) = (socks.ip().to_string(), socks.port().to_string());
    let arguments = ["-i", &ip, "-p", &port, "-u", "anna", "-P", "swordfish"];
    let mut microsocks = program("microsocks", arguments);
    microsocks.wait_until("listening", || TcpStream::connect(socks).is_ok());
    let folder = tempfile::tempdir().expect("a folder");
    for proxy in [
        format!("http://{http}"),
        format!("socks5://{socks}"),
        format!("socks5h://{socks}"),
    ] {
        for judge in [&plain, &secure] {
            let arguments = [
                "-k",
                "-q",
                "-x",
                &proxy,
                "--proxy-user",
                "anna",
                "-O",
                &judge.url("/large"),
            ];
            done(folder.path(), &arguments);
            let fetched = folder.path().join("large");
            assert!(fs::read(&fetched).expect("fetched") == large(), "{proxy}");
            fs::remove_file(fetched).expect("removed");
            let ended = fetch(folder.path(), &["-k", "-x", &proxy, &judge.url("/")]);
            assert!(!ended.status.success(), "{proxy}");
        }
    }
}
