//! Client and server back to back, over links that fail.

use std::time::Duration;

use lariat_protocol::{Address, ConnectionInfo, Protocol};

use super::{Build, Findings, Hostile};
use crate::transcript::quoted;
use crate::{Driven, Link, Pair};

/// How many links are tried.
const LINKS: u64 = 100;

/// How long two may talk.
const TIME: Duration = Duration::from_secs(3600);

type Ends = Pair<Box<dyn Protocol>, Box<dyn Protocol>>;

pub(super) fn stream(hostile: &Hostile, findings: &mut Findings) {
    let Some(client) = &hostile.client else {
        return;
    };
    let mut expected = None;
    findings.check(None, || {
        let pair = talk(hostile, client, Link::PERFECT, false)?;
        ended_in_order(&pair).map_err(|problem| format!("over a perfect link, {problem}"))?;
        expected = Some(pair);
        Ok(())
    });
    let Some(expected) = expected else {
        return;
    };
    for round in 0..LINKS {
        let seed = findings.seed.wrapping_add(round);
        findings.check(None, || {
            let pair = talk(
                hostile,
                client,
                Link {
                    seed,
                    ..hostile.link
                },
                false,
            )?;
            ended_in_order(&pair)?;
            same("client", pair.said_by_one(), expected.said_by_one())?;
            same("server", pair.said_by_other(), expected.said_by_other())
        });
    }
}

pub(super) fn datagrams(hostile: &Hostile, findings: &mut Findings) {
    let Some(client) = &hostile.datagram_client else {
        return;
    };
    for round in 0..LINKS {
        let seed = findings.seed.wrapping_add(round);
        findings.check(None, || {
            let pair = talk(
                hostile,
                client,
                Link {
                    seed,
                    ..hostile.link
                },
                true,
            )?;
            ended_in_order(&pair)
        });
    }
}

fn talk(hostile: &Hostile, client: &Build, link: Link, messages: bool) -> Result<Ends, String> {
    let end = |name: &str| Address::Memory(name.into());
    let info = match messages {
        true => ConnectionInfo::messages(end("peer"), end("local")),
        false => ConnectionInfo::stream(end("peer"), end("local")),
    };
    let server = hostile.factory.build(&info);
    let server = server.ok_or("the factory builds nothing")?;
    let server = Driven::with(server, info.clone()).deadlines(hostile.deadlines);
    let mut pair = Pair::of(Driven::with(client(), info), server, link);
    pair.run(TIME);
    Ok(pair)
}

fn ended_in_order(pair: &Ends) -> Result<(), String> {
    match pair.one.ended() {
        Some(reason) if reason.is_clean() => {}
        Some(reason) => return Err(format!("the client ended: {reason}")),
        None => return Err("the client has not come to its end".into()),
    }
    match pair.other.ended() {
        // Of datagrams nobody says that they were the last: a deadline ends them, or nothing.
        _ if pair.other.is_message_oriented() => Ok(()),
        Some(reason) if reason.is_clean() => Ok(()),
        Some(reason) => Err(format!("the server ended: {reason}")),
        None => Err("the server has not come to its end".into()),
    }
}

fn same(who: &str, said: &[u8], expected: &[u8]) -> Result<(), String> {
    if said == expected {
        return Ok(());
    }
    let alike = said
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    Err(format!(
        "behind {alike} bytes the {who} says {} and over a perfect link {}",
        quoted(&said[alike..]),
        quoted(&expected[alike..])
    ))
}
