//! `lariat ftp` at the servers of others: vsftpd and pyftpdlib, each on loopback in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::lariat::{Certificates, binary, text};
use crate::peer::{Ended, Peer, program, python};

/// A server, and the folder that it serves.
struct Judge {
    address: SocketAddr,
    folder: TempDir,
    _files: TempDir,
    _running: Peer,
}

impl Judge {
    /// vsftpd, with these lines more in its configuration. It has no `MLSD`.
    fn vsftpd(more: &str) -> Self {
        Judge::vsftpd_at(Ipv4Addr::LOCALHOST.into(), more)
    }

    fn vsftpd_at(address: IpAddr, more: &str) -> Self {
        let (folder, files) = (open_folder(), tempfile::tempdir().expect("a folder"));
        let free = TcpListener::bind((address, 0)).and_then(|listener| listener.local_addr());
        let listen = match address {
            IpAddr::V4(_) => format!("listen=YES\nlisten_address={address}"),
            IpAddr::V6(_) => format!("listen=NO\nlisten_ipv6=YES\nlisten_address6={address}"),
        };
        let address = free.expect("a port");
        let configuration = format!(
            "{listen}\nlisten_port={}\nbackground=NO\n\
             run_as_launching_user=YES\nlocal_enable=NO\nanonymous_enable=YES\nanon_root={}\n\
             anon_upload_enable=YES\nanon_mkdir_write_enable=YES\nanon_other_write_enable=YES\n\
             write_enable=YES\nanon_umask=022\nanon_world_readable_only=NO\nallow_writeable_chroot=YES\n\
             seccomp_sandbox=NO\nisolate=NO\nisolate_network=NO\nconnect_from_port_20=NO\n\
             xferlog_enable=NO\n{more}",
            address.port(),
            text(folder.path()),
        );
        let path = files.path().join("vsftpd.conf");
        fs::write(&path, configuration).expect("written");
        let mut running = program("/usr/sbin/vsftpd", [text(&path)]);
        running.wait_until("listening", || TcpStream::connect(address).is_ok());
        Judge {
            address,
            folder,
            _files: files,
            _running: running,
        }
    }

    /// pyftpdlib, which has `MLSD`, and insists on TLS if it has a certificate.
    fn pyftpdlib(certificate: Option<&str>) -> Self {
        let folder = open_folder();
        let path = text(folder.path());
        let arguments = [Some(path.as_str()), certificate].into_iter().flatten();
        let mut running = python("ftp_server.py", arguments);
        let address = running.ready().parse().expect("an address");
        Judge {
            address,
            folder,
            _files: tempfile::tempdir().expect("a folder"),
            _running: running,
        }
    }

    fn url(&self, scheme: &str, who: &str) -> String {
        format!("{scheme}://{who}localhost:{}/", self.address.port())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// A folder in which everybody may change everything, as an anonymous user is anybody.
fn open_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folder.path(), everybody).expect("allowed");
    folder
}

/// Runs `lariat ftp` in a folder, with this on its standard input.
fn ftp(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut command = Command::new(binary());
    command.arg("ftp").args(arguments).current_dir(folder);
    command
        .env("NETRC", "/nowhere")
        .env("LARIAT_FTP_PASSWORD", "swordfish");
    let mut running = Peer::start(&mut command);
    running.say(input);
    running.finish()
}

/// Runs it and has it succeed.
fn done(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let ended = ftp(folder, arguments, "");
    assert!(ended.status.success(), "{arguments:?}: {}", ended.errors);
    ended.lines
}

fn large() -> Vec<u8> {
    (0..3_000_000_u32)
        .map(|at| (at ^ (at >> 9)) as u8)
        .collect()
}

