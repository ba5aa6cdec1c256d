//! Whatever the pattern and the text, a search ends and memory is bounded.

#![allow(clippy::unwrap_used)]

use lariat_re::{Error, Fault, LimitReached, Limits, Pattern};

/// Whether it is found, under the limits that hold by default.
fn found(pattern: &str, text: &str) -> Result<bool, Error> {
    found_within(pattern, text, Limits::default())
}

fn found_within(pattern: &str, text: &str, limits: Limits) -> Result<bool, Error> {
    let pattern = Pattern::new(pattern)?.limited(limits);
    Ok(pattern.search(text)?.is_some())
}

/// So many steps, each of which is a few nanoseconds.
fn steps(steps: u64) -> Limits {
    Limits {
        steps,
        steps_per_byte: 0,
        ..Limits::default()
    }
}

/// As many steps as a few milliseconds have.
const MILLISECONDS: u64 = 1_000_000;

#[test]
fn what_explodes_elsewhere_is_answered() {
    let a = "a".repeat(200);
    for pattern in [
        "(a+)+[b-e]",
        "(a*)*[b-e]",
        "(a|a)*[b-e]",
        "(a|aa)+[b-e]",
        "^(a+)+$(?<!a)",
        "(?:a?){50}a{300}",
        "(.*)*[w-z]",
        "(?:.*a){12}[w-z]",
        "(a+a+)+[w-z]",
        "((a+)+)+[b-e]",
        "(?:(?:a+?)+?)+?[b-e]",
        "(?=(a+)+[b-e])a",
        "(?>(a+)+[b-e])",
        "(?:(a+)+b)*+[w-z]",
        "a*a*a*a*a*a*[b-e]",
    ] {
        // A few milliseconds; Python takes from minutes to the age of the world.
        let answer = found_within(pattern, &a, steps(MILLISECONDS));
        assert_eq!(answer, Ok(false), "{pattern}");
    }
    let answer = found_within("^(a|aa)*$", &a, steps(MILLISECONDS));
    assert_eq!(answer, Ok(true));
}

/// What looks far ahead without an instruction for each character looks no farther than its steps
/// allow: it would take hours otherwise, not the limits.
#[test]
fn looking_ahead_takes_steps() {
    let a = "a".repeat(1 << 20);
    let ab = "ab".repeat(1 << 19);
    let open = "<".repeat(1 << 20);
    let end = a.clone() + "x";
    let long = "a".repeat(20_000);
    let words = (0..20).map(|number| format!("{}{number:02}", &long[..8000]));
    let words = words.collect::<Vec<_>>().join("|");
    for (pattern, text) in [
        // A lazy run whose end comes late.
        ("a.*?x(?!$)", &end),
        ("a[^z]*?[w-z](?=z)", &end),
        // A greedy one that is left too early, or has too few.
        ("a.*[w-z](?=z)", &end),
        ("x?[ab]{50000}[c-f](?!e)", &ab),
        ("x?[ab]{50000,60000}?[c-f](?!e)", &ab),
        // Long literals, one and many.
        (&format!("{long}[w-z](?!z)"), &a),
        (&format!("(?:b|{long})[w-z](?!z)"), &a),
        (&format!("(?:{words})(?!z)"), &a),
        // Looks far behind.
        ("(?<=[ab]{50000}[w-z])a", &a),
        ("(?<![ab]{50000})[w-z]|(?<=[ab]{50000}c)a", &a),
        // References to what is long, in one case and in any.
        (r"^(a{5000}).*?\1[w-z]", &a),
        (r"(?i)^(a{5000}).*?\1[w-z]", &a),
    ] {
        let shown: String = pattern.chars().take(40).collect();
        let answer = found_within(pattern, text, steps(2_000_000));
        assert!(
            matches!(answer, Err(Error::Limit(_))),
            "{shown}: {answer:?}"
        );
    }
    // What does not come at all is looked for once.
    let [a, ab, open] = [&a, &ab, &open].map(|text| text[..1 << 18].to_string());
    for (pattern, text) in [
        ("a.*?x(?=y)", &a),
        ("a.*x(?=y)", &a),
        ("<.*?>(?!x)", &open),
        ("ab.*?x(?=y)", &ab),
        ("a[^z]*?[w-z](?=.)", &a),
        ("a[^z]*[w-z](?=.)", &a),
        ("a.*?[w-z]", &a),
        ("(?:a.*?[w-z])+(?=.)", &a),
        ("(?:b|a+?c)(?=.)", &a),
    ] {
        let answer = found_within(pattern, text, steps(8_000_000));
        assert_eq!(answer, Ok(false), "{pattern}");
    }
}

