//! Headers read, written and refused: the examples of the specification, and generated ones.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn proxied(source: &str, destination: &str) -> Header {
    Header::Proxied {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
    }
}

/// Reads a header that is all there is of `wire`, before other bytes and in every piece.
fn read(wire: &[u8]) -> Header {
    let behind = [wire, b"PROXY UNKNOWN\r\n"].concat();
    check::header(&behind);
    let (header, length) = decode(&behind).unwrap().expect("a whole header");
    assert_eq!(length, wire.len());
    header
}

fn refusal(wire: &[u8]) -> String {
    check::header(wire);
    match decode(wire) {
        Ok(header) => panic!("{} is read as {header:?}", wire.escape_ascii()),
        Err(error) => error.to_string(),
    }
}

fn binary(version_and_command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    let fixed = [version_and_command, family, length[0], length[1]];
    [SIGNATURE, &fixed, block].concat()
}

#[test]
fn reads_the_lines_of_the_specification() {
    for (line, header) in [
        (
            "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
            proxied("192.168.0.1:56324", "192.168.0.11:443"),
        ),
        (
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
            proxied("255.255.255.255:65535", "255.255.255.255:65535"),
        ),
        (
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            proxied(
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
            ),
        ),
        (
            "PROXY TCP6 2001:DB8::1 :: 0 1\r\n",
            proxied("[2001:db8::1]:0", "[::]:1"),
        ),
        (
            "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c000:201 5 6\r\n",
            proxied("192.0.2.7:5", "192.0.2.1:6"),
        ),
        ("PROXY UNKNOWN\r\n", Header::Unknown),
        (
            "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
            Header::Unknown,
        ),
        ("PROXY UNKNOWN \r \n what\0ever\r\r\n", Header::Unknown),
    ] {
        assert_eq!(read(line.as_bytes()), header, "{line}");
    }
}

