//! Peers that do nothing, or next to nothing.

use std::time::Duration;

use lariat_protocol::contract::Stage;

use super::case::Case;
use super::{DRIP, Findings, Hostile, MARGIN};

/// How many bytes a drip has: more than any message's deadline lasts.
const DROPS: usize = 200;

/// How many messages the first bytes of an endless line may bring to their end: they may be
/// the rest of one that has begun.
const FEW: u32 = 4;

pub(super) fn stall(hostile: &Hostile, findings: &mut Findings) {
    for place in hostile.places() {
        hostile.try_case(findings, Some(place), |case| {
            hostile.transcript.play_until(&mut case.driven, place);
            case.ends_in_silence(hostile.own_deadlines)
        });
    }
}

pub(super) fn drip(hostile: &Hostile, findings: &mut Findings) {
    if hostile.endless.is_empty() || hostile.deadlines.message.is_none() {
        return;
    }
    for place in hostile.places() {
        hostile.try_case(findings, Some(place), |case| {
            hostile.transcript.play_until(&mut case.driven, place);
            drip_into(hostile, case)
        });
    }
}

/// One byte every five seconds: a message that has begun must not live on it.
fn drip_into(hostile: &Hostile, case: &mut Case) -> Result<(), String> {
    let message = hostile.deadlines.message.unwrap_or_default();
    let driven = &mut case.driven;
    // Since when the message lasts, and what its drops have earned it.
    let mut begun = None;
    let mut earned = Duration::ZERO;
    let mut counted = 0;
    for drop in hostile.endless.iter().cycle().take(DROPS) {
        let next = driven.elapsed() + DRIP;
        if driven.is_in_message() {
            let begun = *begun.get_or_insert(driven.elapsed());
            let due = begun + message + earned + MARGIN;
            if due <= next {
                driven.advance(due.saturating_sub(driven.elapsed()));
                if driven.ended().is_some() {
                    return Ok(());
                }
                if driven.is_in_message() {
                    return Err(format!(
                        "a byte every {DRIP:?} keeps a message open past {message:?}"
                    ));
                }
            }
        }
        let before = driven.messages();
        driven.advance(next.saturating_sub(driven.elapsed()));
        if driven.ended().is_some() {
            return Ok(());
        }
        let by_itself = driven.messages() != before;
        let before = driven.messages();
        driven.receive(&[*drop]);
        counted += driven.messages().wrapping_sub(before);
        if counted > FEW {
            return Err("bytes of a line without end are counted as messages, each".into());
        }
        if by_itself || driven.messages() != before || !driven.is_in_message() {
            begun = None;
            earned = Duration::ZERO;
        } else {
            earned += Duration::from_millis(1000 / hostile.minimum_rate());
        }
    }
    Ok(())
}

pub(super) fn idle(hostile: &Hostile, findings: &mut Findings) {
    findings.check(None, || {
        let mut cases = Vec::new();
        for number in 0..hostile.idle {
            let mut case = hostile.case(hostile.deadlines)?;
            // One half has never said anything, the other has been answered once.
            if number % 2 == 1 {
                hostile.transcript.play_first_exchange(&mut case.driven);
                case.driven.take_written();
            }
            cases.push(case);
        }
        for (number, case) in cases.iter_mut().enumerate() {
            let held = case.driven.held();
            if held > 0 && matches!(case.driven.stage(), Stage::First | Stage::Idle) {
                return Err(format!(
                    "connection {number} is idle and holds {held} bytes"
                ));
            }
        }
        for mut case in cases {
            case.ends_in_silence(hostile.own_deadlines)?;
            case.conclude()?;
        }
        Ok(())
    });
}
