//! Whatever the pattern and the text, a search ends and memory is bounded.

#![allow(clippy::unwrap_used)]

use lariat_re::{Error, Fault, LimitReached, Limits, Pattern};

/// Whether it is found, under the limits that hold by default.
fn found(pattern: &str, text: &str) -> Result<bool, Error> {
    let pattern = Pattern::new(pattern)?;
    Ok(pattern.search(text)?.is_some())
}

#[test]
fn what_explodes_elsewhere_is_answered() {
    let a = "a".repeat(200);
    for pattern in [
        "(a+)+[bc]",
        "(a*)*[bc]",
        "(a|a)*[bc]",
        "(a|aa)+[bc]",
        "^(a+)+$(?<!a)",
        "(?:a?){50}a{300}",
        "(.*)*[xy]",
        "(?:.*a){12}[xy]",
        "(a+a+)+[xy]",
        "((a+)+)+[bc]",
        "(?:(?:a+?)+?)+?[bc]",
        "(?=(a+)+[bc])a",
        "(?>(a+)+[bc])",
        "(?:(a+)+b)*+[xy]",
        "a*a*a*a*a*a*[bc]",
    ] {
        assert_eq!(found(pattern, &a), Ok(false), "{pattern}");
    }
    assert_eq!(found("^(a|aa)*$", &a), Ok(true));
}

#[test]
fn what_was_remembered_does_not_hide_a_match() {
    // Each makes the machine remember failures and has a match behind them.
    let text = format!("{}{}", "a".repeat(900), "c".repeat(10));
    for (pattern, expected) in [
        ("(a+)+(b|c{10}$)", (0, 910)),
        ("(?:a|aa)+(?:b|c)", (0, 901)),
        ("(?:a{1,3}){300,400}c", (0, 901)),
        ("(?:a?){5}(?:b|c)", (895, 901)),
        (r"(?:(a)|b|aa)+\1*c", (0, 901)),
        ("(?>a+?|b)+c", (0, 901)),
        ("(?:(?=(a*))a)+cc", (0, 902)),
    ] {
        let found = Pattern::new(pattern).unwrap().search(&text).unwrap();
        assert_eq!(found.map(|found| found.span()), Some(expected), "{pattern}");
    }
}

#[test]
fn a_search_past_its_steps_says_so() {
    let error = found(r"(x+)(x+)(x+)(x+)\1\2\3\4[yz]", &"x".repeat(300)).unwrap_err();
    assert!(
        matches!(error, Error::Limit(LimitReached::Steps(_))),
        "{error:?}"
    );
    assert!(error.to_string().contains("was given up"), "{error}");
    // Passes that take nothing count too.
    let error = found("(?:(?:)){4294967294}", "").unwrap_err();
    assert!(matches!(error, Error::Limit(_)), "{error:?}");
    // An iterator ends after its error.
    let pattern = Pattern::new("(?:(?:)){4294967294}")
        .unwrap()
        .limited(Limits {
            steps: 100,
            ..Limits::default()
        });
    let mut matches = pattern.find_iter("abc");
    assert!(matches.next().unwrap().is_err());
    assert!(matches.next().is_none());
}

#[test]
fn a_search_past_its_memory_says_so() {
    let limits = Limits {
        memory: 10_000,
        ..Limits::default()
    };
    let pattern = Pattern::new("^(?:ab|[ab])*$(?<!b)")
        .unwrap()
        .limited(limits);
    let error = pattern.search(&"ab".repeat(50_000)).unwrap_err();
    assert_eq!(error, Error::Limit(LimitReached::Memory(10_000)));
    assert!(pattern.search("ababa").unwrap().is_some());
}

#[test]
fn a_long_text_is_no_deep_recursion() {
    let text = "ab".repeat(200_000);
    let pattern = Pattern::new("^(?:(a)|b)*$").unwrap();
    let found = pattern.search(&text).unwrap().unwrap();
    assert_eq!(found.span_of(1).unwrap(), Some((399_998, 399_999)));
}

#[test]
fn a_pattern_too_long_or_too_deep_is_refused() {
    let fault = |pattern: &str| match Pattern::new(pattern) {
        Err(Error::Pattern(error)) => Some(error.fault()),
        _ => None,
    };
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(fault(&nested(199)), None);
    assert_eq!(fault(&nested(1000)), Some(Fault::Limit));
    assert_eq!(fault(&"(?=".repeat(100_000)), Some(Fault::Limit));
    assert_eq!(fault(&"a".repeat(1 << 18)), None);
    assert_eq!(fault(&"a".repeat((1 << 18) + 1)), Some(Fault::Limit));
    assert_eq!(fault("a{4294967295}"), Some(Fault::Repetitions));
    assert_eq!(fault("(?:a{4294967294}){4294967294}"), None);
}

#[test]
fn a_pattern_whose_sets_take_too_much_room_is_refused() {
    let sets = |count: u32| {
        let others = (0xf0000..0xf0000 + count).filter_map(char::from_u32);
        others
            .map(|other| format!("[^\\w{other}]"))
            .collect::<String>()
    };
    // Each has all of the white space and signs, and 30,000 of them would take half a gigabyte.
    let fault = |pattern: &str| match Pattern::new(pattern) {
        Err(Error::Pattern(error)) => Some(error.fault()),
        _ => None,
    };
    assert_eq!(fault(&sets(100)), None);
    assert_eq!(fault(&sets(30_000)), Some(Fault::Limit));
    assert_eq!(fault(&format!("a|{}", sets(30_000))), Some(Fault::Limit));
}

#[test]
fn a_walk_through_many_matches_has_one_budget() {
    // Each match is found quickly, after a look to the end of the text.
    let pattern = Pattern::new("a(?:(?:.|x)*b(?!))?")
        .unwrap()
        .limited(Limits {
            steps: 100_000,
            steps_per_byte: 0,
            ..Limits::default()
        });
    let text = "a".repeat(1000) + "b";
    assert!(pattern.search(&text).unwrap().is_some());
    let error = pattern.find_iter(&text).find_map(Result::err);
    assert!(matches!(error, Some(Error::Limit(LimitReached::Steps(_)))));
}

#[test]
fn parts_of_a_text_lie_between_characters() {
    let pattern = Pattern::new(".").unwrap();
    assert_eq!(pattern.search_in("é", 1..).unwrap_err(), Error::Position(1));
    assert!(pattern.search_in("é", 2..).unwrap().is_none());
    assert!(pattern.search_in("éa", 5..99).unwrap().is_none());
    let (start, end) = (2, 1);
    assert!(pattern.match_in("abc", start..end).unwrap().is_none());
}
