//! Cases with what CPython answered, and whether we answer the same.

use lariat_re::{Error, Fault, Flags, Match, Pattern, Steering, Text, escape};
use serde_json::{Map, Value, json};

/// The class of the error of a search that is given up, which Python has not.
const LIMIT: &str = "Limit";

/// How an answer of ours stands to Python's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// It differs in a way that is meant, and documented.
    Argued,
}

/// Compares our answer with Python's, by each kind of engine. `Err` says how they differ.
pub fn judge(case: &Value, expected: &Value) -> Result<Verdict, String> {
    let mut verdict = Verdict::Same;
    for steering in [Steering::Both, Steering::Machine, Steering::Linear] {
        let found = answer(case, steering);
        if expected == &found {
            continue;
        }
        let is_slow = expected.get("slow").is_some();
        let is_right = match is_slow {
            true => came_back(case, &found, steering),
            false => is_argued(case, expected, &found, steering),
        };
        if !is_right {
            return Err(format!(
                "case   {case}\npython {expected}\nours   {found} ({steering:?})"
            ));
        }
        if !is_slow {
            verdict = Verdict::Argued;
        }
    }
    Ok(verdict)
}

/// The class of an error, if the answer is one.
fn class(answer: &Value) -> Option<&str> {
    answer["error"][0].as_str()
}

/// Whether a search that took Python too long was done here, or given up by its limits: no more is known than
/// that the pattern is one, and the template too where it is read before the search.
fn came_back(case: &Value, found: &Value, steering: Steering) -> bool {
    match class(found) {
        None | Some(LIMIT) => true,
        Some(_) if case[4][0] == "expand" => {
            let mut without = case.clone();
            without[4] = json!(["match"]);
            came_back(&without, &answer(&without, steering), steering)
        }
        Some(_) => false,
    }
}

/// The differences that are meant.
fn is_argued(case: &Value, expected: &Value, found: &Value, steering: Steering) -> bool {
    // Python's parser gives up by the depth of its own stack, ours at a depth of its own.
    if class(expected) == Some("RecursionError") {
        return class(found) == Some("RecursionError");
    }
    if class(expected).is_some() || class(found).is_some() {
        return false;
    }
    let same = |field: &str| expected.get(field) == found.get(field);
    if !["groups", "flags", "names", "warnings"]
        .into_iter()
        .all(same)
    {
        return false;
    }
    if ends_before_it_begins(&case[4]) {
        return is_nothing(found);
    }
    // A conditional that asks for the group it stands in may see where a way that failed had closed it: what
    // is matched differs then, and not what is told of it.
    if case[5]["open"] == true {
        return kinds(expected) == kinds(found);
    }
    let half = Half::of(case);
    if half.blank(expected) == half.blank(found) {
        return true;
    }
    // What was made of matches differs as they do: it is them that are compared.
    let differ = half.blank(&expected["iter"]) != half.blank(&found["iter"]);
    if half.has_any() && !differ && !same("iter") {
        return true;
    }
    is_scoped(case) && is_overlooked(case, expected, found, (&half, steering))
}

/// What an answer tells of.
fn kinds(answer: &Value) -> Vec<&String> {
    let mut kinds: Vec<&String> = answer.as_object().into_iter().flat_map(Map::keys).collect();
    kinds.sort();
    kinds
}

/// Whether a part of a text is asked for that ends before it begins: in it CPython finds an empty
/// match, against its documentation.
fn ends_before_it_begins(what: &Value) -> bool {
    let part = match what[0].as_str() {
        Some("in" | "findall") => [&what[1], &what[2]],
        Some("scanner") => [&what[2], &what[3]],
        _ => return false,
    };
    part[0].as_u64() > part[1].as_u64()
}

