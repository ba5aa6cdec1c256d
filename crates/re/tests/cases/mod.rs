//! Cases with what CPython answered, and whether we answer the same.

use lariat_re::{Error, Fault, Flags, Match, Pattern, Steering, Text};
use serde_json::{Value, json};

/// Compares our answer with Python's, by each kind of engine. `Err` says how they differ.
pub fn judge(case: &Value, expected: &Value) -> Result<(), String> {
    for steering in [Steering::Both, Steering::Machine, Steering::Linear] {
        let found = answer(case, steering);
        if expected.get("slow").is_some() {
            // Ours must have come back, with whatever it found.
            continue;
        }
        if expected != &found && !is_argued(case, expected, &found, steering) {
            return Err(format!(
                "case   {case}\npython {expected}\nours   {found} ({steering:?})"
            ));
        }
    }
    Ok(())
}

/// The differences that are meant.
fn is_argued(case: &Value, expected: &Value, found: &Value, steering: Steering) -> bool {
    let class = |answer: &Value| answer["error"][0].as_str().map(str::to_string);
    // For where to begin, CPython looks up the classes of a group with another alphabet in that
    // of the whole pattern, so it may overlook matches; those that it finds must be ours.
    let pattern = case[1].as_str().unwrap_or_default();
    let scoped = ["(?a:", "(?ai:", "(?u:", "(?L:"]
        .iter()
        .any(|group| pattern.contains(group));
    let same = |field: &str| expected.get(field).is_some() && expected[field] == found[field];
    if scoped && same("match") && same("full") && same("groups") && same("flags") {
        let all = expected["iter"].as_array().map_or(&[][..], |all| &all[..]);
        let overlooked = all.len() <= found["iter"].as_array().map_or(0, Vec::len);
        let found_there = |matched| is_found_there(case, matched, steering);
        return overlooked
            && (expected["search"].is_null() || found_there(&expected["search"]))
            && all.iter().all(found_there);
    }
    // Python's parser gives up by the depth of its own stack, ours at a depth of its own.
    if class(expected).as_deref() == Some("RecursionError") {
        return class(found).as_deref() == Some("RecursionError");
    }
    false
}

/// Whether we find a match where Python does, when we are told where to begin. Behind an empty
/// match it may be another way that is found there.
fn is_found_there(case: &Value, matched: &Value, steering: Steering) -> bool {
    let start = &matched[0][0][0];
    let end = match case[4][0].as_str() {
        Some("in") => case[4][2].clone(),
        _ => json!(usize::MAX),
    };
    let mut there = case.clone();
    there[4] = json!(["in", start, end]);
    let found = answer(&there, steering);
    &found["match"] == matched
        || found["iter"]
            .as_array()
            .is_some_and(|all| all.contains(matched))
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
    let places = Places::of::<T>(&show(text));
    match what[0].as_str() {
        Some("split") => {
            let fields = pattern.split(text, number(1))?;
            let shown: Vec<_> = fields.into_iter().map(|field| field.map(&show)).collect();
            Ok(json!({ "split": shown }))
        }
        Some("sub") => {
            let template = T::made(what[1].as_str().expect("a template is a string"));
            let template: &T = std::borrow::Borrow::borrow(&template);
            let (result, count) = pattern.subn(template, text, number(2))?;
            Ok(json!({ "sub": [show(std::borrow::Borrow::borrow(&result)), count] }))
        }
        kind => {
            let part = match kind {
                Some("in") => places.byte(number(1))..places.byte(number(2)),
                _ => 0..places.byte(usize::MAX),
            };
            let spans = |found: Option<Match<'_, T>>| found.map(|found| places.matched(&found));
            let mut all = Vec::new();
            for found in pattern.find_iter_in(text, part.clone())? {
                all.push(spans(Some(found?)));
            }
            let names: Vec<_> = pattern.group_index().collect();
            Ok(json!({
                "flags": pattern.flags().bits(),
                "groups": pattern.groups(),
                "warnings": pattern.warnings(),
                "names": names,
                "search": spans(pattern.search_in(text, part.clone())?),
                "match": spans(pattern.match_in(text, part.clone())?),
                "full": spans(pattern.fullmatch_in(text, part)?),
                "iter": all,
            }))
        }
    }
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

    fn character(&self, byte: usize) -> usize {
        self.0
            .binary_search(&byte)
            .expect("a span lies between characters")
    }

    fn matched<T: Text + ?Sized>(&self, found: &Match<'_, T>) -> Value {
        let span = |group: usize| match found.span_of(group).expect("the group is there") {
            Some((start, end)) => json!([self.character(start), self.character(end)]),
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
            json!({ "error": [class, error.message(), error.position()] })
        }
        Error::UnknownGroup(message) => json!({ "error": ["IndexError", message, null] }),
        other => json!({ "error": [other.to_string(), "", null] }),
    }
}
