//! Text out of the bytes of news, which have no one encoding.

/// The text of a line: UTF-8 if it is that, as RFC 3977 has it, and else ISO 8859-1, in which every byte is a character,
/// since most of what was written before is that or close to it.
///
/// ```
/// use lariat_protocol::nntp::decode;
///
/// assert_eq!(decode("Grüße".as_bytes()), "Grüße");
/// assert_eq!(decode(b"Gr\xfc\xdfe"), "Grüße");
/// ```
pub fn decode(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// The beginning of what somebody sent, as a message shows it.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = decode(&bytes[..bytes.len().min(60)]);
    format!("{text:?}")
}
