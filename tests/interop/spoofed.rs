//! What others receive of our services over UDP when somebody asks in their name: in a network namespace
//! of the test's own, with forged senders, over IPv4 and IPv6.

use serde_json::Value;

use crate::lariat::{binary, text};
use crate::peer::{program, root};

/// What the forger counted.
fn forged() -> Value {
    let script = root().join("tests/interop/peers/spoofed.py");
    // A user without rights has all of them over namespaces of its own.
    let words = ["--map-root-user", "--net", "python3"].map(String::from);
    let words = words.into_iter().chain([text(&script), text(binary())]);
    let said = program("unshare", words).succeed();
    let last = said.last().expect("it says what came");
    serde_json::from_str(last).expect("JSON")
}

#[test]
fn nobody_is_flooded_or_set_on_another_in_anybodys_name() {
    let forged = forged();
    for family in ["IPv4", "IPv6"] {
        let cases = |part: &str| forged[family][part].as_object().expect("an object").clone();
        // Ports below 1024 are services that would answer back.
        for (name, case) in cases("low") {
            assert_eq!(case["count"], 0, "{name} at a low port, {family}: {case}");
        }
        // Such a server itself.
        for (name, case) in cases("alike") {
            assert_eq!(case["count"], 0, "{name} at its own port, {family}: {case}");
        }
        let mut answered = 0;
        for (name, case) in cases("victim") {
            let number = |key: &str| case[key].as_u64().expect("a number");
            let within = number("size") <= 3 * number("sent");
            assert!(within, "{name}, {family}: {case}");
            let is_silent = name.starts_with("discard ");
            assert!(!is_silent || number("count") == 0, "{name}: {case}");
            answered += number("count");
        }
        // It is no silence that keeps the victim safe.
        assert!(answered > 500, "{forged}");
        for (pair, count) in cases("loops") {
            let count = count.as_u64().expect("a number");
            assert!(
                (1..=most(&pair)).contains(&count),
                "{pair}, {family}: {count}"
            );
        }
    }
}

/// The most datagrams that two servers may say to each other before both are silent: the forged one,
/// two answers, and one that echo brings back. Of chargen one answer in thirty is too short to be known by,
/// and another two follow it; four such in a row are one run in a million.
fn most(pair: &str) -> u64 {
    if pair.contains("chargen") {
        4 + 2 * 4
    } else {
        4
    }
}