/// Fetches and sends a large file in each way, whole and from its middle on.
fn moves_files(judge: &Judge, url: &str, more: &[&str]) {
    let (folder, large) = (tempfile::tempdir().expect("a folder"), large());
    let run = |ways: &[&str], command: &[&str]| {
        let arguments = [more, ways, &[url], command].concat();
        done(folder.path(), &arguments)
    };
    fs::write(judge.path("large"), &large).expect("written");
    set_modified(&judge.path("large"), CHANGED);
    for ways in [&[][..], &["--active"]] {
        run(ways, &["get", "large"]);
        assert!(fs::read(folder.path().join("large")).expect("fetched") == large);
        fs::rename(folder.path().join("large"), folder.path().join("up")).expect("renamed");
        run(ways, &["put", "up", "sent"]);
        assert!(fs::read(judge.path("sent")).expect("sent") == large);
        assert!(!judge.path("sent.part").exists());

        let half = &large[..1_234_567];
        fs::write(folder.path().join("large.part"), half).expect("written");
        set_modified(&folder.path().join("large.part"), CHANGED);
        run(ways, &["reget", "large"]);
        assert!(fs::read(folder.path().join("large")).expect("continued") == large);
        fs::write(judge.path("again.part"), half).expect("written");
        run(ways, &["reput", "up", "again"]);
        assert!(fs::read(judge.path("again")).expect("continued") == large);
        assert!(!folder.path().join("large.part").exists());
    }
    // The time of the server's file is kept.
    let changed = |path: &Path| {
        fs::metadata(path)
            .and_then(|known| known.modified())
            .expect("a time")
    };
    let seconds = |path: &Path| {
        let since = changed(path).duration_since(std::time::UNIX_EPOCH);
        since.expect("after 1970").as_secs()
    };
    assert_eq!(seconds(&folder.path().join("large")), CHANGED);
    for sent in ["sent", "again"] {
        assert_eq!(seconds(&judge.path(sent)), CHANGED, "{sent}");
    }
}

/// When the files were changed that are moved, in seconds since 1970.
const CHANGED: u64 = 1_000_000_000;

fn set_modified(path: &Path, seconds: u64) {
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    let file = fs::File::options().write(true).open(path);
    file.and_then(|file| file.set_modified(time)).expect("set");
}

/// Does everything else that a person does in a session.
fn serves_a_session(judge: &Judge, url: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.txt"), "one\n").expect("written");
    fs::write(folder.path().join("b.txt"), "two\n").expect("written");
    let script = "mkdir 'new one'\ncd 'new one'\nmput *.txt\nnlist\nsize a.txt\nmv a.txt c.txt\ncat c.txt\n\
        lcd ..\nascii\nrm b.txt\nnlist\nquote NOOP\ncd ..\nmkdir empty\nrmdir empty\nquit\n";
    let ended = ftp(folder.path(), &["-q", url], script);
    assert!(ended.status.success(), "{}", ended.errors);
    let lines: Vec<&str> = ended.lines.iter().map(String::as_str).collect();
    assert_eq!(lines[..4], ["a.txt", "b.txt", "4", "one"], "{lines:?}");
    assert_eq!(lines[5], "c.txt", "{lines:?}");
    assert!(lines[6].starts_with("200 "), "{lines:?}");
    assert_eq!(
        fs::read(judge.path("new one/c.txt")).expect("there"),
        b"one\n"
    );
    assert!(!judge.path("empty").exists());

    let ended = ftp(folder.path(), &[url, "get", "nothing"], "");
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.errors.contains("RETR nothing: the server says 550 "),
        "{}",
        ended.errors
    );
    let listed = done(folder.path(), &["--json", url, "ls"]);
    assert!(
        listed
            .iter()
            .any(|line| line.contains(r#""kind":"folder""#)),
        "{listed:?}"
    );
}

/// A thousand files of all lengths in folders, by their paths.
fn tree() -> BTreeMap<String, Vec<u8>> {
    let large = large();
    let file = |at: usize| {
        let path = format!("{}/{}/file {at} ü.bin", at % 7, at % 11);
        (path, large[at..at + at * at % 20_000].to_vec())
    };
    (0..1000).map(file).collect()
}

fn write_tree(folder: &Path, tree: &BTreeMap<String, Vec<u8>>) {
    for (path, content) in tree {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }
}

fn check_tree(folder: &Path, tree: &BTreeMap<String, Vec<u8>>) {
    for (path, content) in tree {
        let there = fs::read(folder.join(path)).ok();
        assert!(there.as_ref() == Some(content), "{path} differs");
    }
}

fn mirrors_a_tree(judge: &Judge, url: &str, more: &[&str]) {
    let (folder, tree) = (tempfile::tempdir().expect("a folder"), tree());
    let here = folder.path().join("tree");
    write_tree(&here, &tree);
    let run = |command: &[&str]| {
        let lines = done(folder.path(), &[more, &["--json", url], command].concat());
        let object: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
        let count = |key: &str| object[key].as_u64().expect("a number");
        (count("files"), count("kept"), count("failed"))
    };
    assert_eq!(run(&["mirror", "-R", "tree"]), (1000, 0, 0));
    assert_eq!(run(&["mirror", "-R", "tree"]), (0, 1000, 0));
    check_tree(&judge.path("tree"), &tree);
    assert_eq!(run(&["mirror", "tree", "back"]), (1000, 0, 0));
    check_tree(&folder.path().join("back"), &tree);
    assert_eq!(run(&["mirror", "tree", "back"]), (0, 1000, 0));
}

#[test]
fn vsftpd_moves_files() {
    let judge = Judge::vsftpd("");
    moves_files(&judge, &judge.url("ftp", ""), &[]);
    serves_a_session(&judge, &judge.url("ftp", ""));
}

#[test]
fn vsftpd_moves_files_over_ipv6() {
    let judge = Judge::vsftpd_at(Ipv6Addr::LOCALHOST.into(), "");
    let url = format!("ftp://{}/", judge.address);
    moves_files(&judge, &url, &[]);
}

#[test]
fn vsftpd_without_extended_commands_moves_files() {
    let judge = Judge::vsftpd("cmds_denied=EPSV,EPRT,FEAT,SIZE,MDTM\n");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(judge.path("large"), large()).expect("written");
    done(folder.path(), &[&judge.url("ftp", ""), "get", "large"]);
    assert!(fs::read(folder.path().join("large")).expect("fetched") == large());
}

#[test]
fn vsftpd_moves_a_tree() {
    let judge = Judge::vsftpd("");
    mirrors_a_tree(&judge, &judge.url("ftp", ""), &[]);
}

/// vsftpd takes data connections only that resume the session of the control connection.
#[test]
fn vsftpd_with_tls_has_its_sessions_resumed() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.server();
    let tls = format!(
        "ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\n\
         require_ssl_reuse=YES\nrsa_cert_file={certificate}\nrsa_private_key_file={key}\n"
    );
    let judge = Judge::vsftpd(&tls);
    let authority = certificates.authority();
    let more = ["--ca", authority.as_str()];
    moves_files(&judge, &judge.url("ftpes", ""), &more);

    let folder = tempfile::tempdir().expect("a folder");
    let plain = ftp(folder.path(), &[&judge.url("ftp", ""), "pwd"], "");
    assert_eq!(plain.status.code(), Some(1), "{}", plain.errors);
    let others = Certificates::new();
    let stranger = others.authority();
    let ended = ftp(
        folder.path(),
        &["--ca", &stranger, &judge.url("ftpes", ""), "pwd"],
        "",
    );
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.errors.contains("certificate"), "{}", ended.errors);

    let implicit = Judge::vsftpd(&(tls + "implicit_ssl=YES\n"));
    fs::write(implicit.path("large"), large()).expect("written");
    done(
        folder.path(),
        &[
            "--ca",
            &authority,
            &implicit.url("ftps", ""),
            "get",
            "large",
        ],
    );
    assert!(fs::read(folder.path().join("large")).expect("fetched") == large());
}

