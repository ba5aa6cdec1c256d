//! The end of a connection, at every byte and from either side.

use std::time::Duration;

use lariat_protocol::Deadlines;
use lariat_protocol::contract::Stage;

use super::case::{Case, Watched};
use super::{Findings, Hostile, MARGIN};
use crate::Driven;
use crate::transcript::quoted;

/// How long a connection may take to finish when the server goes down.
const DRAIN: Duration = Duration::from_secs(30);

/// How much is asked of a server before it goes down, at least.
const PIPELINED: usize = 256 * 1024;

pub(super) fn reset(hostile: &Hostile, findings: &mut Findings) {
    for place in hostile.places() {
        for reads in [true, false] {
            findings.check(Some(place), || {
                let mut case = case_that(hostile, reads)?;
                hostile.transcript.play_until(&mut case.driven, place);
                case.driven.take_written();
                case.driven.reset();
                case.conclude()
            });
        }
    }
}

pub(super) fn half_close(hostile: &Hostile, findings: &mut Findings) {
    for place in hostile.places() {
        hostile.try_case(findings, Some(place), |case| {
            hostile.transcript.play_until(&mut case.driven, place);
            case.driven.receive_end();
            ends_by_itself(case)
        });
        findings.check(Some(place), || {
            keeps_answers(hostile, place, Driven::receive_end)
        });
    }
}

pub(super) fn drain(hostile: &Hostile, findings: &mut Findings) {
    for place in hostile.places() {
        hostile.try_case(findings, Some(place), |case| {
            hostile.transcript.play_until(&mut case.driven, place);
            case.driven.drain();
            case.driven.advance(DRAIN + MARGIN);
            match case.driven.ended() {
                Some(_) => Ok(()),
                None => Err(format!("not ended {DRAIN:?} after it was told to")),
            }
        });
        findings.check(Some(place), || keeps_answers(hostile, place, Driven::drain));
    }
    findings.check(None, || drain_behind_pipeline(hostile));
}

/// A connection whose peer reads, or does not and is not ended for that.
fn case_that(hostile: &Hostile, reads: bool) -> Result<Case, String> {
    if reads {
        return hostile.case(hostile.deadlines);
    }
    let mut case = hostile.case(Deadlines::NONE)?;
    case.driven.stop_reading();
    Ok(case)
}

/// The peer has ended its side, so the protocol must come to its end without being ended.
fn ends_by_itself(case: &mut Case) -> Result<(), String> {
    for _ in 0..3600 {
        if case.driven.ended().is_some() {
            return Ok(());
        }
        let Some((after, which)) = case.driven.deadline() else {
            case.driven.advance(MARGIN);
            continue;
        };
        let moment = Duration::from_millis(1);
        if after <= moment {
            return Err(format!("it goes on, until a deadline ends it: {which}"));
        }
        case.driven.advance(after - moment);
    }
    Err("it goes on, and nothing ends it".into())
}

/// What is answered without it must be answered before the end too: even to a peer that reads
/// late, and what is worked on as well.
fn keeps_answers(
    hostile: &Hostile,
    place: usize,
    end: fn(&mut Driven<Watched>),
) -> Result<(), String> {
    let mut reference = hostile.case(Deadlines::NONE)?;
    hostile.transcript.play_until(&mut reference.driven, place);
    let due = reference.driven.elapsed() + DRAIN;
    while reference.driven.stage() == Stage::Working && reference.driven.elapsed() < due {
        reference.driven.advance(MARGIN);
    }
    let answers = reference.driven.take_written();
    reference.conclude()?;

    let mut case = case_that(hostile, false)?;
    hostile.transcript.play_until(&mut case.driven, place);
    end(&mut case.driven);
    case.driven.read_all();
    case.driven.advance(DRAIN);
    let said = case.driven.take_written();
    case.conclude()?;
    begins_with(&said, &answers)
}

/// Many requests are read of a peer that does not read, and then the server goes down: none of
/// them may be lost.
fn drain_behind_pipeline(hostile: &Hostile) -> Result<(), String> {
    let request = hostile.transcript.client_bytes();
    if request.is_empty() {
        return Ok(());
    }
    let mut case = case_that(hostile, false)?;
    let mut reference = hostile.case(Deadlines::NONE)?;
    let mut asked = 0;
    while asked < PIPELINED && case.driven.is_open_to_input() {
        let piece = request.repeat(1 + 16 * 1024 / request.len());
        case.driven.receive(&piece);
        reference.driven.receive(&piece);
        asked += piece.len();
    }
    let answers = reference.driven.take_written();
    reference.conclude()?;

    case.driven.drain();
    case.driven.read_all();
    case.driven.advance(DRAIN + MARGIN);
    if case.driven.ended().is_none() {
        return Err(format!("not ended {DRAIN:?} after it was told to"));
    }
    let said = case.driven.take_written();
    case.conclude()?;
    begins_with(&said, &answers)
}

fn begins_with(said: &[u8], answers: &[u8]) -> Result<(), String> {
    if said.starts_with(answers) {
        return Ok(());
    }
    let same = said.iter().zip(answers).take_while(|(a, b)| a == b).count();
    Err(format!(
        "of {} bytes of answers only {same} came, and then {}",
        answers.len(),
        quoted(&said[same..])
    ))
}
