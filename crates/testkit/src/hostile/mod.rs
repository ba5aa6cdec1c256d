//! The hostile harness: everything that a peer can do to a protocol, done to it.
//!
//! It attacks a protocol on a simulated connection and clock, so that a minute's stall at each
//! byte of a conversation takes no time. It opens no socket, and whether the protocol's words
//! are the right ones is for its transcript to say.
//!
//! Read [`Hostile`] first, then [`Attack`].

mod back_to_back;
mod case;
mod cutting;
mod endings;
mod failure;
mod floods;
mod silence;

use std::time::Duration;

use lariat_protocol::{Deadlines, Factory, Protocol};

use crate::{Link, Transcript};
use case::Case;
use failure::Findings;
pub use failure::{Attack, Failure};

/// Where the harness takes its seed from, if it is set.
const SEED: &str = "LARIAT_SEED";

/// What it is otherwise: a run does what the last one did.
const USUAL_SEED: u64 = 1;

/// Which one attack is run, if this is set.
const ONLY: &str = "LARIAT_ATTACK";

type Build = Box<dyn Fn() -> Box<dyn Protocol>>;

/// A protocol and what is known of it, to be run through every [`Attack`].
///
/// ```
/// use lariat_protocol::timestamp::{Options, TimestampServer};
/// use lariat_testkit::{Hostile, Transcript};
///
/// let server = || TimestampServer::new(Options::default(), || *b"Sat Jun 17 17:27:21 2006");
/// let transcript = "C: hi\\n\nS: [Sat Jun 17 17:27:21 2006] hi\\n\n";
/// Hostile::new(server, Transcript::parse(transcript).expect("a transcript")).run();
/// ```
///
/// The protocol is built anew for each connection. What a factory shares between connections is
/// shared by all of the harness's too; where answers depend on it, give a closure that makes
/// the state and one protocol on it.
///
/// The chances are taken from a seed that is new with each run and named by each failure; so
/// is how to replay it.
pub struct Hostile {
    factory: Box<dyn Factory>,
    transcript: Transcript,
    deadlines: Deadlines,
    longest: usize,
    endless: Vec<u8>,
    idle: usize,
    own_deadlines: bool,
    link: Link,
    client: Option<Build>,
    datagram_client: Option<Build>,
    seed: Option<u64>,
    only: Vec<Attack>,
}

impl Hostile {
    /// A protocol, and a conversation that it is held to. A factory is one that serves, or any
    /// `Fn() -> impl Protocol`.
    pub fn new(factory: impl Factory, transcript: Transcript) -> Self {
        Hostile {
            factory: Box::new(factory),
            transcript,
            deadlines: Deadlines::DEFAULT,
            longest: 64 * 1024,
            endless: b"x".to_vec(),
            idle: 5000,
            own_deadlines: false,
            link: Link::bad(0),
            client: None,
            datagram_client: None,
            seed: None,
            only: Vec::new(),
        }
    }

    /// How many bytes of a peer's input the protocol may hold. Default 64 KiB.
    pub fn longest(mut self, bytes: usize) -> Self {
        self.longest = bytes;
        self
    }

