//! From and to nginx, plain and over TLS.

use std::io;

use super::Task;
use super::clients::Client;
use super::contest::Contest;
use super::place::{FOLDER, NAME, small_name};
use crate::servers::{Given, files};

const PYTHON: &str = include_str!("../../peers/http_files.py");

/// Prints the tables.
pub fn print(contest: &Contest<'_>) -> io::Result<()> {
    use Client::{Curl, Lariat, Python, Wget};
    for tls in [false, true] {
        let given = Given {
            processor: Some(contest.for_server),
            ..Given::default()
        };
        let server = files::nginx(given, &contest.place.served(), tls)?;
        let scheme = if tls { "https" } else { "http" };
        let way = Way {
            url: format!("{scheme}://{}", server.address),
            tls,
            many: contest.place.many,
        };
        let over = scheme.to_uppercase();
        let all: &[Client] = &[Curl, Lariat, Wget, Python];
        for (task, what, clients) in [
            (Task::FetchLarge, "one large file fetched", all),
            (
                Task::SendLarge,
                "one large file sent by PUT",
                &[Curl, Lariat],
            ),
            (
                Task::SendForm,
                "one large file sent as a form",
                &[Curl, Lariat],
            ),
            (
                Task::FetchMany,
                "small files fetched",
                &[Curl, Lariat, Wget, Python],
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
    url: String,
    tls: bool,
    many: usize,
}

impl Way {
    /// What a client is told, in the folder that it fetches into or sends from.
    fn command(&self, client: Client, task: Task) -> Vec<String> {
        let url = &self.url;
        let mut command: Vec<String> = match client {
            Client::Lariat => vec!["fetch".into(), "-q".into()],
            Client::Wget => vec!["-q".into()],
            Client::Python => return self.python(task),
            Client::Curl | Client::Lftp | Client::Nntplib => vec!["-sS".into()],
        };
        if self.tls {
            command.push(match client {
                Client::Wget => "--no-check-certificate".into(),
                _ => "-k".into(),
            });
        }
        let words: Vec<String> = match task {
            Task::FetchLarge if client == Client::Wget => {
                vec!["-O".into(), NAME.into(), format!("{url}/{NAME}")]
            }
            Task::FetchLarge => vec!["-o".into(), NAME.into(), format!("{url}/{NAME}")],
            // By PUT, so that the server has to take all of it: one that answers a POST at once is sent no more.
            Task::SendForm => {
                let form = format!("file=@{NAME}");
                let at = format!("{url}/sent/{NAME}");
                vec!["-X".into(), "PUT".into(), "-F".into(), form, at]
            }
            Task::FetchMany => self.many(client),
            _ => vec!["-T".into(), NAME.into(), format!("{url}/sent/{NAME}")],
        };
        command.extend(words);
        command
    }

    /// Each URL by itself, as a shell gives them; curl by its own words for many.
    fn many(&self, client: Client) -> Vec<String> {
        let url = format!("{}/{FOLDER}", self.url);
        if client == Client::Curl {
            let last = small_name(self.many - 1);
            return vec![
                format!("{url}/f[00000-{}]", &last[1..]),
                "-o".into(),
                "f#1".into(),
            ];
        }
        let each = (0..self.many).map(|number| format!("{url}/{}", small_name(number)));
        match client {
            Client::Lariat => std::iter::once("-O".into()).chain(each).collect(),
            _ => each.collect(),
        }
    }

    fn python(&self, task: Task) -> Vec<String> {
        let many = match task {
            Task::FetchMany => self.many,
            _ => 0,
        };
        let many = many.to_string();
        ["-c", PYTHON, &self.url, NAME, FOLDER, &many]
            .map(str::to_owned)
            .to_vec()
    }
}
