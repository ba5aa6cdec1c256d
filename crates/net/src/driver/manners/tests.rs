//! Each rule by itself, and the factor of three whatever comes.

use proptest::prelude::*;

use super::*;

fn manners(endpoint: &str) -> Manners {
    let endpoint: Endpoint = endpoint.parse().expect("an endpoint");
    Manners {
        look: || vec![Ipv4Addr::new(192, 0, 2, 255)],
        ..Manners::new(Some(&endpoint))
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// What becomes of a datagram from somebody to an address of ours.
fn admit(manners: &mut Manners, from: &str, asked: &str) -> Result<(), Dropped> {
    let asked = asked.parse().expect("an address");
    manners.admit(Instant::now(), address(from), Some(asked), b"hi", |_| false)
}

const HERE: &str = "192.0.2.1";

#[test]
fn nobody_is_heard_who_cannot_be_one_sender() {
    let mut strict = manners("udp://h");
    for nobody in [
        "198.51.100.7:0",
        "0.0.0.0:5000",
        "[::]:5000",
        "224.0.0.1:5000",
        "[ff02::1]:5000",
        "255.255.255.255:5000",
        "192.0.2.255:5000",
        "[::ffff:224.0.0.1]:5000",
    ] {
        let dropped = Err(Dropped::NoSender);
        assert_eq!(admit(&mut strict, nobody, HERE), dropped, "{nobody}");
        // That low ports are let in changes nothing about it.
        let mut open = manners("udp://h?low_ports=true");
        assert_eq!(admit(&mut open, nobody, HERE), dropped, "{nobody}");
    }
}

#[test]
fn low_ports_are_heard_only_if_they_are_let_in() {
    for (from, low) in [
        ("198.51.100.7:1", true),
        ("198.51.100.7:53", true),
        ("127.0.0.1:1023", true),
        ("[2001:db8::1]:123", true),
        ("198.51.100.7:1024", false),
        ("198.51.100.7:65535", false),
    ] {
        let expected = if low { Err(Dropped::LowPort) } else { Ok(()) };
        assert_eq!(admit(&mut manners("udp://h"), from, HERE), expected);
        let mut open = manners("udp://h?low_ports=true");
        assert_eq!(admit(&mut open, from, HERE), Ok(()));
    }
}

#[test]
fn what_was_sent_to_many_is_not_answered() {
    let mut manners = manners("udp://h?low_ports=true");
    for (asked, many) in [
        ("192.0.2.255", true),
        ("255.255.255.255", true),
        ("224.0.0.251", true),
        ("ff02::fb", true),
        ("::ffff:192.0.2.255", true),
        ("192.0.2.254", false),
        ("2001:db8::1", false),
    ] {
        let expected = if many { Err(Dropped::ToMany) } else { Ok(()) };
        let admitted = admit(&mut manners, "198.51.100.7:5000", asked);
        assert_eq!(admitted, expected, "{asked}");
    }
}

#[test]
fn it_is_looked_again_which_networks_there_are() {
    let mut manners = manners("udp://h");
    let from = address("198.51.100.7:5000");
    let asked: IpAddr = [203, 0, 113, 255].into();
    let begun = Instant::now();
    let mut admit = |now| manners.admit(now, from, Some(asked), b"hi", |_| false);
    assert_eq!(admit(begun), Ok(()));
    manners.look = || vec![Ipv4Addr::new(203, 0, 113, 255)];
    let mut admit = |now| manners.admit(now, from, Some(asked), b"hi", |_| false);
    assert_eq!(admit(begun + LOOK_AGAIN / 2), Ok(()));
    assert_eq!(admit(begun + LOOK_AGAIN), Err(Dropped::ToMany));
}

#[test]
fn an_answer_is_not_answered() {
    let mut manners = manners("udp://h");
    let from = address("127.0.0.1:5000");
    let mut admit = |data: &[u8]| {
        manners.admit(Instant::now(), from, None, data, |data| {
            data.starts_with(b"re: ")
        })
    };
    assert_eq!(admit(b"re: hi"), Err(Dropped::Answer));
    assert_eq!(admit(b"hi"), Ok(()));
}

/// How many of a thousand datagrams that come at once are heard.
fn heard_of_a_thousand(manners: &mut Manners, now: Instant, from: &str) -> usize {
    let from = address(from);
    let admitted = (0..1000).filter(|_| {
        let decided = manners.admit(now, from, None, b"hi", |_| false);
        assert!(matches!(decided, Ok(()) | Err(Dropped::Rate)));
        decided.is_ok()
    });
    admitted.count()
}

#[test]
fn one_address_is_heard_so_often_and_others_all_the_same() {
    let begun = Instant::now();
    let mut manners = manners("udp://h?rate=100");
    let mut heard =
        |after, from| heard_of_a_thousand(&mut manners, begun + Duration::from_millis(after), from);
    assert_eq!(heard(0, "198.51.100.7:5000"), 200);
    assert_eq!(heard(0, "198.51.100.7:5001"), 0, "another port is no other");
    assert_eq!(heard(0, "198.51.100.8:5000"), 200);
    assert_eq!(heard(500, "198.51.100.7:5000"), 50);
    assert_eq!(heard(0, "[2001:db8::1]:5000"), 200);
    assert_eq!(heard(0, "[2001:db8::2]:5000"), 0, "of the same network");
    assert_eq!(heard(0, "[2001:db8:0:1::2]:5000"), 200);
    assert_eq!(heard(0, "127.0.0.1:5000"), 1000);
    assert_eq!(heard(0, "[::1]:5000"), 1000);
}

#[test]
fn the_rate_has_a_default_and_can_be_turned_off() {
    let begun = Instant::now();
    let mut usual = manners("udp://h");
    let heard: usize = (0..3)
        .map(|_| heard_of_a_thousand(&mut usual, begun, "198.51.100.7:5000"))
        .sum();
    assert_eq!(heard, 2000);
    let mut any = manners("udp://h?rate=0");
    for _ in 0..3 {
        let heard = heard_of_a_thousand(&mut any, begun, "198.51.100.7:5000");
        assert_eq!(heard, 1000);
    }
}

#[test]
fn what_is_remembered_has_a_bound_and_the_idle_are_forgotten_first() {
    let mut remembered = Remembered::new(10);
    for number in 0..1000 {
        *remembered.get_or_insert(0, 0) += 1;
        *remembered.get_or_insert(number, 0) += 1;
        assert!(remembered.recent.len() + remembered.older.len() <= 10);
    }
    assert_eq!(remembered.get(&0), Some(&mut 1001));
    assert_eq!(remembered.get(&999), Some(&mut 1));
    assert_eq!(remembered.get(&500), None);
}

#[test]
fn senders_without_number_are_remembered_up_to_a_bound() {
    let mut manners = manners("udp://h");
    let now = Instant::now();
    for number in 0..3 * MOST_REMEMBERED as u32 {
        let from = SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + 256 * number), 5000));
        assert_eq!(manners.admit(now, from, None, b"hi", |_| false), Ok(()));
    }
    let senders = &manners.senders;
    assert!(senders.recent.len() + senders.older.len() <= MOST_REMEMBERED);
}

