//! What must hold for any pattern and any text: what the fuzz target calls.

use crate::{Error, Flags, Limits, Match, Pattern, Steering, Template, Text};

/// So many steps each search may take here, of which an input has a dozen.
const LIMITS: Limits = Limits {
    steps: 100_000,
    steps_per_byte: 20,
    memory: 16 << 20,
};

/// A text of no more bytes is searched once within what holds by default, too, but for the steps: a
/// tenth of them, since what watches the target makes each as much slower.
const SHORT: usize = 64;

/// Compiles what stands before the first byte 0xff as a pattern and searches what stands behind it,
/// as text and as bytes, with the flags that the first byte has a bit each for; its highest bit says that a text
/// of any length is searched with as much memory as by default. Nothing may panic, and no search may take longer
/// than its limits.
///
/// # Panics
///
/// When a match lies where none can be, or two kinds of engine do not find the same.
pub fn any(data: &[u8]) {
    let (&letters, rest) = data.split_first().unwrap_or((&0, &[]));
    // The lowest bit would be one that is no flag any more.
    let bits = u32::from(letters & 0x7e) | u32::from(letters & 1) << 8;
    let flags = Flags::from_bits(bits).unwrap_or_default();
    let mut parts = rest.splitn(2, |byte| *byte == 0xff);
    let pattern = parts.next().unwrap_or_default();
    let text = parts.next().unwrap_or_default();
    every_way(pattern, flags, text);
    if let (Ok(pattern), Ok(text)) = (std::str::from_utf8(pattern), std::str::from_utf8(text)) {
        every_way(pattern, flags, text);
        if (text.len() <= SHORT || letters & 0x80 != 0)
            && let Ok(pattern) = Pattern::with_flags(pattern, flags)
        {
            let limits = Limits::default();
            let pattern = pattern.limited(Limits {
                steps: limits.steps / 10,
                steps_per_byte: limits.steps_per_byte / 10,
                memory: limits.memory,
            });
            ends(pattern.search(text).map(drop));
        }
    }
}

fn every_way<T: Text + ?Sized>(pattern: &T, flags: Flags, text: &T) {
    let pattern = match Pattern::with_flags(pattern, flags) {
        Ok(pattern) => pattern,
        Err(error) => {
            // It must be able to say where.
            let _ = (error.to_string(), error.caret());
            return;
        }
    };
    let pattern = pattern.limited(LIMITS);
    let _ = pattern.explain();
    in_order(pattern.find_iter(text));
    same_by_all(&pattern, text);
    in_part(&pattern, text);
    let template = Template::new(&pattern, text);
    ends(pattern.split(text, 3).map(drop));
    ends(template.and_then(|template| pattern.sub(template, text, 3).map(drop)));
}

/// Each match begins behind the one before it, and is of whole characters.
fn in_order<'t, T: Text + ?Sized + 't>(all: impl Iterator<Item = Result<Match<'t, T>, Error>>) {
    let (mut end, mut character) = (0, 0);
    for found in all.map_while(Result::ok) {
        assert!(
            end <= found.start() && found.start() <= found.end(),
            "{found:?}"
        );
        end = found.end();
        // Each lies between characters, or this would panic.
        let _ = (found.text(), found.groups(), found.last_group());
        let (first, last) = found.char_span(0).ok().flatten().unwrap_or_default();
        assert!(character <= first && first <= last, "{found:?}");
        character = last;
    }
}

/// The machine and the linear engines find the same.
fn same_by_all<T: Text + ?Sized>(pattern: &Pattern<T>, text: &T) {
    let all = |steering| {
        let pattern = pattern.steered(steering);
        let spans = |found: Match<'_, T>| {
            let groups = 0..=found.pattern().groups();
            let spans: Vec<_> = groups.map(|group| found.span_of(group)).collect();
            (spans, found.last_index())
        };
        let all = pattern.find_iter(text).map(|found| found.map(spans));
        all.collect::<Result<Vec<_>, Error>>()
    };
    if let (Ok(machine), Ok(linear)) = (all(Steering::Machine), all(Steering::Linear)) {
        assert_eq!(machine, linear, "{pattern:?} in {text:?}");
    }
}

/// The same calls for a part of the text, whose ends its own first and last byte tell.
fn in_part<T: Text + ?Sized>(pattern: &Pattern<T>, text: &T) {
    let bytes = text.bytes();
    let place = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte) % (bytes.len() + 1));
    let part = place(bytes.first())..place(bytes.last());
    ends(pattern.search_in(text, part.clone()).map(drop));
    ends(pattern.match_in(text, part.clone()).map(drop));
    ends(pattern.fullmatch_in(text, part.clone()).map(drop));
    ends(pattern.findall_in(text, part.clone()).map(drop));
    match pattern.scanner_in(text, part) {
        Err(error) => ends(Err(error)),
        Ok(mut scanner) => {
            in_order(std::iter::from_fn(|| scanner.match_().transpose()));
            in_order(std::iter::from_fn(|| scanner.search().transpose()));
        }
    }
}

/// A call came to an end, by its limits at worst.
fn ends(ended: Result<(), Error>) {
    let expected = matches!(
        ended,
        Ok(())
            | Err(Error::Limit(_)
                | Error::Template(_)
                | Error::UnknownGroup(_)
                | Error::Position(_))
    );
    assert!(expected, "{ended:?}");
}
