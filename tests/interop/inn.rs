//! INN, Debian's news server: innd and nnrpd on loopback, in a folder of their own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use lariat::client::nntp::{Client, Options};
use lariat_protocol::Endpoint;
use tempfile::TempDir;

use crate::lariat::{Certificates, text};
use crate::peer::{Peer, program};

/// Where Debian has INN's programs.
const PROGRAMS: &str = "/usr/lib/news/bin";

/// A news server: innd, which takes articles, and an nnrpd for readers.
pub struct Inn {
    /// innd's port, which hands readers over when they say `MODE READER`.
    pub feeders: u16,
    /// nnrpd's.
    pub readers: u16,
    certificates: Certificates,
    // Ended before their folder goes.
    running: Vec<Peer>,
    pub folder: TempDir,
}

impl Inn {
    /// One that runs, with two groups and nothing in them.
    pub fn start() -> Self {
        let mut inn = Inn {
            feeders: free_port(),
            readers: free_port(),
            certificates: Certificates::new(),
            running: Vec::new(),
            folder: tempfile::tempdir().expect("a folder"),
        };
        inn.write_files();
        // An empty history.
        inn.program("makedbz", &["-i", "-o", "-s", "1000"])
            .succeed();
        let port = inn.feeders.to_string();
        inn.run("innd", &["-d", "-f", "-P", &port], inn.feeders);
        inn.serve_readers(inn.readers, &[]);
        inn
    }

    /// Serves readers on another port as well, in another way.
    pub fn serve_readers(&mut self, port: u16, more: &[&str]) {
        let number = port.to_string();
        let arguments = ["-D", "-f", "-b", "127.0.0.1", "-p", &number];
        self.run("nnrpd", &[&arguments[..], more].concat(), port);
    }

    fn run(&mut self, name: &str, arguments: &[&str], port: u16) {
        let mut running = self.program(name, arguments);
        running.wait_until("listening", || greets(port));
        self.running.push(running);
    }

    /// One of INN's programs, which run as `news` where that can be.
    fn program(&self, name: &str, arguments: &[&str]) -> Peer {
        let path = format!("{PROGRAMS}/{name}");
        let mut command = match user().as_str() {
            "root" => {
                let mut command = Command::new("setpriv");
                command.args([
                    "--reuid=news",
                    "--regid=news",
                    "--clear-groups",
                    "--",
                    &path,
                ]);
                command
            }
            _ => Command::new(path),
        };
        command
            .args(arguments)
            .env("INNCONF", self.path("inn.conf"));
        Peer::start(&mut command)
    }

    pub fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content).expect("written");
    }

    fn write_files(&self) {
        self.write_configuration();
        self.write_accesses();
        for name in [
            "control.ctl",
            "moderators",
            "distrib.pats",
            "subscriptions",
            "nocem.ctl",
            "db/history",
        ] {
            self.write(name, "");
        }
        for name in [
            "run",
            "log",
            "tmp",
            "spool/articles",
            "spool/overview",
            "spool/incoming",
            "spool/outgoing",
        ] {
            fs::create_dir_all(self.folder.path().join(name)).expect("made");
        }
        let groups = [
            "control",
            "control.cancel",
            "junk",
            "misc.empty",
            "misc.test",
        ];
        let active = groups.map(|name| format!("{name} 0000000000 0000000001 y\n"));
        self.write("db/active", &active.concat());
        self.write("db/newsgroups", "misc.test\tFor tests\n");
        self.write("db/active.times", "");
        if user() == "root" {
            let folder = text(self.folder.path());
            program("chown", ["-R", "news:news", &folder]).succeed();
        }
    }

    fn write_configuration(&self) {
        let [certificate, key] = self.certificates.server();
        let read = |path| fs::read_to_string(path).expect("it is there");
        self.write("server.pem", &read(certificate));
        self.write("server.key", &read(key));
        // INN begins no TLS with a key that others can read.
        let owners = fs::Permissions::from_mode(0o600);
        fs::set_permissions(self.folder.path().join("server.key"), owners).expect("allowed");
        let folder = text(self.folder.path());
        let runs_as = match user().as_str() {
            "root" => "news".to_owned(),
            user => user.to_owned(),
        };
        self.write(
            "inn.conf",
            &format!(
                "pathnews: /usr/lib/news\npathhost: news.test.example\ndomain: test.example\nmta: /bin/true\n\
                 runasuser: {runs_as}\nrunasgroup: {runs_as}\nhismethod: hisv6\novmethod: tradindexed\n\
                 enableoverview: true\nwireformat: true\nallownewnews: true\nnnrpdloadlimit: 0\n\
                 bindaddress: 127.0.0.1\nbindaddress6: \"::1\"\nport: {}\npathetc: {folder}\npathdb: {folder}/db\n\
                 pathrun: {folder}/run\npathlog: {folder}/log\npathspool: {folder}/spool\npathtmp: {folder}/tmp\n\
                 pathfilter: {folder}/none\ntlscertfile: {folder}/server.pem\ntlskeyfile: {folder}/server.key\n",
                self.feeders
            ),
        );
        self.write("newsfeeds", "ME:*::\n");
        let method = "method tradspool { class: 0 newsgroups: * }\n";
        self.write("storage.conf", method);
    }

    /// Who may feed, who may read, and who may read with a password.
    fn write_accesses(&self) {
        self.write("incoming.conf", "peer ME { hostname: \"127.0.0.1\" }\n");
        self.write(
            "readers.conf",
            "auth all { hosts: 127.0.0.1 default: anybody }\naccess all { users: * newsgroups: * access: RPANI }\n",
        );
        let secret = program("openssl", ["passwd", "-6", "swordfish"]).succeed();
        self.write("passwords", &format!("anna:{}\n", secret[0]));
        let checked = format!("ckpasswd -f {}", self.path("passwords"));
        self.write(
            "members.conf",
            &format!(
                "auth all {{ hosts: 127.0.0.1 auth: \"{checked}\" }}\n\
                 access all {{ users: anna newsgroups: * access: RPANI }}\n"
            ),
        );
    }

    /// Somebody who reads.
    pub async fn reader(&self) -> Client {
        let endpoint = Endpoint::tcp("127.0.0.1", self.readers);
        Client::connect(&endpoint, Options::default())
            .await
            .expect("connected")
    }

    /// An endpoint whose certificate can be believed.
    pub fn trusted(&self, endpoint: Endpoint) -> Endpoint {
        endpoint
            .with_option("ca", &self.certificates.authority())
            .expect("an endpoint")
    }
}

/// Who runs this.
fn user() -> String {
    program("id", ["-un"]).succeed().remove(0)
}

/// A port for a server that is started a while later: below those that the system gives to whoever asks for any.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(24_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Whether a server says something there, or waits for TLS.
fn greets(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