/// Whether an answer has no match in it.
fn is_nothing(answer: &Value) -> bool {
    let all = ["iter", "findall", "scanner"].into_iter();
    let mut all = all.filter_map(|field| answer[field].as_array()).flatten();
    all.all(Value::is_null)
        && ["search", "match", "full"]
            .into_iter()
            .all(|field| answer[field].is_null())
}

/// Groups inside of possessive repeats, which keep half of a pass that failed in CPython.
struct Half(Vec<usize>);

impl Half {
    fn of(case: &Value) -> Self {
        let groups = case[5]["half"].as_array().into_iter().flatten();
        Half(
            groups
                .filter_map(Value::as_u64)
                .map(|group| group as usize)
                .collect(),
        )
    }

    fn has_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// An answer without what those groups matched, and which group was closed last.
    fn blank(&self, answer: &Value) -> Value {
        let mut answer = answer.clone();
        if self.has_any() {
            self.blank_in(&mut answer);
        }
        answer
    }

    fn blank_in(&self, value: &mut Value) {
        match value {
            // A match: its spans, and the number of a group.
            Value::Array(all) if all.len() == 2 && is_spans(&all[0]) => {
                for group in &self.0 {
                    if let Some(span) = all[0].get_mut(*group) {
                        *span = Value::Null;
                    }
                }
                all[1] = Value::Null;
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.blank_in(one)),
            Value::Object(all) => all.values_mut().for_each(|one| self.blank_in(one)),
            _ => {}
        }
    }
}

fn is_spans(value: &Value) -> bool {
    let is_span = |value: &Value| value.as_array().is_some_and(|span| span.len() == 2);
    value
        .as_array()
        .is_some_and(|all| !all.is_empty() && all.iter().all(is_span))
}

/// Whether a group of the pattern has another alphabet than the whole.
fn is_scoped(case: &Value) -> bool {
    let pattern = case[1].as_str().unwrap_or_default();
    ["(?a:", "(?ai:", "(?u:", "(?L:"]
        .iter()
        .any(|group| pattern.contains(group))
}

/// For where to begin, CPython looks up the classes of a group with another alphabet in that
/// of the whole pattern, so it may overlook matches; those that it finds must be ours.
fn is_overlooked(
    case: &Value,
    expected: &Value,
    found: &Value,
    (half, steering): (&Half, Steering),
) -> bool {
    let same = |field: &str| half.blank(&expected[field]) == half.blank(&found[field]);
    let all = |answer: &Value| {
        let all = ["iter", "scanner"].into_iter();
        let all = all.filter_map(|field| answer[field].as_array());
        let all = all.flatten().filter(|one| !one.is_null());
        all.cloned().collect::<Vec<Value>>()
    };
    let (theirs, ours) = (all(expected), all(found));
    // What both say of one place is the same, and what is made of the same matches too.
    same("match")
        && same("full")
        && !(same("iter") && same("scanner") && same("search"))
        && (theirs.len() <= ours.len() || expected.get("scanner").is_some())
        && theirs
            .iter()
            .chain(Some(&expected["search"]).filter(|one| !one.is_null()))
            .all(|matched| is_found_there(case, matched, (half, steering)))
}

/// Whether we find a match where Python does, when we are told where to begin. Behind an empty
/// match it may be another way that is found there.
fn is_found_there(case: &Value, matched: &Value, (half, steering): (&Half, Steering)) -> bool {
    let start = &matched[0][0][0];
    let end = match case[4][0].as_str() {
        Some("in" | "findall") => case[4][2].clone(),
        Some("scanner") => case[4][3].clone(),
        _ => json!(usize::MAX),
    };
    let mut there = case.clone();
    there[4] = json!(["in", start, end]);
    let found = half.blank(&answer(&there, steering));
    let matched = half.blank(matched);
    found["match"] == matched
        || found["iter"]
            .as_array()
            .is_some_and(|all| all.contains(&matched))
}

