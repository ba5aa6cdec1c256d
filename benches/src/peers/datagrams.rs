//! Datagrams against a loop by hand over `recvmmsg` and `sendmmsg`.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::Effort;
use super::rounds::{self, Work};
use crate::load::datagrams::Datagrams;
use crate::servers::{Server, lariat};

const SERVERS: [Server; 2] = [
    Server {
        name: "recvmmsg by hand",
        start: lariat::batches,
    },
    Server {
        name: "lariat serve",
        start: lariat::udp,
    },
];

struct Counted {
    datagrams: Datagrams,
    lost: Rc<Cell<u64>>,
}

impl Work for Counted {
    fn run(&mut self, duration: Duration) -> io::Result<u64> {
        let before = self.datagrams.lost;
        let answered = self.datagrams.run(duration)?;
        self.lost
            .set(self.lost.get() + self.datagrams.lost - before);
        Ok(answered)
    }
}

/// Prints the table.
pub fn print(effort: &Effort) -> io::Result<()> {
    println!("datagrams of 64 bytes over UDP, 64 on the way at once");
    let lost = Rc::new(Cell::new(0));
    rounds::print(effort, &SERVERS, "packet", |running, _| {
        Ok(Counted {
            datagrams: Datagrams::open(running.address, 64, 64)?,
            lost: Rc::clone(&lost),
        })
    })?;
    println!("not answered, of both: {}", lost.get());
    Ok(())
}
