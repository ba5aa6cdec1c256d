//! From and to vsftpd, plain and over TLS.

use std::io;

use super::Task;
use super::clients::Client;
use super::contest::Contest;
use super::place::{FOLDER, NAME, Place, small_name};
use crate::servers::{Given, Running, files};

const PYTHON: &str = include_str!("../../peers/ftp_files.py");

/// How many times fewer small files curl fetches over TLS: before each of them its 7.88 waits up to a second.
const FEWER: usize = 100;

/// How often small files are moved over TLS, which takes minutes.
const ROUNDS_OVER_TLS: usize = 3;

/// Prints the tables of plain connections.
pub fn print(contest: &Contest<'_>) -> io::Result<()> {
    use Client::{Curl, Lariat, Lftp, Python, Wget};
    let server = Server::start(contest, false)?;
    server.print_large(contest, &[Curl, Lariat, Wget, Lftp, Python])?;
    let all = &[Lftp, Lariat, Curl, Python];
    server.print(contest, "small files fetched", Task::FetchMany, all)?;
    server.print(contest, "small files sent", Task::SendMany, all)
}

/// Prints the tables of TLS, which wget does not begin by AUTH.
pub fn print_over_tls(contest: &Contest<'_>) -> io::Result<()> {
    use Client::{Curl, Lariat, Lftp, Python};
    let server = Server::start(contest, true)?;
    server.print_large(contest, &[Curl, Lariat, Lftp, Python])?;
    let fewer_rounds = Contest {
        rounds: contest.rounds.min(ROUNDS_OVER_TLS),
        ..*contest
    };
    let most = &[Lftp, Lariat, Python];
    server.print(&fewer_rounds, "small files fetched", Task::FetchMany, most)?;
    let all = &[Lftp, Lariat, Curl, Python];
    server.print(&fewer_rounds, "small files sent", Task::SendMany, all)?;
    let few = Place::fill(0, contest.place.many / FEWER, 0)?;
    let of_few = Contest {
        place: &few,
        ..*contest
    };
    let what = format!("{} small files fetched", few.many);
    Server::start(&of_few, true)?.print(&of_few, &what, Task::FetchMany, all)
}

/// vsftpd, which serves the files of a contest.
struct Server {
    way: Way,
    _running: Running,
}

impl Server {
    fn start(contest: &Contest<'_>, tls: bool) -> io::Result<Server> {
        let given = Given {
            processor: Some(contest.for_server),
            ..Given::default()
        };
        let running = files::vsftpd(given, &contest.place.served(), tls)?;
        let way = Way {
            authority: running.address.to_string(),
            tls,
            many: contest.place.many,
        };
        Ok(Server {
            way,
            _running: running,
        })
    }

    /// The tables of one large file; who fetches is said, and all but wget send.
    fn print_large(&self, contest: &Contest<'_>, clients: &[Client]) -> io::Result<()> {
        self.print(contest, "one large file fetched", Task::FetchLarge, clients)?;
        let mut senders = clients.to_vec();
        senders.retain(|client| *client != Client::Wget);
        self.print(contest, "one large file sent", Task::SendLarge, &senders)
    }

    fn print(
        &self,
        contest: &Contest<'_>,
        what: &str,
        task: Task,
        clients: &[Client],
    ) -> io::Result<()> {
        let over = if self.way.tls { "FTP over TLS" } else { "FTP" };
        contest.print(&format!("{over}: {what}"), task, clients, |client| {
            self.way.command(client, task)
        })
    }
}

/// Where the server is, and how it is spoken to.
struct Way {
    authority: String,
    tls: bool,
    many: usize,
}

impl Way {
    /// What a client is told, in the folder that it fetches into or sends from.
    fn command(&self, client: Client, task: Task) -> Vec<String> {
        let last = small_name(self.many - 1);
        let all = format!("f[00000-{}]", &last[1..]);
        let url = format!("ftp://{}", self.authority);
        let words: Vec<String> = match (client, task) {
            (Client::Lariat, _) => return self.lariat(task),
            (Client::Lftp, _) => return self.lftp(task),
            (Client::Python, _) => return self.python(task),
            (Client::Curl, Task::FetchLarge) => {
                vec![format!("{url}/{NAME}"), "-o".into(), NAME.into()]
            }
            (Client::Curl, Task::FetchMany) => {
                vec![format!("{url}/{FOLDER}/{all}"), "-o".into(), "f#1".into()]
            }
            (Client::Curl, Task::SendMany) => vec![
                "-T".into(),
                format!("{FOLDER}/{all}"),
                format!("{url}/sent/"),
            ],
            (Client::Curl, _) => vec!["-T".into(), NAME.into(), format!("{url}/sent/{NAME}")],
            (Client::Wget | Client::Nntplib, _) => {
                return ["-q", "-O", NAME, &format!("{url}/{NAME}")]
                    .map(str::to_owned)
                    .to_vec();
            }
        };
        let mut command = vec!["-sS".to_owned()];
        if self.tls {
            command.extend(["--ssl-reqd", "-k"].map(str::to_owned));
        }
        command.extend(words);
        command
    }

    fn lariat(&self, task: Task) -> Vec<String> {
        let scheme = if self.tls { "ftpes" } else { "ftp" };
        let mut command = vec!["ftp".to_owned(), "-q".to_owned()];
        if self.tls {
            command.push("--insecure".into());
        }
        command.push(format!("{scheme}://{}/", self.authority));
        let sent = format!("sent/{NAME}");
        let words: &[&str] = match task {
            Task::FetchLarge => &["get", NAME],
            Task::FetchMany => &["mirror", FOLDER, "."],
            Task::SendMany => &["mirror", "-R", FOLDER, "sent"],
            _ => &["put", NAME, &sent],
        };
        command.extend(words.iter().map(|word| (*word).to_owned()));
        command
    }

    fn lftp(&self, task: Task) -> Vec<String> {
        let security = match self.tls {
            true => {
                "set ftp:ssl-force true; set ftp:ssl-allow-anonymous true; \
                 set ftp:ssl-protect-data true; set ssl:verify-certificate no; "
            }
            false => "set ftp:ssl-allow false; ",
        };
        let words = match task {
            Task::FetchLarge => format!("get {NAME}"),
            // As many at once as Lariat does.
            Task::FetchMany => format!("mirror -P4 {FOLDER} ."),
            Task::SendMany => format!("mirror -R -P4 {FOLDER} sent"),
            _ => format!("put {NAME} -o sent/{NAME}"),
        };
        let script = format!("{security}open ftp://{}; {words}", self.authority);
        vec!["--norc".into(), "-c".into(), script]
    }

    fn python(&self, task: Task) -> Vec<String> {
        let word = match task {
            Task::FetchLarge => "fetch-large",
            Task::FetchMany => "fetch-many",
            Task::SendMany => "send-many",
            _ => "send-large",
        };
        let (host, port) = self.authority.split_once(':').unwrap_or_default();
        let tls = if self.tls { "tls" } else { "plain" };
        ["-c", PYTHON, host, port, tls, word, NAME, FOLDER]
            .map(str::to_owned)
            .to_vec()
    }
}
