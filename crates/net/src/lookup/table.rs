//! The well-known services and protocols, for systems that have no list of their own.
//!
//! Names and numbers are those of the IANA registries "Service Name and Transport Protocol Port
//! Number" and "Protocol Numbers"; the aliases are those that Unix systems have beside them.

const TCP: u8 = 1;
const UDP: u8 = 2;
const BOTH: u8 = TCP | UDP;

/// Name, port, the protocols that have it, and its other names.
const SERVICES: &[(&str, u16, u8, &[&str])] = &[
    ("tcpmux", 1, TCP, &[]),
    ("echo", 7, BOTH, &[]),
    ("discard", 9, BOTH, &["sink", "null"]),
    ("systat", 11, TCP, &["users"]),
    ("daytime", 13, BOTH, &[]),
    ("qotd", 17, TCP, &["quote"]),
    ("chargen", 19, BOTH, &["ttytst", "source"]),
    ("ftp-data", 20, TCP, &[]),
    ("ftp", 21, TCP, &[]),
    ("ssh", 22, TCP, &[]),
    ("telnet", 23, TCP, &[]),
    ("smtp", 25, TCP, &["mail"]),
    ("time", 37, BOTH, &["timserver"]),
    ("whois", 43, TCP, &["nicname"]),
    ("domain", 53, BOTH, &[]),
    ("bootps", 67, UDP, &[]),
    ("bootpc", 68, UDP, &[]),
    ("tftp", 69, UDP, &[]),
    ("gopher", 70, TCP, &[]),
    ("finger", 79, TCP, &[]),
    ("http", 80, TCP, &["www"]),
    ("kerberos", 88, BOTH, &["kerberos5", "krb5"]),
    ("pop3", 110, TCP, &["pop-3"]),
    ("sunrpc", 111, BOTH, &["portmapper"]),
    ("auth", 113, TCP, &["authentication", "tap", "ident"]),
    ("nntp", 119, TCP, &["readnews", "untp"]),
    ("ntp", 123, UDP, &[]),
    ("netbios-ns", 137, UDP, &[]),
    ("netbios-dgm", 138, UDP, &[]),
    ("netbios-ssn", 139, TCP, &[]),
    ("imap2", 143, TCP, &["imap"]),
    ("snmp", 161, BOTH, &[]),
    ("snmp-trap", 162, BOTH, &["snmptrap"]),
    ("bgp", 179, TCP, &[]),
    ("irc", 194, BOTH, &[]),
    ("ldap", 389, BOTH, &[]),
    ("https", 443, BOTH, &[]),
    ("microsoft-ds", 445, BOTH, &[]),
    ("submissions", 465, TCP, &["ssmtp", "smtps", "urd"]),
    ("exec", 512, TCP, &[]),
    ("login", 513, TCP, &[]),
    ("who", 513, UDP, &["whod"]),
    ("shell", 514, TCP, &["cmd"]),
    ("syslog", 514, UDP, &[]),
    ("printer", 515, TCP, &["spooler"]),
    ("talk", 517, UDP, &[]),
    ("ntalk", 518, UDP, &[]),
    ("uucp", 540, TCP, &["uucpd"]),
    ("rtsp", 554, BOTH, &[]),
    ("nntps", 563, TCP, &["snntp"]),
    ("submission", 587, TCP, &[]),
    ("ipp", 631, TCP, &[]),
    ("ldaps", 636, BOTH, &[]),
    ("domain-s", 853, BOTH, &[]),
    ("rsync", 873, TCP, &[]),
    ("ftps-data", 989, TCP, &[]),
    ("ftps", 990, TCP, &[]),
    ("telnets", 992, TCP, &[]),
    ("imaps", 993, TCP, &[]),
    ("pop3s", 995, TCP, &[]),
    ("socks", 1080, TCP, &[]),
    ("nfs", 2049, BOTH, &[]),
    ("mysql", 3306, TCP, &[]),
    ("ms-wbt-server", 3389, TCP, &[]),
    ("sip", 5060, BOTH, &[]),
    ("xmpp-client", 5222, TCP, &["jabber-client"]),
    ("xmpp-server", 5269, TCP, &["jabber-server"]),
    ("mdns", 5353, UDP, &[]),
    ("postgresql", 5432, TCP, &["postgres"]),
    ("redis", 6379, TCP, &[]),
    ("ircs-u", 6697, TCP, &[]),
    ("http-alt", 8080, BOTH, &["webcache"]),
];

/// Name and number; the name in capitals is its other name, as in protocols(5).
const PROTOCOLS: &[(&str, u8)] = &[
    ("ip", 0),
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("ipv6-nonxt", 59),
    ("ipv6-opts", 60),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
    ("mpls-in-ip", 137),
];

/// The port of a service by its name or another of its names.
pub(super) fn service_port(name: &str, protocol: &str) -> Option<u16> {
    let over = mask(protocol);
    SERVICES
        .iter()
        .find(|(official, _, protocols, aliases)| {
            protocols & over != 0 && (*official == name || aliases.contains(&name))
        })
        .map(|(_, port, _, _)| *port)
}

/// The name of the service on a port.
pub(super) fn service_name(port: u16, protocol: &str) -> Option<&'static str> {
    let over = mask(protocol);
    SERVICES
        .iter()
        .find(|(_, number, protocols, _)| protocols & over != 0 && *number == port)
        .map(|(name, _, _, _)| *name)
}

/// The number of a protocol by its name, in small letters or in capitals.
pub(super) fn protocol_number(name: &str) -> Option<u8> {
    PROTOCOLS
        .iter()
        .find(|(official, _)| *official == name || official.to_ascii_uppercase() == name)
        .map(|(_, number)| *number)
}

/// The name of a protocol number.
pub(super) fn protocol_name(number: u8) -> Option<&'static str> {
    PROTOCOLS
        .iter()
        .find(|(_, official)| *official == number)
        .map(|(name, _)| *name)
}

fn mask(protocol: &str) -> u8 {
    match protocol {
        "tcp" => TCP,
        "udp" => UDP,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_is_found_by_each_of_its_names_and_by_its_port() {
        for (name, port, protocols, aliases) in SERVICES {
            for (protocol, bit) in [("tcp", TCP), ("udp", UDP)] {
                let expected = (protocols & bit != 0).then_some(*port);
                if expected.is_some() {
                    assert_eq!(service_name(*port, protocol), Some(*name));
                    assert_eq!(service_port(name, protocol), expected, "{name}");
                    for alias in *aliases {
                        assert_eq!(service_port(alias, protocol), expected, "{alias}");
                    }
                }
            }
            assert_eq!(service_port(name, "sctp"), None);
        }
        assert!(SERVICES.len() >= 60);
    }

    #[test]
    fn every_protocol_is_found_by_its_name_and_by_its_number() {
        for (name, number) in PROTOCOLS {
            assert_eq!(protocol_number(name), Some(*number));
            assert_eq!(protocol_number(&name.to_ascii_uppercase()), Some(*number));
            assert_eq!(protocol_name(*number), Some(*name));
        }
        assert_eq!(protocol_number("Tcp"), None);
    }
}
