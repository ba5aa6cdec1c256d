//! The overviews of a large group, from a server of this program, plain, over TLS and compressed.

use std::io;

use super::Task;
use super::clients::Client;
use super::contest::Contest;
use crate::servers::{Given, news};

const PYTHON: &str = include_str!("../../peers/news_overviews.py");

/// Prints the tables.
pub fn print(contest: &Contest<'_>) -> io::Result<()> {
    let both: &[Client] = &[Client::Nntplib, Client::Lariat];
    for tls in [false, true] {
        let given = Given {
            processor: Some(contest.for_server),
            ..Given::default()
        };
        let server = news::start(given, tls)?;
        let over = if tls { "NNTP over TLS" } else { "NNTP" };
        let ways: [(&str, bool, &[Client]); 2] = [
            ("the overviews of a group", false, both),
            // Python's has none.
            ("the same, compressed", true, &[Client::Lariat]),
        ];
        for (what, is_compressed, clients) in ways {
            let way = Way {
                authority: server.address.to_string(),
                tls,
                is_compressed,
                last: contest.place.overviews,
            };
            let title = format!("{over}: {what}");
            contest.print(&title, Task::List, clients, |client| way.command(client))?;
        }
    }
    Ok(())
}

/// Where the server is, and how it is spoken to.
struct Way {
    authority: String,
    tls: bool,
    is_compressed: bool,
    last: usize,
}

impl Way {
    fn command(&self, client: Client) -> Vec<String> {
        if client == Client::Nntplib {
            return self.python();
        }
        let scheme = if self.tls { "nntps" } else { "nntp" };
        let mut command = vec!["news".to_owned()];
        if self.tls {
            command.push("--insecure".into());
        }
        if self.is_compressed {
            command.push("--compress".into());
        }
        command.push(format!("{scheme}://{}/{}", self.authority, news::GROUP));
        command.extend(["over".into(), format!("1-{}", self.last)]);
        command
    }

    fn python(&self) -> Vec<String> {
        let (host, port) = self.authority.split_once(':').unwrap_or_default();
        let tls = if self.tls { "tls" } else { "plain" };
        let last = self.last.to_string();
        // That the library will go is said to nobody.
        [
            "-W",
            "ignore",
            "-c",
            PYTHON,
            host,
            port,
            tls,
            news::GROUP,
            &last,
        ]
        .map(str::to_owned)
        .to_vec()
    }
}
