//! The transcript, cut in every way: the answers are those of the transcript.

use super::{Findings, Hostile};

/// How often the transcript is cut at random.
const ROUNDS: u64 = 200;

pub(super) fn whole(hostile: &Hostile, findings: &mut Findings) {
    played(hostile, findings, None, &mut |_, length| length);
}

pub(super) fn split(hostile: &Hostile, findings: &mut Findings) {
    for place in hostile.places() {
        played(
            hostile,
            findings,
            Some(place),
            &mut |sent, length| match place > sent && place < sent + length {
                true => place - sent,
                false => length,
            },
        );
    }
}

pub(super) fn byte_by_byte(hostile: &Hostile, findings: &mut Findings) {
    played(hostile, findings, None, &mut |_, _| 1);
}

pub(super) fn cuts(hostile: &Hostile, findings: &mut Findings) {
    for round in 0..ROUNDS {
        let mut random = fastrand::Rng::with_seed(findings.seed.wrapping_add(round));
        // Few long pieces in some rounds, many short ones in others.
        let longest = 1 << random.u32(1..16);
        played(hostile, findings, None, &mut |_, length| {
            random.usize(1..=length.min(longest))
        });
    }
}

fn played(
    hostile: &Hostile,
    findings: &mut Findings,
    byte: Option<usize>,
    cut: &mut dyn FnMut(usize, usize) -> usize,
) {
    hostile.try_case(findings, byte, |case| {
        hostile.transcript.play(&mut case.driven, cut)
    });
}