/// Our answer to a case, in the form of Python's.
pub fn answer(case: &Value, steering: Steering) -> Value {
    let string = |value: &Value| value.as_str().expect("it is a string").to_string();
    let (pattern, text) = (string(&case[1]), string(&case[3]));
    let flags = case[2].as_u64().expect("flags are a number") as u32;
    let flags = Flags::from_bits(flags).expect("they are known flags");
    let what = (&case[4], steering);
    let answer = match case[0].as_str() {
        Some("str") => perform::<str>(&pattern, flags, &text, what, |text| text.to_string()),
        _ => {
            let (pattern, text) = (latin_1(&pattern), latin_1(&text));
            perform::<[u8]>(&pattern, flags, &text, what, |text| {
                text.iter().map(|byte| char::from(*byte)).collect()
            })
        }
    };
    answer.unwrap_or_else(|error| of_error(&error))
}

/// A text for each kind, from the characters of a case.
trait Made: Text {
    fn made(text: &str) -> Self::Owned;
}

impl Made for str {
    fn made(text: &str) -> String {
        text.to_string()
    }
}

impl Made for [u8] {
    fn made(text: &str) -> Vec<u8> {
        latin_1(text)
    }
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|char| u32::from(char) as u8).collect()
}

fn perform<T: Made + ?Sized>(
    pattern: &T,
    flags: Flags,
    text: &T,
    (what, steering): (&Value, Steering),
    show: impl Fn(&T) -> String,
) -> Result<Value, Error>
where
    for<'r> &'r T: lariat_re::Replacement<T>,
{
    let pattern = Pattern::with_flags(pattern, flags)?.steered(steering);
    let number = |index: usize| what[index].as_u64().expect("it is a number") as usize;
    let string = |index: usize| T::made(what[index].as_str().expect("it is a string"));
    let owned = |text: &T::Owned| show(std::borrow::Borrow::borrow(text));
    let places = Places::of::<T>(&show(text));
    let part = match what[0].as_str() {
        Some("in" | "findall") => places.part(number(1), number(2)),
        Some("scanner") => places.part(number(2), number(3)),
        _ => places.part(0, usize::MAX),
    };
    let spans = |found: Option<Match<'_, T>>| found.map(|found| places.matched(&found));
    let all = || {
        let all = pattern.find_iter_in(text, part.clone())?;
        let all = all.map(|found| found.map(|found| places.matched(&found)));
        all.collect::<Result<Vec<_>, _>>()
    };
    Ok(match what[0].as_str() {
        Some("escape") => json!({ "escape": owned(&escape(text)) }),
        Some("scanner") => {
            let mut scanner = pattern.scanner_in(text, part)?;
            let mut found = Vec::new();
            for call in what[1].as_str().unwrap_or_default().chars() {
                found.push(spans(match call {
                    'm' => scanner.match_()?,
                    _ => scanner.search()?,
                }));
            }
            json!({ "scanner": found })
        }
        Some("findall") => {
            let found = pattern.findall_in(text, part.clone())?;
            let show = |row: Vec<&T>| row.into_iter().map(&show).collect::<Vec<_>>();
            let found: Vec<_> = found.into_iter().map(show).collect();
            json!({ "findall": found, "iter": all()? })
        }
        Some("split") => {
            let fields = pattern.split(text, number(1))?;
            let shown: Vec<_> = fields.into_iter().map(|field| field.map(&show)).collect();
            json!({ "split": shown, "iter": all()? })
        }
        Some("sub") => {
            let template = string(1);
            let template: &T = std::borrow::Borrow::borrow(&template);
            let (result, count) = pattern.subn(template, text, number(2))?;
            json!({ "sub": [owned(&result), count], "iter": all()? })
        }
        Some("expand") => {
            let (template, default) = (string(1), string(2));
            let borrowed = (
                std::borrow::Borrow::borrow(&template),
                std::borrow::Borrow::borrow(&default),
            );
            let told = told(&pattern, text, borrowed, (&places, &show))?;
            json!({ "expand": told, "iter": all()? })
        }
        _ => {
            let names: Vec<_> = pattern.group_index().collect();
            json!({
                "flags": pattern.flags().bits(),
                "groups": pattern.groups(),
                "warnings": pattern.warnings(),
                "names": names,
                "search": spans(pattern.search_in(text, part.clone())?),
                "match": spans(pattern.match_in(text, part.clone())?),
                "full": spans(pattern.fullmatch_in(text, part.clone())?),
                "iter": all()?,
            })
        }
    })
}

