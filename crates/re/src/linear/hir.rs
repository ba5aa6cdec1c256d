//! Parts of a pattern in the words of `regex-syntax`.

use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look,
    Repetition,
};

use crate::program::{Charset, Part, Place};
use crate::syntax::Greed;

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Characters {
    /// Text in which every character is of ASCII.
    Ascii,
    /// Any text.
    Unicode,
    /// Bytes.
    Bytes,
}

impl Characters {
    /// The last character, where they are bytes.
    fn last(self) -> u8 {
        if self == Characters::Ascii {
            0x7f
        } else {
            0xff
        }
    }
}

/// A sequence of parts, all of which must be regular.
pub(super) fn of_sequence(parts: &[Part], sets: &[Charset], characters: Characters) -> Hir {
    let all = parts.iter().map(|part| of_part(part, sets, characters));
    Hir::concat(all.collect())
}

/// Alternatives, in their order. What all of them begin with would be taken in front of them, and then the
/// first way through that would be kept for all: with `(?:a|ab)c|(?:a|ab)` in `abc` another than it should be. One
/// that never matches, in front, keeps them apart.
fn of_ways(mut ways: Vec<Hir>) -> Hir {
    let parts = |way: &Hir| match way.kind() {
        HirKind::Concat(parts) => parts.clone(),
        _ => Vec::new(),
    };
    let first = ways.first().map(parts).unwrap_or_default();
    let has_ways = first.iter().enumerate().any(|(place, part)| {
        let is_plain = matches!(
            part.kind(),
            HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_)
        );
        let is_common = || ways.iter().all(|way| parts(way).get(place) == Some(part));
        !is_plain && is_common()
    });
    if has_ways {
        ways.insert(0, Hir::fail());
    }
    Hir::alternation(ways)
}

fn of_part(part: &Part, sets: &[Charset], characters: Characters) -> Hir {
    let of = |body: &[Part]| of_sequence(body, sets, characters);
    match part {
        Part::Char(code) => of_char(*code, characters),
        Part::Set(set) => of_set(&sets[*set], characters),
        Part::Place(place) => Hir::look(of_place(*place)),
        Part::Branch(ways) => of_ways(ways.iter().map(|way| of(way)).collect()),
        Part::Capture(_, body) => of(body),
        Part::Repeat { max: Some(0), .. } => Hir::empty(),
        Part::Repeat {
            min,
            max,
            greed,
            body,
        } => Hir::repetition(Repetition {
            min: *min,
            max: *max,
            greedy: *greed == Greed::Greedy,
            sub: Box::new(of(body)),
        }),
        // Not regular, and not asked for: they match nothing.
        Part::Atomic(_) | Part::Look { .. } | Part::Reference(..) | Part::Conditional { .. } => {
            Hir::fail()
        }
    }
}

fn of_char(code: u32, characters: Characters) -> Hir {
    if characters != Characters::Unicode {
        return match u8::try_from(code) {
            Ok(byte) if byte <= characters.last() => Hir::literal([byte]),
            _ => Hir::fail(),
        };
    }
    // A surrogate is in no text.
    match char::from_u32(code) {
        Some(char) => Hir::literal(char.encode_utf8(&mut [0; 4]).as_bytes()),
        None => Hir::fail(),
    }
}

fn of_set(set: &Charset, characters: Characters) -> Hir {
    if characters != Characters::Unicode {
        let within = set.up_to(characters.last().into());
        let ranges = within.ranges().iter();
        let ranges = ranges.map(|&(first, last)| ClassBytesRange::new(first as u8, last as u8));
        return Hir::class(Class::Bytes(ClassBytes::new(ranges)));
    }
    let mut ranges = Vec::with_capacity(set.ranges().len() + 1);
    for &(first, last) in set.ranges() {
        // Without the surrogates.
        for (first, last) in [(first, last.min(0xd7ff)), (first.max(0xe000), last)] {
            if let (Some(first), Some(last)) = (char::from_u32(first), char::from_u32(last))
                && first <= last
            {
                ranges.push(ClassUnicodeRange::new(first, last));
            }
        }
    }
    Hir::class(Class::Unicode(ClassUnicode::new(ranges)))
}

/// The place, in a text in which it means the same: see `Linear::regex`.
fn of_place(place: Place) -> Look {
    match place {
        Place::Beginning => Look::Start,
        Place::BeginningOfLine => Look::StartLF,
        Place::EndOrNewline | Place::End => Look::End,
        Place::EndOfLine => Look::EndLF,
        Place::Boundary { .. } => Look::WordAscii,
        Place::NotBoundary { .. } => Look::WordAsciiNegate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_lose_surrogates_and_what_is_past_the_text() {
        let set = Charset::of([(0x7e, 0xdfff)]);
        let bytes = |last| {
            let range = ClassBytesRange::new(0x7e, last);
            Hir::class(Class::Bytes(ClassBytes::new([range])))
        };
        assert_eq!(of_set(&set, Characters::Ascii), bytes(0x7f));
        assert_eq!(of_set(&set, Characters::Bytes), bytes(0xff));
        let text = |ranges: &[(char, char)]| {
            let ranges = ranges.iter();
            let ranges = ranges.map(|&(first, last)| ClassUnicodeRange::new(first, last));
            Hir::class(Class::Unicode(ClassUnicode::new(ranges)))
        };
        let found = of_set(&set, Characters::Unicode);
        assert_eq!(found, text(&[('~', '\u{d7ff}')]));
        let found = of_set(&Charset::of([]).negated(), Characters::Unicode);
        assert_eq!(found, text(&[('\0', '\u{d7ff}'), ('\u{e000}', char::MAX)]));
    }
}