#[test]
fn headers_count_on_both_sides() {
    let manners = manners("udp://h?amplify_to=203.0.113.0/24");
    let budget = |peer| manners.budget(&Address::from(address(peer)));
    let mut v4 = budget("198.51.100.7:5000");
    assert!(!v4.take(0), "nothing has come");
    v4.received(2);
    assert!(!v4.take(3 * 30 - 28 + 1));
    assert!(v4.take(3 * 30 - 28), "what did not fit cost nothing");
    assert!(!v4.take(0));
    let mut v6 = budget("[2001:db8::1]:5000");
    v6.received(2);
    assert!(!v6.take(3 * 50 - 48 + 1));
    assert!(v6.take(3 * 50 - 48));
    for free in ["127.0.0.1:5000", "[::1]:5000", "203.0.113.9:5000"] {
        assert!(budget(free).take(65_507), "{free}");
    }
    assert!(manners.budget(&Address::Unix(None)).take(65_507));
}

#[test]
fn a_budget_without_end_stays_one() {
    let mut budget = Budget(Some(Limited {
        left: u64::MAX - 1,
        headers: 28,
    }));
    budget.received(65_507);
    assert!(budget.take(65_507));
}

#[test]
fn each_peer_of_a_socket_has_a_budget_of_its_own() {
    let manners = manners("udp://h");
    let peer = |text| Address::from(address(text));
    let mut budgets = Budgets::new();
    let one = peer("198.51.100.7:5000");
    budgets.received(&manners, &one, 100);
    assert!(!budgets.take(&manners, &peer("198.51.100.7:5001"), 0));
    assert!(!budgets.take(&manners, &peer("198.51.100.8:5000"), 0));
    assert!(budgets.take(&manners, &one, 100));
    assert!(budgets.take(&manners, &one, 100));
    assert!(budgets.take(&manners, &one, 100));
    assert!(!budgets.take(&manners, &one, 0));
    for free in [peer("127.0.0.1:9"), Address::Unix(None)] {
        assert!(budgets.take(&manners, &free, 65_507));
    }
}

proptest! {
    /// Whatever comes and whatever is to be sent, in any order.
    #[test]
    fn nobody_is_sent_more_than_three_times_what_came(
        v6 in any::<bool>(),
        steps in proptest::collection::vec((any::<bool>(), 0usize..65_508), 0..200),
    ) {
        let manners = manners("udp://h");
        let (peer, headers) = match v6 {
            true => ("[2001:db8::1]:5000", 48),
            false => ("198.51.100.7:5000", 28),
        };
        let peer = Address::from(address(peer));
        let (mut session, mut shared) = (manners.budget(&peer), Budgets::new());
        let (mut received, mut sent) = (0, 0);
        for (comes, length) in steps {
            if comes {
                session.received(length);
                shared.received(&manners, &peer, length);
                received += headers + length;
                continue;
            }
            let may = session.take(length);
            prop_assert_eq!(shared.take(&manners, &peer, length), may);
            let fits = sent + headers + length <= 3 * received;
            prop_assert_eq!(may, fits, "what fits is sent, and nothing else");
            sent += if may { headers + length } else { 0 };
        }
        prop_assert!(sent <= 3 * received);
    }
}
