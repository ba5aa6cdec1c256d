//! What must hold for any pattern and any text: what the fuzz target calls.

use crate::{Error, Flags, Limits, Pattern, Template, Text};

/// Compiles what stands before the first byte 0xff as a pattern and searches what stands behind it,
/// as text and as bytes. Nothing may panic, and no search may take longer than its limits.
///
/// # Panics
///
/// When a match lies where none can be.
pub fn any(data: &[u8]) {
    let (&flags, rest) = data.split_first().unwrap_or((&0, &[]));
    let flags = Flags::from_bits(u32::from(flags) & 0x5a).unwrap_or_default();
    let mut parts = rest.splitn(2, |byte| *byte == 0xff);
    let pattern = parts.next().unwrap_or_default();
    let text = parts.next().unwrap_or_default();
    every_way(pattern, flags, text);
    if let (Ok(pattern), Ok(text)) = (std::str::from_utf8(pattern), std::str::from_utf8(text)) {
        every_way(pattern, flags, text);
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
    let pattern = pattern.limited(Limits {
        steps: 300_000,
        steps_per_byte: 20,
        memory: 16 << 20,
    });
    let _ = pattern.explain();
    let template = Template::new(&pattern, text);
    let mut end = 0;
    for found in pattern.find_iter(text) {
        let Ok(found) = found else {
            break;
        };
        assert!(
            end <= found.start() && found.start() <= found.end(),
            "{found:?}"
        );
        end = found.end();
        // Each lies between characters, or this would panic.
        let _ = (found.text(), found.groups());
    }
    for ended in [
        pattern.fullmatch(text).map(drop),
        pattern.split(text, 3).map(drop),
        template
            .and_then(|template| pattern.sub(template, text, 3))
            .map(drop),
    ] {
        let expected = matches!(
            ended,
            Ok(()) | Err(Error::Limit(_) | Error::Template(_) | Error::UnknownGroup(_))
        );
        assert!(expected, "{ended:?}");
    }
}
