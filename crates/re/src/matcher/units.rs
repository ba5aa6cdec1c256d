//! Characters of a text that lies there as bytes: of UTF-8, or each a character.

/// The character at a place and where the next begins. There must be one.
#[inline(always)]
pub(crate) fn after<const TEXT: bool>(text: &[u8], at: usize) -> (u32, usize) {
    let lead = text[at];
    if !TEXT || lead < 0x80 {
        return (lead.into(), at + 1);
    }
    decode(text, at)
}

fn decode(text: &[u8], at: usize) -> (u32, usize) {
    let lead = u32::from(text[at]);
    let low = |offset: usize| {
        text.get(at + offset)
            .map_or(0, |byte| u32::from(byte & 0x3f))
    };
    match lead {
        0..=0xdf => ((lead & 0x1f) << 6 | low(1), at + 2),
        0xe0..=0xef => ((lead & 0x0f) << 12 | low(1) << 6 | low(2), at + 3),
        _ => (
            (lead & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3),
            at + 4,
        ),
    }
}

/// Where the character behind a place begins. There must be one.
#[inline(always)]
pub(crate) fn next<const TEXT: bool>(text: &[u8], at: usize) -> usize {
    if !TEXT {
        return at + 1;
    }
    match text[at] {
        0..=0x7f => at + 1,
        0x80..=0xdf => at + 2,
        0xe0..=0xef => at + 3,
        _ => at + 4,
    }
}

/// Where the character before a place begins. There must be one.
#[inline(always)]
pub(crate) fn back<const TEXT: bool>(text: &[u8], at: usize) -> usize {
    let mut at = at - 1;
    if TEXT {
        while at > 0 && is_continuation(text[at]) {
            at -= 1;
        }
    }
    at
}

/// The character before a place. There must be one.
#[inline(always)]
pub(crate) fn before<const TEXT: bool>(text: &[u8], at: usize) -> u32 {
    after::<TEXT>(text, back::<TEXT>(text, at)).0
}

/// Whether a character begins there, or the text ends.
pub(crate) fn is_boundary<const TEXT: bool>(text: &[u8], at: usize) -> bool {
    !TEXT || text.get(at).is_none_or(|byte| !is_continuation(*byte))
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_met_in_both_directions() {
        let text = "a\u{7f}\u{80}é\u{7ff}\u{800}€\u{ffff}\u{10000}😀";
        let bytes = text.as_bytes();
        for (at, char) in text.char_indices() {
            let end = at + char.len_utf8();
            assert_eq!(after::<true>(bytes, at), (char.into(), end));
            assert_eq!(next::<true>(bytes, at), end);
            assert_eq!(back::<true>(bytes, end), at);
            assert_eq!(before::<true>(bytes, end), char.into());
        }
    }
}
