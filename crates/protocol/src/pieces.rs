//! Bytes as they come: cut anywhere.

/// These bytes in pieces of these lengths, over and over; a length of nothing counts as one.
pub(crate) fn pieces<'a>(
    bytes: &'a [u8],
    lengths: &'a [usize],
) -> impl Iterator<Item = &'a [u8]> + 'a {
    let mut rest = bytes;
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        let length = lengths.next().map_or(rest.len(), |length| *length).max(1);
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Lengths as a bad link may have them.
#[cfg(test)]
pub(crate) fn any_lengths() -> impl proptest::strategy::Strategy<Value = Vec<usize>> {
    proptest::collection::vec(1_usize..40, 1..12)
}