#[test]
fn reads_every_family_in_binary() {
    let v4 = [192, 0, 2, 7, 192, 0, 2, 1, 0xdc, 0x04, 1, 187];
    let source_and_destination = proxied("192.0.2.7:56324", "192.0.2.1:443");
    assert_eq!(read(&binary(0x21, 0x11, &v4)), source_and_destination);
    assert_eq!(read(&binary(0x21, 0x12, &v4)), source_and_destination);
    let additions = [&v4[..], b"\x04\0\x02xx\x01\0\x02h2"].concat();
    assert_eq!(
        read(&binary(0x21, 0x11, &additions)),
        source_and_destination
    );

    let mut v6 = [0; 36];
    v6[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    v6[31] = 1;
    v6[33] = 80;
    v6[34] = 255;
    let expected = proxied("[2001:db8::]:80", "[::1]:65280");
    assert_eq!(read(&binary(0x21, 0x21, &v6)), expected);
    assert_eq!(read(&binary(0x21, 0x22, &v6)), expected);

    for (family, length) in [
        (0x31, 216),
        (0x32, 216),
        (0x00, 0),
        (0x00, 9),
        (0x10, 3),
        (0x01, 0),
    ] {
        let wire = binary(0x21, family, &vec![b'x'; length]);
        assert_eq!(read(&wire), Header::Unknown, "{family:#x}");
    }
    for family in [0x00, 0x11, 0xff] {
        assert_eq!(read(&binary(0x20, family, b"")), Header::Local);
        assert_eq!(read(&binary(0x20, family, b"ignored")), Header::Local);
    }
}

#[test]
fn takes_additions_up_to_the_limit() {
    let mut block = vec![0; MAXIMUM_LENGTH - 16];
    block[0] = 10;
    let expected = proxied("10.0.0.0:0", "0.0.0.0:0");
    assert_eq!(read(&binary(0x21, 0x11, &block)), expected);
    block.push(0);
    let over = "over the limit: a PROXY header of 4097 bytes; at most 4096 are read";
    assert_eq!(refusal(&binary(0x21, 0x11, &block)), over);
    let announced = [SIGNATURE, &[0x20, 0, 0xff, 0xff]].concat();
    assert!(matches!(decode(&announced), Err(Error::Limit(_))));
}

/// Lines that are refused, and a part of what is said of them.
const REFUSED: &[(&str, &str)] = &[
    ("GET / HTTP/1.1\r\n", "does not begin with a PROXY header"),
    ("\x16\x03\x01", "does not begin with a PROXY header"),
    ("PRO\r\n", "does not begin with a PROXY header"),
    ("proxy TCP4 ", "does not begin with a PROXY header"),
    ("PROXY  TCP4", "none of TCP4, TCP6 and UNKNOWN"),
    ("PROXY TCP5 ", "none of TCP4, TCP6 and UNKNOWN"),
    ("PROXY TCP4\r\n", "none of TCP4, TCP6 and UNKNOWN"),
    ("PROXY UNKNOWNS\r\n", "none of TCP4, TCP6 and UNKNOWN"),
    ("PROXY UNKNOWN\rx\r\n", "none of TCP4, TCP6 and UNKNOWN"),
    (
        "PROXY TCP4 1.2.3.4\n",
        "'\\n' has no place in a PROXY line, which ends with CRLF",
    ),
    ("PROXY TCP4 1.2.3.4\r ", "'\\r' has no place"),
    (
        "PROXY TCP4 host 1.2.3.4 1 2\r\n",
        "\"host\" in a PROXY line is not an IPv4 address",
    ),
    (
        "PROXY TCP4 1.2.3.04 1.2.3.4 1 2\r\n",
        "\"1.2.3.04\" in a PROXY line",
    ),
    (
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "\"::1\" in a PROXY line is not an IPv4 address",
    ),
    (
        "PROXY TCP6 1.2.3.4 ::1 1 2\r\n",
        "\"1.2.3.4\" in a PROXY line is not an IPv6 address",
    ),
    (
        "PROXY TCP6 ::12345 ::1 1 2\r\n",
        "\"::12345\" in a PROXY line",
    ),
    (
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "\"65536\" in a PROXY line is not a port",
    ),
    (
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "\"01\" in a PROXY line is not a port",
    ),
    (
        "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        "\"+1\" in a PROXY line is not a port",
    ),
    (
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "two addresses and two ports",
    ),
    (
        "PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n",
        "two addresses and two ports",
    ),
    (
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "two addresses and two ports",
    ),
    (
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3",
        "two addresses and two ports",
    ),
    ("PROXY TCP6  ::1 ::1 1 2\r", "two addresses and two ports"),
];

fn refuses(wire: &[u8], words: &str) {
    let error = refusal(wire);
    assert!(error.starts_with("invalid input: "), "{error}");
    assert!(error.contains(words), "{}: {error}", wire.escape_ascii());
}

#[test]
fn says_what_is_wrong_with_a_line() {
    for (line, words) in REFUSED {
        refuses(line.as_bytes(), words);
    }
}

#[test]
fn says_that_a_line_is_too_long_and_never_takes_it_back() {
    let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(92));
    assert_eq!(long.len(), MAXIMUM_LINE + 1);
    for line in [&long, &long[..106]] {
        refuses(line.as_bytes(), "does not end with CRLF within 107 bytes");
    }
    // Each of them is over the limit until its last byte comes, and then must not be under it.
    let long_address = format!("PROXY TCP4 {}\r", "7".repeat(84));
    let short_address = format!("PROXY TCP4 {} 7 ", "7".repeat(75));
    for line in [long_address, short_address] {
        refuses(line.as_bytes(), "two addresses and two ports");
    }
}

#[test]
fn says_what_is_wrong_in_binary() {
    for (wire, words) in [
        (
            binary(0x21, 0x11, &[0; 11]),
            "11 bytes for its addresses, which need 12",
        ),
        (
            binary(0x21, 0x21, &[0; 35]),
            "35 bytes for its addresses, which need 36",
        ),
        (
            binary(0x21, 0x31, &[0; 215]),
            "215 bytes for its addresses, which need 216",
        ),
        (
            binary(0x22, 0x11, &[0; 12]),
            "version and command 0x22 of a PROXY header",
        ),
        (
            binary(0x11, 0x11, &[0; 12]),
            "version and command 0x11 of a PROXY header",
        ),
        (
            binary(0x21, 0x41, &[0; 12]),
            "family and protocol 0x41 of a PROXY header",
        ),
        (
            binary(0x21, 0x13, &[0; 12]),
            "family and protocol 0x13 of a PROXY header",
        ),
        (
            b"\r\n\r\n\0\r\nQUIX".to_vec(),
            "does not begin with a PROXY header",
        ),
        (
            b"\r\n\r\n\r\n".to_vec(),
            "does not begin with a PROXY header",
        ),
    ] {
        refuses(&wire, words);
    }
}

