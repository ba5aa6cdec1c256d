//! However the header arrives, it is the same: that, as a function of bytes.
//!
//! The property test and the fuzz target call it; nothing else has a use for it.

use super::{Header, MAXIMUM_LENGTH, decode, encode_v1, encode_v2, needed};

/// Checks that every beginning of `data` is understood as the whole is, that a reader who asks
/// what is [`needed`] ends exactly where the header does, and that what was read is written and
/// read as the same.
///
/// # Panics
///
/// When it is not so.
pub fn header(data: &[u8]) {
    let whole = decode(data);
    let ends = (0..=data.len()).filter(|end| !matches!(decode(&data[..*end]), Ok(None)));
    // Behind the largest header nothing can change, and looking costs.
    let first = ends.take_while(|end| *end <= MAXIMUM_LENGTH).next();
    match (&whole, first) {
        (Ok(None), first) => assert_eq!(first, None, "it was known earlier"),
        (Ok(Some((header, length))), first) => {
            assert!(*length <= MAXIMUM_LENGTH);
            assert_eq!(first, Some(*length), "it was known at another byte");
            assert_eq!(
                decode(&data[..*length]).ok(),
                Some(Some((*header, *length)))
            );
            assert_eq!(read_as_needed(data), Some(*length));
            round_trip(header);
        }
        (Err(_), first) => {
            let first = first.expect("an error that no beginning has");
            assert!(decode(&data[..first]).is_err(), "refused behind its end");
            assert_eq!(read_as_needed(data), None);
        }
    }
}

/// How many bytes a reader takes who takes only what is needed, or None if the header never is
/// whole.
fn read_as_needed(data: &[u8]) -> Option<usize> {
    let mut read = 0;
    loop {
        match needed(data.get(..read)?) {
            Ok(0) => return Some(read),
            Ok(more) => read += more,
            Err(_) => return None,
        }
    }
}

fn round_trip(header: &Header) {
    let wire = encode_v2(header);
    let again = decode(&wire).expect("what was written is read");
    assert_eq!(again, Some((*header, wire.len())));
    let wire = encode_v1(header);
    let again = decode(&wire).expect("what was written is read");
    let without_local = match header {
        Header::Local => Header::Unknown,
        other => *other,
    };
    assert_eq!(again, Some((without_local, wire.len())));
}
