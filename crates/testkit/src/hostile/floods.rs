//! Peers that send more than anyone should: without end, without reading, without sense.

use std::time::Duration;

use lariat_protocol::{Error, Reason};

use super::case::Case;
use super::{DRIP, Findings, Hostile, MARGIN};

/// How long an endless line is, at least.
const ENDLESS: usize = 1 << 20;

/// The pieces in which it comes.
const PIECES: [usize; 2] = [1000, 16 * 1024];

/// How much is asked by who never reads, if it is taken.
const ASKED: usize = 32 << 20;

/// How often there is garbage.
const ROUNDS: u64 = 100;

pub(super) fn endless(hostile: &Hostile, findings: &mut Findings) {
    if hostile.endless.is_empty() {
        return;
    }
    for length in PIECES {
        let piece: Vec<u8> = hostile
            .endless
            .iter()
            .copied()
            .cycle()
            .take(length)
            .collect();
        for answered in [false, true] {
            hostile.try_case(findings, None, |case| {
                if answered {
                    hostile.transcript.play_first_exchange(&mut case.driven);
                }
                match case.driven.ended() {
                    Some(_) => Ok(()),
                    None => endless_pieces(hostile, case, &piece),
                }
            });
        }
    }
}

fn endless_pieces(hostile: &Hostile, case: &mut Case, piece: &[u8]) -> Result<(), String> {
    let bound = hostile.longest + piece.len();
    let whole = ENDLESS.max(hostile.longest.saturating_mul(4));
    for _ in 0..whole.div_ceil(piece.len()) {
        case.driven.receive(piece);
        within(case, bound)?;
        match case.driven.ended() {
            None => {}
            Some(Reason::Failed(Error::Limit(_) | Error::Invalid(_))) => return Ok(()),
            Some(_) => {
                let ending = case.ending();
                return Err(format!(
                    "a line without end is neither Limit nor Invalid: {ending}"
                ));
            }
        }
    }
    Err(format!("it takes a line of {whole} bytes and goes on"))
}

pub(super) fn never_reads(hostile: &Hostile, findings: &mut Findings) {
    let request = hostile.transcript.client_bytes();
    if request.is_empty() {
        return;
    }
    let piece = request.repeat(1 + 4096 / request.len());
    // Reading a byte now and then is no reading either.
    for drip in [false, true] {
        hostile.try_case(findings, None, |case| {
            let bound = fill(hostile, case, &piece)?;
            starve(hostile, case, bound, drip)
        });
    }
}

/// Asks for as long as input is taken. Tells how much may be held.
fn fill(hostile: &Hostile, case: &mut Case, piece: &[u8]) -> Result<usize, String> {
    let mut reference = hostile.case(hostile.deadlines)?;
    reference.driven.take_written();
    reference.driven.receive(piece);
    let answer = reference.driven.take_written().len();
    reference.conclude()?;

    let high = case.driven.water_marks().high;
    let bound = high + hostile.longest + piece.len() + answer;
    case.driven.stop_reading();
    let mut asked = 0;
    while asked < ASKED && case.driven.is_open_to_input() {
        case.driven.receive(piece);
        asked += piece.len();
        within(case, bound)?;
    }
    if case.driven.ended().is_none() {
        let before = case.driven.messages();
        case.driven.receive(piece);
        if case.driven.messages() != before && !case.driven.is_open_to_input() {
            return Err("input is taken though writing is paused".into());
        }
    }
    Ok(bound)
}

fn starve(hostile: &Hostile, case: &mut Case, bound: usize, drip: bool) -> Result<(), String> {
    let Some(write) = hostile.deadlines.write else {
        return Ok(());
    };
    let mut due = case.driven.elapsed() + write + MARGIN;
    let mut since_drop = Duration::ZERO;
    while case.driven.unsent() > 0 && case.driven.ended().is_none() {
        if case.driven.elapsed() >= due {
            let unsent = case.driven.unsent();
            return Err(format!(
                "not ended a second past the write deadline ({write:?}), {unsent} bytes unread"
            ));
        }
        case.driven.advance(MARGIN);
        since_drop += MARGIN;
        if drip && since_drop >= DRIP {
            since_drop = Duration::ZERO;
            case.driven.read(1);
            due += Duration::from_millis(1000 / hostile.minimum_rate());
        }
        within(case, bound)?;
    }
    match case.driven.ended() {
        Some(_) => Ok(()),
        None => case.ends_in_silence(true),
    }
}

pub(super) fn garbage(hostile: &Hostile, findings: &mut Findings) {
    for round in 0..ROUNDS {
        let mut random = fastrand::Rng::with_seed(findings.seed.wrapping_add(round));
        hostile.try_case(findings, None, |case| {
            let place = random.usize(hostile.places());
            hostile.transcript.play_until(&mut case.driven, place);
            for _ in 0..random.usize(1..40) {
                let piece = piece_of_garbage(hostile, &mut random);
                case.driven.receive(&piece);
                case.driven.take_written();
                within(case, hostile.longest + piece.len())?;
                case.driven
                    .advance(Duration::from_millis(random.u64(0..100)));
            }
            case.ends_in_silence(true)
        });
    }
}

/// Noise, one byte over and over, or something that makes sense but for a few bytes.
fn piece_of_garbage(hostile: &Hostile, random: &mut fastrand::Rng) -> Vec<u8> {
    let longest = 1 << random.u32(1..14);
    let length = random.usize(1..=longest);
    let mut piece = match random.u8(0..4) {
        0 => vec![random.u8(..); length],
        1 => {
            let mut sense = hostile.transcript.client_bytes();
            for _ in 0..random.usize(1..4) {
                if !sense.is_empty() {
                    let place = random.usize(..sense.len());
                    sense[place] = random.u8(..);
                }
            }
            sense
        }
        _ => {
            let mut noise = vec![0; length];
            random.fill(&mut noise);
            noise
        }
    };
    if random.bool() {
        piece.truncate(random.usize(..=piece.len()));
    }
    piece
}

fn within(case: &mut Case, bound: usize) -> Result<(), String> {
    if let Some(Reason::Failed(Error::Limit(words))) = case.driven.ended()
        && words.contains("bytes wait for a peer")
    {
        return Err(format!("it wrote on to a peer that does not read: {words}"));
    }
    match case.driven.held() {
        held if held > bound => Err(format!("it holds {held} bytes; {bound} are allowed")),
        _ => Ok(()),
    }
}
