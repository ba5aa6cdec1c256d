//! What others receive of our services over UDP when somebody asks in their name: in a network namespace
//! of the test's own, with forged senders.

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
    let cases = |part: &str| forged[part].as_object().expect("an object").clone();
    // Ports below 1024 are services that would answer back.
    for (name, case) in cases("low") {
        assert_eq!(case["count"], 0, "{name} at a low port: {case}");
    }
    // Such a server itself.
    for (name, case) in cases("alike") {
        assert_eq!(case["count"], 0, "{name} at its own port: {case}");
    }
    let mut answered = 0;
    for (name, case) in cases("victim") {
        let number = |key: &str| case[key].as_u64().expect("a number");
        assert!(number("size") <= 3 * number("sent"), "{name}: {case}");
        answered += number("count");
    }
    // It is no silence that keeps the victim safe.
    assert!(answered > 500, "{forged}");
    // The first, and what it is answered; and nothing for ever.
    for (pair, count) in cases("loops") {
        assert!(count.as_u64().expect("a number") <= 3, "{pair}: {count}");
    }
}