/// What the first matches tell besides their spans.
fn told<T: Made + ?Sized>(
    pattern: &Pattern<T>,
    text: &T,
    (template, default): (&T, &T),
    (places, show): (&Places, &impl Fn(&T) -> String),
) -> Result<Vec<Value>, Error> {
    let mut told = Vec::new();
    for found in pattern.find_iter(text).take(3) {
        let found = found?;
        let expanded = found.expand(template)?;
        let groups: Vec<_> = found.groups_or(default).into_iter().map(show).collect();
        let named = found.group_dict().into_iter();
        let named: Vec<_> = named.map(|(name, text)| (name, text.map(show))).collect();
        told.push(json!([
            show(std::borrow::Borrow::borrow(&expanded)),
            groups,
            named,
            found.last_group(),
            places.character(found.pos()),
            places.character(found.end_pos()),
        ]));
    }
    Ok(told)
}

/// The bytes at which the characters of a text begin, and its end.
struct Places(Vec<usize>);

impl Places {
    fn of<T: Text + ?Sized>(text: &str) -> Self {
        let width = |char: char| if text_is::<T>() { char.len_utf8() } else { 1 };
        let mut places = vec![0];
        for char in text.chars() {
            places.push(places[places.len() - 1] + width(char));
        }
        Places(places)
    }

    /// The byte of a character; past the end, the end.
    fn byte(&self, character: usize) -> usize {
        self.0[character.min(self.0.len() - 1)]
    }

    fn part(&self, start: usize, end: usize) -> std::ops::Range<usize> {
        self.byte(start)..self.byte(end)
    }

    fn character(&self, byte: usize) -> usize {
        self.0
            .binary_search(&byte)
            .expect("a span lies between characters")
    }

    fn matched<T: Text + ?Sized>(&self, found: &Match<'_, T>) -> Value {
        let span = |group: usize| match found.span_of(group).expect("the group is there") {
            Some((start, end)) => {
                let span = (self.character(start), self.character(end));
                assert_eq!(found.char_span(group).ok().flatten(), Some(span));
                json!([span.0, span.1])
            }
            None => json!([-1, -1]),
        };
        let spans: Vec<_> = (0..=found.pattern().groups()).map(span).collect();
        json!([spans, found.last_index()])
    }
}

fn text_is<T: Text + ?Sized>() -> bool {
    std::any::TypeId::of::<Box<T>>() == std::any::TypeId::of::<Box<str>>()
}

/// An error as Python raises it.
fn of_error(error: &Error) -> Value {
    match error {
        Error::Pattern(error) | Error::Template(error) => {
            let class = match error.fault() {
                Fault::Syntax => "error",
                Fault::Flags => "ValueError",
                Fault::Repetitions => "OverflowError",
                _ => "RecursionError",
            };
            let (message, position) = (error.message(), error.position());
            if error.fault() != Fault::Syntax {
                return json!({ "error": [class, message, position] });
            }
            let place = error.line_and_column();
            let (line, column) = (place.map(|place| place.0), place.map(|place| place.1));
            json!({ "error": [class, message, position, line, column, error.to_string()] })
        }
        Error::UnknownGroup(message) => json!({ "error": ["IndexError", message, null] }),
        Error::Limit(_) => json!({ "error": [LIMIT, "", null] }),
        other => json!({ "error": [other.to_string(), "", null] }),
    }
}
