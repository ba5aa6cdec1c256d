//! The arguments of a call, one after the other.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::call::message::words;
use crate::call::{CallError, code};

/// The arguments that a call came with, by position or by name, as the method takes them.
///
/// ```
/// use lariat_protocol::call::{Arguments, RawValue};
///
/// let params = RawValue::from_string(r#"{"seconds":"soon"}"#.into()).expect("JSON");
/// let mut arguments = Arguments::read(Some(&params), &["seconds"]).expect("the right ones");
/// let error = arguments.take::<f64>().expect_err("no number");
/// assert_eq!(
///     error.message,
///     "argument seconds: invalid type: string \"soon\", expected f64"
/// );
/// ```
#[derive(Debug)]
pub struct Arguments<'a> {
    names: &'static [&'static str],
    /// In the method's order; what is not given is not there.
    given: Vec<Option<&'a RawValue>>,
    taken: usize,
}

impl<'a> Arguments<'a> {
    /// Looks which arguments are given of those that a method has.
    ///
    /// # Errors
    ///
    /// When there are too many, or unknown ones, or they are neither an array nor an object.
    pub fn read(
        params: Option<&'a RawValue>,
        names: &'static [&'static str],
    ) -> Result<Self, CallError> {
        let given = match params {
            None => Vec::new(),
            Some(params) => {
                use serde::de::DeserializeSeed;

                let mut reader = serde_json::Deserializer::from_str(params.get());
                let read = Given(names).deserialize(&mut reader);
                read.map_err(|error| refused(words(&error)))?
            }
        };
        Ok(Arguments {
            names,
            given,
            taken: 0,
        })
    }

    /// The next argument. One that is not given is as if it were null, which is something where
    /// the type is an `Option`.
    ///
    /// # Errors
    ///
    /// When it is missing, or not of this type.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<T, CallError> {
        let at = self.taken;
        self.taken += 1;
        let name = self.names.get(at).copied().unwrap_or("?");
        match self.given.get(at).copied().flatten() {
            Some(raw) => serde_json::from_str(raw.get())
                .map_err(|error| refused(format!("argument {name}: {}", words(&error)))),
            None => serde_json::from_str("null")
                .map_err(|_| refused(format!("argument {name} is missing"))),
        }
    }
}

fn refused(words: String) -> CallError {
    CallError::new(code::INVALID_PARAMS, words)
}

/// Reads the arguments of these names, and never more than there are names.
struct Given(&'static [&'static str]);

impl<'de> serde::de::DeserializeSeed<'de> for Given {
    type Value = Vec<Option<&'de RawValue>>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Given {
    type Value = Vec<Option<&'de RawValue>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array or an object of arguments")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut given = Vec::new();
        while given.len() < self.0.len() {
            match sequence.next_element()? {
                Some(raw) => given.push(Some(raw)),
                None => return Ok(given),
            }
        }
        let mut more = given.len();
        while sequence.next_element::<IgnoredAny>()?.is_some() {
            more += 1;
        }
        match more > given.len() {
            true => Err(serde::de::Error::custom(format!(
                "there are {more} arguments; {}",
                known(self.0)
            ))),
            false => Ok(given),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

        let mut given = vec![None; self.0.len()];
        while let Some(Name(name)) = map.next_key()? {
            let at = self.0.iter().position(|known| *known == name);
            let at = at.ok_or_else(|| {
                let known = known(self.0);
                serde::de::Error::custom(format!("there is no argument {name:?}; {known}"))
            })?;
            if given[at].replace(map.next_value()?).is_some() {
                let words = format!("argument {name} is given twice");
                return Err(serde::de::Error::custom(words));
            }
        }
        Ok(given)
    }
}

fn known(names: &[&str]) -> String {
    match names {
        [] => "the method takes none".into(),
        names => format!("the method takes: {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(params: &str) -> Result<(u8, Option<String>), String> {
        let params = RawValue::from_string(params.into()).expect("JSON");
        let read = || {
            let mut arguments = Arguments::read(Some(&params), &["count", "name"])?;
            Ok((arguments.take()?, arguments.take()?))
        };
        read().map_err(|error: CallError| error.message)
    }

    #[test]
    fn arguments_come_by_position_or_by_name() {
        let both = Ok((1, Some("a".to_owned())));
        assert_eq!(read(r#"[1,"a"]"#), both);
        assert_eq!(read(r#"{"name":"a","count":1}"#), both);
        assert_eq!(read("[1]"), Ok((1, None)));
        assert_eq!(read(r#"{"count":1,"name":null}"#), Ok((1, None)));
    }

    #[test]
    fn what_is_wrong_with_arguments_is_said() {
        for (params, words) in [
            ("[]", "argument count is missing"),
            ("null", "argument count is missing"),
            (
                "[256]",
                "argument count: invalid value: integer `256`, expected u8",
            ),
            (
                "[1,2]",
                "argument name: invalid type: integer `2`, expected a string",
            ),
            (
                "[1,null,3,4]",
                "there are 4 arguments; the method takes: count, name",
            ),
            (
                r#"{"cuont":1}"#,
                "no argument \"cuont\"; the method takes: count, name",
            ),
            (r#"{"count":1,"count":1}"#, "argument count is given twice"),
            (
                "1",
                "invalid type: integer `1`, expected an array or an object",
            ),
        ] {
            let said = read(params).expect_err(params);
            assert!(said.contains(words), "{params}: {said}");
        }
        let params = RawValue::from_string("[1]".into()).expect("JSON");
        let error = Arguments::read(Some(&params), &[]).expect_err("too many");
        assert!(error.message.ends_with("the method takes none"));
    }
}
