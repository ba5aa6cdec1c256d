//! The functions without a compiled pattern, and what a match tells of itself.

#![allow(clippy::unwrap_used)]

use lariat_re::{
    Error, Flags, Match, Pattern, find_iter, findall, fullmatch, match_, purge, search, split, sub,
    subn,
};

#[test]
fn functions_compile_their_pattern_and_do_what_its_methods_do() {
    let text = "a1 B22 c333";
    let any_case = Flags::IGNORECASE;
    let span = |found: Option<Match<'_>>| found.map(|found| found.span());
    assert_eq!(span(search("b", text, any_case).unwrap()), Some((3, 4)));
    assert_eq!(span(search("b", text, Flags::NONE).unwrap()), None);
    assert_eq!(span(match_("A", text, any_case).unwrap()), Some((0, 1)));
    assert_eq!(span(match_("b", text, any_case).unwrap()), None);
    assert_eq!(
        span(fullmatch("a.*3", text, any_case).unwrap()),
        Some((0, 11))
    );
    assert_eq!(
        span(fullmatch("a.*", text, any_case).unwrap()),
        Some((0, 11))
    );
    assert_eq!(span(fullmatch("a", text, any_case).unwrap()), None);
    let all = find_iter(r"[ab](\d+)", text, any_case).unwrap();
    let all: Vec<_> = all.into_iter().map(|found| found.span()).collect();
    assert_eq!(all, [(0, 2), (3, 6)]);
    assert_eq!(findall("b(.)(.)", text, any_case).unwrap(), [["2", "2"]]);
    let fields = split("( b)", text, 0, any_case).unwrap();
    assert_eq!(fields, [Some("a1"), Some(" B"), Some("22 c333")]);
    assert_eq!(
        split(" ", text, 1, Flags::NONE).unwrap(),
        [Some("a1"), Some("B22 c333")]
    );
    assert_eq!(sub("B2", "-", text, 0, any_case).unwrap(), "a1 -2 c333");
    let counted = subn(r"(\w)\d", r"\1", text, 2, any_case).unwrap();
    assert_eq!(counted, ("a B2 c333".to_string(), 2));
    // What is forgotten is compiled again.
    purge();
    assert_eq!(span(search("b", text, any_case).unwrap()), Some((3, 4)));
    assert!(matches!(
        find_iter("(", text, any_case),
        Err(Error::Pattern(_))
    ));
}

#[test]
fn a_match_tells_its_groups_and_where_it_was_looked_for() {
    let pattern = Pattern::new(r"(?P<word>[a-zé]+)|(\d+)|(?P<rest>.)").unwrap();
    let text = "é: 12 x";
    let found = pattern.search_in(text, 2..6).unwrap().unwrap();
    assert_eq!((found.text(), found.string()), (":", text));
    assert_eq!((found.pos(), found.end_pos()), (2, 6));
    assert_eq!(
        (found.last_index(), found.last_group()),
        (Some(3), Some("rest"))
    );
    assert_eq!(found.group_dict(), [("word", None), ("rest", Some(":"))]);
    assert_eq!(found.groups(), [None, None, Some(":")]);
    assert_eq!(found.groups_or("-"), ["-", "-", ":"]);
    assert_eq!(found.expand(r"<\g<rest>|\1|\g<0>>").unwrap(), "<:||:>");
    let error = found.expand(r"\g<none>").unwrap_err();
    assert_eq!(error.to_string(), "unknown group name 'none'");
    assert_eq!(found.start_of("rest").unwrap(), Some(2));
    assert_eq!(found.end_of(1).unwrap(), None);
    assert_eq!(found.char_span("rest").unwrap(), Some((1, 2)));
    let found = pattern.search_in(text, 4..).unwrap().unwrap();
    assert_eq!((found.text(), found.last_group()), ("12", None));
    assert_eq!((found.pos(), found.end_pos(), found.range()), (4, 8, 4..6));
    let mut scanner = pattern.scanner_in(text, 4..7).unwrap();
    assert_eq!(scanner.match_().unwrap().unwrap().span(), (4, 6));
    assert_eq!(scanner.search().unwrap().unwrap().span(), (6, 7));
    assert!(scanner.search().unwrap().is_none());
    assert_eq!(
        pattern.scanner_in(text, 1..).unwrap_err(),
        Error::Position(1)
    );
    assert_eq!(
        pattern.findall_in(text, ..1).unwrap_err(),
        Error::Position(1)
    );
}