#[test]
fn pyftpdlib_moves_files() {
    let judge = Judge::pyftpdlib(None);
    moves_files(&judge, &judge.url("ftp", ""), &[]);
    serves_a_session(&judge, &judge.url("ftp", "anna@"));
}

#[test]
fn pyftpdlib_moves_a_tree() {
    let judge = Judge::pyftpdlib(None);
    mirrors_a_tree(&judge, &judge.url("ftp", "anna@"), &["--transfers", "8"]);
}

#[test]
fn pyftpdlib_with_tls_moves_files() {
    let certificates = Certificates::new();
    let judge = Judge::pyftpdlib(Some(&certificates.both()));
    let authority = certificates.authority();
    moves_files(&judge, &judge.url("ftpes", "anna@"), &["--ca", &authority]);
    let folder = tempfile::tempdir().expect("a folder");
    let ended = ftp(folder.path(), &[&judge.url("ftp", "anna@"), "pwd"], "");
    assert!(ended.errors.contains("550"), "{}", ended.errors);
    assert!(!ended.errors.contains("swordfish"));
}

#[test]
fn pyftpdlib_lets_nobody_in_by_a_wrong_password() {
    let judge = Judge::pyftpdlib(None);
    let folder = tempfile::tempdir().expect("a folder");
    let ended = ftp(folder.path(), &[&judge.url("ftp", "otto@"), "pwd"], "");
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.errors.contains("PASS ****: the server says 530 "),
        "{}",
        ended.errors
    );
    assert!(!ended.errors.contains("swordfish"), "{}", ended.errors);
}