    /// How long a peer may take. The default is that of every server.
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.deadlines = deadlines;
        self
    }

    /// What an endless line is made of: bytes that never make a message whole, however many
    /// they are. Default `x`. Nothing, for a protocol that takes any bytes for ever, such as
    /// discard.
    pub fn endless(mut self, unit: &[u8]) -> Self {
        self.endless = unit.to_vec();
        self
    }

    /// How many connections are idle at once. Default 5,000.
    pub fn idle(mut self, connections: usize) -> Self {
        self.idle = connections;
        self
    }

    /// The protocol ends silent peers by timers of its own, so that an end before the deadline
    /// is none too early.
    pub fn own_deadlines(mut self) -> Self {
        self.own_deadlines = true;
        self
    }

    /// A client that converses with the protocol and then ends in order, by itself. Over a bad
    /// link both must say what they say over a perfect one.
    pub fn client<P: Protocol>(mut self, client: impl Fn() -> P + 'static) -> Self {
        self.client = Some(Box::new(move || Box::new(client())));
        self
    }

    /// A client that converses with the protocol by messages, asks again when no answer comes,
    /// and then ends in order. It must come to its end over a link that loses, doubles and
    /// reorders.
    pub fn datagram_client<P: Protocol>(mut self, client: impl Fn() -> P + 'static) -> Self {
        self.datagram_client = Some(Box::new(move || Box::new(client())));
        self
    }

    /// What the link between client and server does; its seed does not count. Default
    /// [`Link::bad`].
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// Where the chances come from, unless `LARIAT_SEED` says it. Default 1: a run does what the last one
    /// did, and another number explores.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Runs these attacks and no others.
    pub fn only(mut self, attacks: &[Attack]) -> Self {
        self.only = attacks.to_vec();
        self
    }

    /// Runs every attack.
    ///
    /// # Panics
    ///
    /// With all that was found.
    pub fn run(&self) {
        if let Err(failures) = self.try_run() {
            let lines: Vec<String> = failures.iter().map(Failure::to_string).collect();
            panic!("the protocol does not hold:\n{}", lines.join("\n"));
        }
    }

    /// Runs every attack and tells what was found: of each attack, at most three failures.
    ///
    /// # Errors
    ///
    /// The failures, if there are any.
    pub fn try_run(&self) -> Result<(), Vec<Failure>> {
        let given = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let seed = given.or(self.seed).unwrap_or(USUAL_SEED);
        let only = std::env::var(ONLY).ok();
        let mut failures = Vec::new();
        for attack in Attack::ALL {
            let named = only.as_deref().is_none_or(|name| name == attack.name());
            if named && (self.only.is_empty() || self.only.contains(&attack)) {
                let length = self.transcript.client_length();
                let mut findings = Findings::new(attack, length, seed);
                self.attack(attack, &mut findings);
                failures.extend(findings.failures);
            }
        }
        match failures.is_empty() {
            true => Ok(()),
            false => Err(failures),
        }
    }

    fn attack(&self, attack: Attack, findings: &mut Findings) {
        match attack {
            Attack::Whole => cutting::whole(self, findings),
            Attack::Split => cutting::split(self, findings),
            Attack::ByteByByte => cutting::byte_by_byte(self, findings),
            Attack::Cuts => cutting::cuts(self, findings),
            Attack::Stall => silence::stall(self, findings),
            Attack::Drip => silence::drip(self, findings),
            Attack::Idle => silence::idle(self, findings),
            Attack::Reset => endings::reset(self, findings),
            Attack::HalfClose => endings::half_close(self, findings),
            Attack::Drain => endings::drain(self, findings),
            Attack::Endless => floods::endless(self, findings),
            Attack::NeverReads => floods::never_reads(self, findings),
            Attack::Garbage => floods::garbage(self, findings),
            Attack::BadLink => back_to_back::stream(self, findings),
            Attack::LostDatagrams => back_to_back::datagrams(self, findings),
        }
    }

    /// Every place in the client's bytes to stop at, its beginning and its end too.
    fn places(&self) -> std::ops::RangeInclusive<usize> {
        0..=self.transcript.client_length()
    }

    /// Does something to a fresh connection, and looks whether it ended as one must.
    fn try_case(
        &self,
        findings: &mut Findings,
        byte: Option<usize>,
        attack: impl FnOnce(&mut Case) -> Result<(), String>,
    ) {
        findings.check(byte, || {
            let mut case = self.case(self.deadlines)?;
            attack(&mut case)?;
            case.conclude()
        });
    }

    fn case(&self, deadlines: Deadlines) -> Result<Case, String> {
        Case::new(&*self.factory, deadlines)
    }

    fn minimum_rate(&self) -> u64 {
        u64::from(self.deadlines.minimum_rate.max(1))
    }
}

/// A moment in which nothing should happen any more.
const MARGIN: Duration = Duration::from_secs(1);

/// How often a peer that is slow on purpose moves a byte.
const DRIP: Duration = Duration::from_secs(5);
