//! The text of header fields, whose sets of characters mail-parser knows.

use lariat_protocol::nntp::decode_encoded_words;

use super::decoding::decoder;

/// The text of a header field's value, in which other characters than ASCII may stand encoded (RFC 2047). What is
/// wrongly encoded stays as it is.
///
/// White space between two encoded words is none of the text; all other stays. Encoded words may touch what is beside them,
/// and a character may be cut between two of them, as some programs write it. Characters of a set that nobody knows are
/// taken for UTF-8, or for ISO 8859-1 where they cannot be that.
///
/// ```
/// use lariat_client::nntp::decode_header;
///
/// assert_eq!(decode_header("=?utf-8?q?Gr=C3=BC=C3=9Fe?= to all"), "Grüße to all");
/// assert_eq!(decode_header("a@b (=?utf-8?q?J=C3=BC?= =?utf-8?q?rgen?=)"), "a@b (Jürgen)");
/// assert_eq!(decode_header("a rope"), "a rope");
/// ```
pub fn decode_header(value: &str) -> String {
    decode_encoded_words(value, decoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_many_sets_are_decoded() {
        for (value, text) in [
            ("=?iso-8859-1?Q?Andr=E9?= <a@b>", "André <a@b>"),
            ("=?utf-8?Q?=C3=A4?= =?iso-8859-1?Q?=E4?=", "ää"),
            ("=?koi8-r?Q?=F0?= =?iso-2022-jp?B?GyRCJEAbKEI=?=", "Пだ"),
            ("=?us-ascii?Q?Gr=C3=BC?=", "Grü"),
            ("=?us-ascii?Q?Gr=FC?=", "Grü"),
            ("=?x-unknown?Q?Gr=FC?=", "Grü"),
        ] {
            assert_eq!(decode_header(value), text, "{value}");
        }
    }
}
