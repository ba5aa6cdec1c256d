//! The gate by itself: whoever comes and goes, the counts are those who are inside.

use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What may happen to a gate.
#[derive(Clone, Debug)]
enum Event {
    Enter(Option<IpAddr>),
    /// One of those that are inside.
    Leave(usize),
    Change(Limits),
    Wait(u64),
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..2u8, 1..4u8).prop_map(|(c, d)| IpAddr::from([10, 0, c, d])),
        (0..2u16, 0..2u16).prop_map(|(c, h)| IpAddr::from([0x2001, 0xdb8, c, 0, 0, 0, 0, h])),
        (1..3u8).prop_map(|d| IpAddr::from([127, 0, 0, d])),
        // The same as 10.0.0.1.
        Just(IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x0a00, 1])),
    ]
}

prop_compose! {
    fn limits()(
        connections in prop::option::of(0..20usize),
        per_address in prop::option::of(0..4usize),
        per_network in prop::option::of(0..6usize),
        prefix_v4 in prop_oneof![Just(8), Just(24), Just(32), Just(99)],
        prefix_v6 in prop_oneof![Just(32), Just(48), Just(128)],
        accept_rate in prop::option::of(1..3u32),
        accept_burst in 0..5u32,
        exempt in any::<bool>(),
        denied in any::<bool>(),
    ) -> Limits {
        let network = |text: &str| text.parse::<Network>().expect("a network");
        Limits {
            connections, per_address, per_network, prefix_v4, prefix_v6, accept_rate, accept_burst,
            exempt: if exempt { Network::LOOPBACK.to_vec() } else { Vec::new() },
            deny: if denied { vec![network("10.0.1.0/24")] } else { Vec::new() },
            ..Limits::none()
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => prop::option::of(address()).prop_map(Event::Enter),
        6 => any::<usize>().prop_map(Event::Leave),
        1 => limits().prop_map(Event::Change),
        1 => (0..3000u64).prop_map(Event::Wait),
    ]
}

/// Holds what the gate answered against who is inside.
fn check(
    answer: Result<Option<IpAddr>, Refusal>,
    from: Option<IpAddr>,
    inside: &[Option<IpAddr>],
    limits: &Limits,
) {
    let full = over(inside.len(), limits.connections);
    let Some(from) = from else {
        assert_eq!(answer, if full { Err(Refusal::Total) } else { Ok(None) });
        return;
    };
    let same = |one: &dyn Fn(IpAddr) -> bool| inside.iter().flatten().filter(|a| one(**a)).count();
    let address = same(&|other| visitor_of(other) == visitor_of(from));
    let network = same(&|other| network_of(other, limits) == network_of(from, limits));
    let limited = is_limited(from, limits);
    let address_full = limited && over(address, limits.per_address);
    let network_full = limited && over(network, limits.per_network);
    match answer {
        Ok(counted) => {
            assert!(!full && !address_full && !network_full && !denied(from, limits));
            assert_eq!(counted, Some(from).filter(|_| limited));
        }
        Err(Refusal::Denied) => assert!(denied(from, limits)),
        Err(Refusal::Total) => assert!(full),
        Err(Refusal::Address) => assert!(address_full),
        Err(Refusal::Network) => assert!(network_full),
        Err(Refusal::Rate) => assert!(limited && limits.accept_rate.is_some()),
        Err(other) => panic!("{other}"),
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_counts_are_those_who_are_inside(
        first in limits(),
        events in vec(event(), 1..200),
    ) {
        let gate = Gate::new(first.clone());
        let (mut limits, mut now) = (first, Instant::now());
        let mut inside: Vec<Option<IpAddr>> = Vec::new();
        for event in events {
            match event {
                Event::Enter(from) => {
                    let answer = gate.enter(from, now);
                    check(answer, from, &inside, &limits);
                    inside.extend(answer);
                }
                Event::Leave(which) if !inside.is_empty() => {
                    gate.leave(inside.swap_remove(which % inside.len()));
                }
                Event::Leave(_) => {}
                Event::Change(new) => {
                    gate.set_limits(new.clone());
                    limits = new;
                }
                Event::Wait(time) => now += Duration::from_millis(time),
            }
            prop_assert_eq!(gate.connections(), inside.len());
        }
        inside.into_iter().for_each(|from| gate.leave(from));
        let visitors = gate.visitors();
        prop_assert_eq!(gate.connections(), 0);
        prop_assert!(visitors.by_network.is_empty());
        prop_assert!(visitors.by_address.values().all(|visitor| visitor.connections == 0));
    }

    #[test]
    fn memory_is_what_was_taken_less_what_was_given_back(sizes in vec(0..1000usize, 1..100)) {
        let gate = Gate::new(Limits { memory: Some(500), ..Limits::none() });
        let mut held = 0;
        for size in sizes {
            let over = gate.hold(held, size);
            prop_assert_eq!(over, size > held && size > 500);
            held = size;
            prop_assert_eq!(gate.memory(), held);
            let entered = gate.enter(None, Instant::now());
            prop_assert_eq!(entered, if held >= 500 { Err(Refusal::Memory) } else { Ok(None) });
            if entered.is_ok() {
                gate.leave(None);
            }
        }
    }
}

/// Two that take the same locks in another order would wait for each other for ever.
#[test]
fn limits_may_change_while_others_come_and_go() {
    let gate = Arc::new(Gate::new(Limits::default()));
    let threads: Vec<_> = (0..3u8)
        .map(|thread| {
            let gate = Arc::clone(&gate);
            std::thread::spawn(move || {
                for round in 0..20_000u32 {
                    if thread == 0 {
                        gate.set_limits(Limits {
                            prefix_v4: 8 + (round % 2) as u8 * 16,
                            accept_rate: None,
                            exempt: Vec::new(),
                            ..Limits::none()
                        });
                        continue;
                    }
                    let from = Some(IpAddr::from([127, 0, 0, thread]));
                    if let Ok(counted) = gate.enter(from, Instant::now()) {
                        gate.leave(counted);
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(gate.connections(), 0);
    assert!(gate.visitors().by_network.is_empty());
}

#[test]
fn handshakes_are_given_back_however_they_end() {
    let gate = Arc::new(Gate::new(Limits {
        handshakes: Some(2),
        ..Limits::none()
    }));
    let begun = [gate.begin_handshake(), gate.begin_handshake()];
    assert!(begun.iter().all(Result::is_ok));
    assert_eq!(gate.begin_handshake().err(), Some(Refusal::Handshakes));
    assert_eq!(gate.handshakes(), 2);
    drop(begun);
    assert_eq!(gate.handshakes(), 0);
}

/// A crowd at one reactor does not take the words from those who are refused at another.
#[test]
fn each_gate_has_its_own_places_for_those_who_are_told_why() {
    let [crowded, other] = [(); 2].map(|()| Arc::new(Gate::new(Limits::none())));
    let mut places: Vec<_> = (0..MOST_LINGERING).map(|_| crowded.linger()).collect();
    assert!(places.iter().all(Option::is_some));
    assert!(crowded.linger().is_none());
    assert!(other.linger().is_some());
    places.pop();
    assert!(crowded.linger().is_some());
}
