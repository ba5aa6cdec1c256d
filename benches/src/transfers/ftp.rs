//! From and to vsftpd, plain and over TLS.

use std::io;

use super::Task;
use super::clients::Client;
use super::contest::Contest;
use super::place::{FOLDER, NAME, Place, small_name};
use crate::servers::{Given, files};

const PYTHON: &str = include_str!("../../peers/ftp_files.py");

/// How many times fewer small files there are over TLS: lftp takes a hundredth of a second for each, or two.
const FEWER: usize = 10;

/// Prints the tables.
pub fn print(contest: &Contest<'_>) -> io::Result<()> {
    use Client::{Curl, Lariat, Lftp, Python, Wget};
    let fewer = Place::fill(contest.place.large, contest.place.many / FEWER, 0)?;
    let over_tls = Contest {
        place: &fewer,
        ..*contest
    };
    for (tls, contest) in [(false, contest), (true, &over_tls)] {
        let given = Given {
            processor: Some(contest.for_server),
            ..Given::default()
        };
        let server = files::vsftpd(given, &contest.place.served(), tls)?;
        let way = Way {
            authority: server.address.to_string(),
            tls,
            many: contest.place.many,
        };
        let over = if tls { "FTP over TLS" } else { "FTP" };
        // wget speaks no TLS by AUTH, and sends nothing.
        let fetching: &[Client] = match tls {
            true => &[Curl, Lariat, Lftp, Python],
            false => &[Curl, Lariat, Wget, Lftp, Python],
        };
        for (task, what, clients) in [
            (Task::FetchLarge, "one large file fetched", fetching),
            (
                Task::SendLarge,
                "one large file sent",
                &[Curl, Lariat, Lftp, Python],
            ),
            (
                Task::FetchMany,
                "small files fetched",
                // curl takes a fifth of a second for each over TLS.
                match tls {
                    true => &[Lftp, Lariat, Python],
                    false => &[Lftp, Lariat, Curl, Python],
                },
            ),
            (
                Task::SendMany,
                "small files sent",
                &[Lftp, Lariat, Curl, Python],
            ),
        ] {
            let title = format!("{over}: {what}");
            contest.print(&title, task, clients, |client| way.command(client, task))?;
        }
    }
    Ok(())
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