#[test]
fn asks_for_no_byte_too_many_and_not_for_each() {
    let steps = |wire: &[u8]| {
        let mut read = 0;
        let mut steps = Vec::new();
        loop {
            let more = needed(&wire[..read]).unwrap();
            if more == 0 {
                return steps;
            }
            read += more;
            steps.push(more);
        }
    };
    assert_eq!(steps(b"PROXY UNKNOWN\r\n"), [15]);
    assert_eq!(steps(b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), [15, 17]);
    assert_eq!(steps(b"PROXY TCP6 ::1 ::1 1 2\r\n"), [15, 8, 1]);
    let usual = steps(b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
    assert!(usual.len() <= 8, "{usual:?}");
    assert_eq!(steps(&binary(0x21, 0x11, &[0; 12])), [15, 1, 12]);
    assert_eq!(steps(&binary(0x20, 0, b"")), [15, 1]);
}

#[test]
fn writes_what_the_specification_shows() {
    let v4 = proxied("192.168.0.1:56324", "192.168.0.11:443");
    let v6 = proxied("[2001:db8::1]:1", "192.0.2.1:2");
    let text = |header| String::from_utf8(encode_v1(header)).unwrap();
    assert_eq!(
        text(&v4),
        "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"
    );
    assert_eq!(text(&v6), "PROXY TCP6 2001:db8::1 ::ffff:c000:201 1 2\r\n");
    assert_eq!(text(&Header::Unknown), "PROXY UNKNOWN\r\n");
    assert_eq!(text(&Header::Local), "PROXY UNKNOWN\r\n");

    let block = [192, 168, 0, 1, 192, 168, 0, 11, 0xdc, 0x04, 1, 187];
    assert_eq!(encode_v2(&v4), binary(0x21, 0x11, &block));
    assert_eq!(encode_v2(&v6)[12..16], [0x21, 0x21, 0, 36]);
    assert_eq!(encode_v2(&Header::Unknown), binary(0x21, 0, b""));
    assert_eq!(encode_v2(&Header::Local), binary(0x20, 0, b""));
    assert_eq!(encode(&v4, Version::V1), encode_v1(&v4));
    assert_eq!(encode(&v4, Version::default()), encode_v2(&v4));
}

fn any_address() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u16; 8]>().prop_map(IpAddr::from),
        vec(prop_oneof![Just(0u16), Just(0xffff), any::<u16>()], 8).prop_map(|groups| {
            let groups: [u16; 8] = groups.try_into().unwrap();
            IpAddr::from(groups)
        }),
    ];
    (ip, any::<u16>()).prop_map(|(ip, port)| SocketAddr::new(ip, port))
}

fn any_header() -> impl Strategy<Value = Header> {
    prop_oneof![
        1 => Just(Header::Local),
        1 => Just(Header::Unknown),
        8 => (any_address(), any_address()).prop_map(|(source, destination)| Header::Proxied {
            source,
            destination,
        }),
    ]
}

/// Wires that are nearly headers: written ones, with a byte changed or a piece left out.
fn any_wire() -> impl Strategy<Value = Vec<u8>> {
    let written = (any_header(), any::<bool>(), vec(any::<u8>(), 0..20));
    let written = written.prop_map(|(header, first, behind)| {
        let version = if first { Version::V1 } else { Version::V2 };
        [encode(&header, version), behind].concat()
    });
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
    prop_oneof![
        (written, change).prop_map(|(mut wire, (place, byte, kind))| {
            let place = place.index(wire.len());
            match kind {
                0 => {}
                1 => wire[place] = byte,
                2 => wire.truncate(place),
                _ => drop(wire.remove(place)),
            }
            wire
        }),
        "PROXY (TCP4|TCP6|UNKNOWN)( [0-9a-f:.]{0,40}){0,5}(\r|\n|\r\n)?\\PC{0,50}(\r\n)?"
            .prop_map(String::into_bytes),
        vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_the_same(header in any_header()) {
        let v4 = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let canonical = match header {
            Header::Proxied { source, destination } => Header::Proxied {
                source: v4(source),
                destination: v4(destination),
            },
            other => other,
        };
        prop_assert_eq!(read(&encode_v2(&header)), canonical);
        let line = encode_v1(&header);
        prop_assert!(line.len() <= MAXIMUM_LINE);
        prop_assert!(!line.starts_with(b"PROXY TCP6") || !line.contains(&b'.'));
        prop_assert_eq!(read(&line), match canonical {
            Header::Local => Header::Unknown,
            other => other,
        });
    }

    #[test]
    fn however_it_arrives_it_is_the_same(wire in any_wire()) {
        check::header(&wire);
    }
}
