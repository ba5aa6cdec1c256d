//! The lenient forms of an IPv4 address that C's `inet_aton` takes and std refuses.

use std::net::Ipv4Addr;

use super::error::LookupError;

/// Reads an IPv4 address of one to four parts, each decimal, octal (`0...`) or hexadecimal
/// (`0x...`); the last part fills all the bytes that are left.
///
/// For what a person or an old configuration file wrote. What came from a stranger is better read
/// with `str::parse`, which takes the usual form only: a filter and a resolver that read `010.0.0.1`
/// differently are a known way around the filter.
///
/// ```
/// use lariat_net::lookup::parse_ipv4_leniently;
/// use std::net::Ipv4Addr;
///
/// assert_eq!(parse_ipv4_leniently("127.1")?, Ipv4Addr::LOCALHOST);
/// assert_eq!(parse_ipv4_leniently("0x7f.0.0.01")?, Ipv4Addr::LOCALHOST);
/// assert!("127.1".parse::<Ipv4Addr>().is_err());
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::Invalid`] for anything else.
pub fn parse_ipv4_leniently(text: &str) -> Result<Ipv4Addr, LookupError> {
    parse(text).ok_or_else(|| {
        LookupError::Invalid(format!(
            "{text:?} is not an IPv4 address: one to four numbers with dots between them, \
             each of a byte's size but the last, which fills what is left"
        ))
    })
}

fn parse(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<&str> = text.split('.').collect();
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 {
        return None;
    }
    let mut address: u32 = 0;
    for (index, part) in leading.iter().enumerate() {
        let byte = u8::try_from(number(part)?).ok()?;
        address |= u32::from(byte) << (24 - 8 * index);
    }
    let last = number(last)?;
    let room = u32::MAX >> (8 * leading.len());
    (last <= room).then(|| Ipv4Addr::from(address | last))
}

fn number(part: &str) -> Option<u32> {
    let (digits, radix) = match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
        None => (part, 10),
    };
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_forms_of_inet_aton_are_read() {
        for (text, expected) in [
            ("127.0.0.1", [127, 0, 0, 1]),
            ("127.0.1", [127, 0, 0, 1]),
            ("127.0.258", [127, 0, 1, 2]),
            ("127.1", [127, 0, 0, 1]),
            ("10.65536", [10, 1, 0, 0]),
            ("2130706433", [127, 0, 0, 1]),
            ("4294967295", [255, 255, 255, 255]),
            ("0", [0, 0, 0, 0]),
            ("00", [0, 0, 0, 0]),
            ("0x7f000001", [127, 0, 0, 1]),
            ("0X7F.1", [127, 0, 0, 1]),
            ("017700000001", [127, 0, 0, 1]),
            ("010.8.0x8.8", [8, 8, 8, 8]),
        ] {
            assert_eq!(
                parse_ipv4_leniently(text).unwrap(),
                Ipv4Addr::from(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".1",
            "1..2",
            "1.2.3.4.5",
            "256.1",
            "1.2.3.256",
            "1.2.65536",
            "1.16777216",
            "4294967296",
            "0x",
            "08",
            "1 ",
            " 1",
            "+1",
            "-1",
            "0x+1",
            "0+1",
            "a",
            "127.0.0.1 x",
            "1.2.3.4\n",
            "::1",
            "é",
        ] {
            assert!(parse_ipv4_leniently(text).is_err(), "{text:?}");
        }
    }
}