#[test]
fn what_has_none_of_a_few_required_characters_is_answered_at_once() {
    let x = "x".repeat(100_000);
    for (pattern, end) in [
        (r"(x+)(x+)(x+)(x+)\1\2\3\4[yz]", "yz"),
        ("(?:x*x*)*[abc]x*(?!x)", "bc"),
        ("(?>x+x|(?:x*)*)+(?:[#*])", "#"),
    ] {
        let pattern = Pattern::new(pattern).unwrap().limited(steps(10_000));
        assert!(pattern.search(&x).unwrap().is_none(), "{pattern:?}");
        let short = format!("xxxxxxxxxx{end}");
        assert!(pattern.search(&short).unwrap().is_some(), "{pattern:?}");
    }
    // One that comes at the beginning, or is of more than a byte, is not taken for another.
    for (pattern, text, expected) in [
        ("[ab]c", "xacbc", (1, 3)),
        ("[ab]*[cd]", "cab", (0, 1)),
        ("x[éa]", "xé", (0, 3)),
        ("(?i)x+[sk]", "xxK", (0, 3)),
        ("x+[sk]?y*[12]", "xx2", (0, 3)),
        ("ab[cd]", "abcabd", (0, 3)),
        ("(?:x|[yz])1", "x1", (0, 2)),
        ("(?:[ab]){0,2}z", "z", (0, 1)),
    ] {
        let found = Pattern::new(pattern).unwrap().search(text).unwrap();
        assert_eq!(found.map(|found| found.span()), Some(expected), "{pattern}");
    }
}

#[test]
fn what_is_required_may_stand_right_behind_the_beginning() {
    for (pattern, text, expected) in [
        ("a.*a", "xa a", Some((1, 4))),
        ("a.*a", "xa", None),
        ("ab+c", "abab abbc", Some((5, 9))),
        ("(ab)(?=c)c", "abc", Some((0, 3))),
        ("éa*é", "éé", Some((0, 4))),
        ("abc(?:x|y)abc", "abcabcxabc", Some((3, 10))),
        ("(?:GET|POST) (a+) b", "POST c GET a b", Some((7, 14))),
        ("(?:GET|POST) (a+) b", "POST c GET a c", None),
    ] {
        let found = Pattern::new(pattern).unwrap().search(text).unwrap();
        assert_eq!(
            found.map(|found| found.span()),
            expected,
            "{pattern} in {text}"
        );
    }
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
    let error = found(r"(x+)(x+)(x+)(x+)\1\2\3\4[a-w]", &"x".repeat(300)).unwrap_err();
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
fn groups_are_no_more_than_a_match_has_room_for() {
    let groups = |count: usize| "()".repeat(count);
    assert_eq!(Pattern::new(&groups(10_000)[..]).unwrap().groups(), 10_000);
    let error = Pattern::new(&groups(10_001)[..]).unwrap_err();
    assert_eq!(error.to_string(), "the pattern has more than 10000 groups");
    assert!(matches!(&error, Error::Pattern(error) if error.fault() == Fault::Limit));
    // Each match has room for all groups, and pays for it.
    let pattern = Pattern::new(&format!("a|{}", groups(9_999))[..]).unwrap();
    let pattern = pattern.limited(steps(1_000_000));
    let found = pattern.find_iter("aaaaaaaaaa").take_while(Result::is_ok);
    // And one of nothing but groups, at the end.
    assert_eq!(found.count(), 11);
    let text = "a".repeat(1000);
    let found = pattern.find_iter(&text).take_while(Result::is_ok);
    assert!(found.count() < 50);
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
