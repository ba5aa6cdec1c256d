//! Protocol words to numbers and back: `getprotobyname`.
//!
//! No safe interface to the system's `getprotobyname` exists, so its file is read here; the
//! built-in table answers what the file does not know.

use super::error::LookupError;
use super::table;
use crate::platform::lookup as system;

/// The number of a protocol word, as it stands in the header of an IP packet.
///
/// ```
/// assert_eq!(lariat_net::lookup::protocol_by_name("tcp")?, 6);
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoProtocol`] for a word that is not known.
pub fn protocol_by_name(name: &str) -> Result<u8, LookupError> {
    find_number(name, system::protocols_file().as_deref())
}

/// The word of a protocol number.
///
/// ```
/// assert_eq!(lariat_net::lookup::protocol_by_number(17)?, "udp");
/// # Ok::<(), lariat_net::lookup::LookupError>(())
/// ```
///
/// # Errors
///
/// [`LookupError::NoProtocolName`] for a number that has none.
pub fn protocol_by_number(number: u8) -> Result<String, LookupError> {
    find_name(number, system::protocols_file().as_deref())
}

fn find_number(name: &str, file: Option<&str>) -> Result<u8, LookupError> {
    entries(file)
        .find(|entry| entry.name == name || entry.aliases().any(|alias| alias == name))
        .map(|entry| entry.number)
        .or_else(|| table::protocol_number(name))
        .ok_or_else(|| LookupError::NoProtocol {
            name: name.to_owned(),
        })
}

fn find_name(number: u8, file: Option<&str>) -> Result<String, LookupError> {
    entries(file)
        .find(|entry| entry.number == number)
        .map(|entry| entry.name)
        .or_else(|| table::protocol_name(number))
        .map(str::to_owned)
        .ok_or(LookupError::NoProtocolName { number })
}

/// One line of protocols(5): `name number alias...`.
struct Entry<'file> {
    name: &'file str,
    number: u8,
    rest: std::str::SplitWhitespace<'file>,
}

impl<'file> Entry<'file> {
    fn aliases(&self) -> std::str::SplitWhitespace<'file> {
        self.rest.clone()
    }
}

/// The entries of a protocols file; a line that is none is passed over, as the system does.
fn entries(file: Option<&str>) -> impl Iterator<Item = Entry<'_>> {
    file.unwrap_or_default().lines().filter_map(|line| {
        let (entry, _comment) = line.split_once('#').unwrap_or((line, ""));
        let mut words = entry.split_whitespace();
        let name = words.next()?;
        let number = words.next()?.parse().ok()?;
        Some(Entry {
            name,
            number,
            rest: words,
        })
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const FILE: &str = "# comment\nip 0 IP\nours 6 OURS first # tcp\nbroken\nworse x\nbig 256\n";

    #[test]
    fn well_known_protocols_lead_to_their_numbers_and_back() {
        for (name, number) in [("tcp", 6), ("udp", 17), ("icmp", 1)] {
            assert_eq!(protocol_by_name(name).unwrap(), number);
            assert_eq!(protocol_by_number(number).unwrap(), name);
        }
    }

    #[test]
    fn a_system_without_a_list_of_protocols_knows_the_well_known_ones() {
        assert_eq!(find_number("tcp", None).unwrap(), 6);
        assert_eq!(find_number("TCP", None).unwrap(), 6);
        assert_eq!(find_name(58, None).unwrap(), "ipv6-icmp");
    }

    #[test]
    fn the_file_goes_before_the_built_in_table() {
        for name in ["ours", "OURS", "first"] {
            assert_eq!(find_number(name, Some(FILE)).unwrap(), 6);
        }
        assert_eq!(find_name(6, Some(FILE)).unwrap(), "ours");
        assert_eq!(find_number("udp", Some(FILE)).unwrap(), 17);
    }

    #[test]
    fn what_is_not_known_is_named_in_the_error() {
        for name in ["", "#", "broken", "worse", "big"] {
            assert_eq!(
                find_number(name, Some(FILE)).unwrap_err().to_string(),
                format!(
                    "no protocol {name:?}: known are words such as \"tcp\", \"udp\" and \"icmp\""
                )
            );
        }
        assert_eq!(
            find_name(255, Some(FILE)).unwrap_err().to_string(),
            "no protocol name for number 255"
        );
    }
}
