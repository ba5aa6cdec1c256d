//! Generated endpoints: what is printed reads the same, and no text makes reading and printing
//! disagree.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::*;

fn any_host() -> impl Strategy<Value = Host> {
    prop_oneof![
        "[a-z_][a-z0-9-]{0,20}(\\.[a-z]{1,8}){0,3}\\.?".prop_map(Host::Name),
        any::<[u8; 4]>().prop_map(|octets| Host::V4(octets.into())),
        (
            any::<u128>(),
            of("[0-9a-z%@:é.]{1,8}".prop_map(|scope| scope.replace('%', "-")))
        )
            .prop_map(|(bits, scope)| Host::V6(bits.into(), scope)),
    ]
}

/// Text in which the characters that mean something in a URL are frequent.
fn any_name() -> impl Strategy<Value = String> {
    "([@%?#&=/:+,]|[^\\x00]){1,12}"
}

fn any_service() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,6}", "([@%?#&=/:+,]|[^\\x00\\s\\p{Cc}]){1,12}"]
}

fn any_socket_path() -> impl Strategy<Value = SocketPath> {
    prop_oneof![
        any_name().prop_map(|path| SocketPath::File(path.into())),
        vec(any::<u8>(), 1..20).prop_map(SocketPath::Abstract),
    ]
}

fn any_base() -> impl Strategy<Value = Base> {
    prop_oneof![
        (any_host(), of(any::<u16>())).prop_map(|(host, port)| Base::Tcp { host, port }),
        (any_host(), of(any::<u16>())).prop_map(|(host, port)| Base::Udp { host, port }),
        any_socket_path().prop_map(|path| Base::Unix { path }),
        any_socket_path().prop_map(|path| Base::UnixGram { path }),
        (0..=i32::MAX.unsigned_abs()).prop_map(Base::Fd),
        Just(Base::Stdio),
        any_name().prop_map(Base::Memory),
        any_service().prop_map(Base::Service),
    ]
}

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    let layers = prop_oneof![
        Just(vec![]),
        Just(vec![Layer::Tls]),
        Just(vec![Layer::WebSocket]),
        Just(vec![Layer::Tls, Layer::WebSocket]),
    ];
    let proxied = any::<bool>();
    // Options are set through the front door, so that what makes no sense stays out.
    let options = vec(
        prop_oneof![
            ("cert|ca|client_ca", "([@%?#&=/:+,]|[^\\x00]){1,10}"),
            ("name|alpn|tag", "[a-z]{1,9}"),
            ("tag", "[^,\\s]{1,9},[^,\\s]{1,9}"),
            ("over", "(tcp|wss|tls)(,tls\\+unix){0,2}"),
            ("alpn", "[^,]{1,9},[^,]{1,9}"),
            ("verify", "full|none"),
            ("client_cert", "request|require"),
            ("backlog", "[1-9][0-9]{0,3}"),
            ("mode", "[0-7]{1,3}"),
            ("path", "/[a-z?=&/]{0,9}"),
            ("proxy", "v[12]"),
            ("low_ports", "true|false"),
            ("rate", "[0-9]{1,6}"),
            (
                "proxy_from|amplify_to",
                "[1-9]{1,2}\\.0\\.0\\.0/8(,::1|,2001:db8::/32|,192\\.0\\.2\\.7/32){0,3}"
            ),
        ],
        0..6,
    );
    let rest = vec(
        (
            "[a-z]{3}_[=&%#a]{0,3}",
            of(any_name()).prop_map(Option::unwrap_or_default),
        ),
        0..3,
    );
    let all = (layers, proxied, any_base(), options, rest);
    all.prop_map(|(layers, proxied, base, options, rest)| {
        let mut endpoint = Endpoint::over(Vec::new(), base);
        if !endpoint.is_datagram() && endpoint.service().is_none() {
            endpoint.layers = layers;
        }
        if proxied && matches!(endpoint.base, Base::Tcp { .. } | Base::Unix { .. }) {
            endpoint.layers.insert(0, Layer::Proxy);
        }
        for (key, value) in options {
            if let Ok(changed) = endpoint.clone().with_option(&key, &value) {
                endpoint = changed;
            }
        }
        endpoint.rest = rest;
        endpoint
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(endpoint in any_endpoint()) {
        let printed = endpoint.to_string();
        prop_assert_eq!(printed.parse::<Endpoint>(), Ok(endpoint), "{}", printed);
        check_round_trip(&printed);
    }

    #[test]
    fn no_text_makes_it_disagree(
        text in "(proxy\\+)?(tls\\+)?(ws\\+)?(tcp|udp|unix|fd|mem|name|stdio|wss):(//)?\\PC{0,20}(\\?[a-z]{0,4}=\\PC{0,9})?",
        any in "\\PC{0,40}",
    ) {
        check_round_trip(&text);
        check_round_trip(&any);
        let _ = Endpoint::parse_with_default(&any, "tcp");
    }
}
