//! A room full of people: what a line costs the server for each who hears it.
//!
//! Lariat's chat speaks plain lines, ngircd and inspircd speak IRC; what is counted is the same,
//! a line that has come to one listener.

mod room;

use std::io;
use std::time::Duration;

use crate::peers::{Effort, rounds};
use crate::platform::process;
use crate::servers::{Server, daemons, lariat};
use room::{Room, Speech};

/// What the tables call the one that speaks plain lines.
const LARIAT: &str = "lariat serve";

const SERVERS: [Server; 3] = [
    Server {
        name: LARIAT,
        start: lariat::chat,
    },
    Server {
        name: "ngircd",
        start: daemons::ngircd_chat,
    },
    Server {
        name: "inspircd",
        start: daemons::inspircd,
    },
];

/// How many speak at once, in the two tables.
const SPEAKERS: [usize; 2] = [1, 8];

/// Prints a table for one who speaks and one for several, with so many people in the room.
///
/// # Errors
///
/// When there are not two processors.
pub fn measure(quick: bool, people: usize, row: &str) -> io::Result<()> {
    let (for_server, for_load) = process::two_processors()?;
    process::raise_open_files()?;
    process::stay_on(for_load)?;
    let (rounds, slices, milliseconds, people) = match quick {
        true => (2, 2, 100, people.min(200)),
        false => (5, 6, 250, people),
    };
    let effort = Effort {
        rounds,
        slices,
        slice: Duration::from_millis(milliseconds),
        idle: 0,
        for_server,
    };
    let servers: Vec<Server> = SERVERS
        .into_iter()
        .filter(|server| server.name.contains(row))
        .collect();
    println!(
        "{people} people in one room; {rounds} rounds of {slices} x {milliseconds} ms for each server; \
         servers on processor {for_server}, load on {for_load}"
    );
    for speakers in SPEAKERS {
        println!();
        match speakers {
            1 => println!("one speaks, and again when all have heard it"),
            _ => println!("{speakers} speak at once, and again when all have heard all of it"),
        }
        print(&effort, &servers, people, speakers);
    }
    Ok(())
}

fn print(effort: &Effort, servers: &[Server], people: usize, speakers: usize) {
    println!(
        "{:<16}{:>14}{:>8}{:>18}{:>14}{:>12}",
        "", "ns/delivery", "ratio", "quartiles", "deliveries/s", "messages/s"
    );
    let all = rounds::run(effort, servers, |running, server| {
        let speech = match server.name {
            LARIAT => Speech::Lines,
            _ => Speech::Irc,
        };
        Room::fill(running.address, speech, people, speakers)
    });
    for (server, figures) in servers.iter().zip(all) {
        match figures {
            Ok(figures) => println!(
                "{:<16}{:>14.0}{:>8.2}{:>18}{:>14.0}{:>12.0}",
                server.name,
                figures.cost,
                figures.ratios.median,
                figures.quartiles(),
                figures.rate,
                figures.rate / (people - 1) as f64,
            ),
            Err(failure) => println!("{:<16}{failure}", server.name),
        }
    }
}
