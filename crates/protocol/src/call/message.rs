//! The messages: lines of JSON, read into what cannot be wrong, and written.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::call::{CallError, MAXIMUM_ID, Outcome, code};

/// The method that cancels, as in the Language Server Protocol.
const CANCEL: &str = "$/cancelRequest";

/// What tells a call from all others of its side that are not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    /// A number.
    Number(u64),
    /// A text of at most [`MAXIMUM_ID`] bytes.
    Text(Box<str>),
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Number(number) => number.fmt(out),
            Id::Text(text) => write!(out, "{text:?}"),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Id::Number(number) => serializer.serialize_u64(*number),
            Id::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// A call as it came.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// What its answer is to have; nothing if it wants none.
    pub id: Option<Id>,
    /// Which method.
    pub method: Cow<'a, str>,
    /// The arguments: an array or an object, or nothing.
    pub params: Option<&'a RawValue>,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// A line, read.
///
/// ```
/// use lariat_protocol::call::{Id, Message};
///
/// let line = br#"{"jsonrpc":"2.0","id":1,"method":"sleep","params":[1.5],"timeout_ms":2000}"#;
/// let Ok(Message::Call(call)) = Message::read(line) else { panic!("a call") };
/// assert_eq!((call.id, &*call.method), (Some(Id::Number(1)), "sleep"));
/// assert_eq!(call.timeout.map(|time| time.as_secs()), Some(2));
/// ```
#[derive(Clone, Debug)]
pub enum Message<'a> {
    /// Something is to be done.
    Call(Call<'a>),
    /// What is being done is not wanted any more.
    Cancel(Id),
    /// A call has come to its end.
    Answer {
        /// Which; nothing where the other side could not tell.
        id: Option<Id>,
        /// What it came to.
        outcome: Outcome,
    },
    /// Something that may be left alone.
    Nothing,
}

/// A line that is no message.
#[derive(Clone, Debug)]
pub enum Malformed {
    /// It is to be answered with this error.
    Call {
        /// The call's, if it could be read.
        id: Option<Id>,
        /// What is wrong.
        error: CallError,
    },
    /// It would be an answer, and answers are not answered.
    Answer(String),
}

/// The members, none of them looked into.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    timeout_ms: Option<&'a RawValue>,
}

/// What is there, even if it is null.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(from: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

/// A text within JSON, without a copy where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct ErrorMembers {
    code: i64,
    #[serde(default)]
    message: String,
    data: Option<Box<RawValue>>,
}

impl<'a> Message<'a> {
    /// Reads a line, without its end.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and who is told.
    pub fn read(line: &'a [u8]) -> Result<Self, Malformed> {
        let unread = |code, words: String| Malformed::Call {
            id: None,
            error: CallError::new(code, words),
        };
        let text = std::str::from_utf8(line)
            .map_err(|_| unread(code::PARSE_ERROR, "the line is no UTF-8".into()))?;
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() {
            return Ok(Message::Nothing);
        }
        if text.starts_with('[') {
            let words = "messages in arrays are not taken; write each on a line of its own";
            return Err(unread(code::INVALID_REQUEST, words.into()));
        }
        let members: Members<'a> = serde_json::from_str(text).map_err(|error| {
            let code = match error.classify() {
                serde_json::error::Category::Data => code::INVALID_REQUEST,
                _ => code::PARSE_ERROR,
            };
            unread(code, format!("the line is no message: {}", words(&error)))
        })?;
        match members.method {
            None if members.result.is_some() || members.error.is_some() => answer(&members),
            method => call(&members, method),
        }
    }

    /// A call, as it is written.
    pub fn write_call(
        id: u64,
        method: &str,
        params: Option<&RawValue>,
        timeout: Option<Duration>,
    ) -> Vec<u8> {
        #[derive(Serialize)]
        struct Written<'a> {
            jsonrpc: &'static str,
            id: u64,
            method: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            params: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            timeout_ms: Option<u64>,
        }
        // In whole milliseconds, and never less than was meant.
        let timeout_ms =
            timeout.map(|time| u64::try_from(time.as_micros().div_ceil(1000)).unwrap_or(u64::MAX));
        written(&Written {
            jsonrpc: "2.0",
            id,
            method,
            params,
            timeout_ms,
        })
    }

    /// The cancellation of a call, as it is written.
    pub fn write_cancel(id: u64) -> Vec<u8> {
        format!(r#"{{"jsonrpc":"2.0","method":"{CANCEL}","params":{{"id":{id}}}}}"#).into_bytes()
    }

    /// An answer, as it is written.
    pub fn write_answer(id: Option<&Id>, outcome: &Outcome) -> Vec<u8> {
        #[derive(Serialize)]
        struct Failed<'a> {
            code: i64,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            data: Option<&'a RawValue>,
        }
        #[derive(Serialize)]
        struct Written<'a> {
            jsonrpc: &'static str,
            id: Option<&'a Id>,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<Failed<'a>>,
        }
        written(&Written {
            jsonrpc: "2.0",
            id,
            result: outcome.as_deref().ok(),
            error: outcome.as_ref().err().map(|error| Failed {
                code: error.code,
                message: &error.message,
                data: error.data.as_deref(),
            }),
        })
    }
}

/// Numbers, texts and what is JSON already can always be written.
fn written(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}

/// What JSON's reader says, without the place, which is always in the one line.
pub(crate) fn words(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let end = said.find(" at line ").unwrap_or(said.len());
    said[..end].to_owned()
}

fn read_id(raw: &RawValue) -> Result<Id, String> {
    let text = raw.get();
    if let Ok(number) = text.parse() {
        return Ok(Id::Number(number));
    }
    let text: Text<'_> = serde_json::from_str(text)
        .map_err(|_| "an id is a whole number from 0 on, or a text".to_owned())?;
    match text.0.len() <= MAXIMUM_ID {
        true => Ok(Id::Text(text.0.into())),
        false => Err(format!(
            "an id that is a text has at most {MAXIMUM_ID} bytes"
        )),
    }
}

fn call<'a>(members: &Members<'a>, method: Option<&'a RawValue>) -> Result<Message<'a>, Malformed> {
    let id = members.id.map(read_id).transpose();
    let known = id.clone().ok().flatten();
    let refused = |code, words: String| Malformed::Call {
        id: known.clone(),
        error: CallError::new(code, words),
    };
    let invalid = |words: &str| refused(code::INVALID_REQUEST, words.to_owned());
    let id = id.map_err(|words| invalid(&words))?;
    if members
        .jsonrpc
        .is_some_and(|version| version.get() != "\"2.0\"")
    {
        return Err(invalid("this is JSON-RPC \"2.0\" only"));
    }
    let Some(method) = method else {
        return Err(invalid(
            "there is no method, and neither a result nor an error",
        ));
    };
    let method: Text<'a> =
        serde_json::from_str(method.get()).map_err(|_| invalid("the method's name is no text"))?;
    if id.is_none() && method.0 == CANCEL {
        return cancel(members.params).map_err(|words| refused(code::INVALID_PARAMS, words));
    }
    if id.is_none() && method.0.starts_with("$/") {
        return Ok(Message::Nothing);
    }
    let timeout = members.timeout_ms.map(|raw| raw.get().parse());
    let timeout = timeout.transpose().map_err(|_| {
        let words = "timeout_ms is no whole number of milliseconds";
        refused(code::INVALID_PARAMS, words.to_owned())
    })?;
    Ok(Message::Call(Call {
        id,
        method: method.0,
        params: members.params,
        timeout: timeout.map(Duration::from_millis),
    }))
}

fn cancel(params: Option<&RawValue>) -> Result<Message<'_>, String> {
    #[derive(Deserialize)]
    struct Which<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    // An array would be read into the fields in their order.
    let which = params
        .filter(|params| params.get().starts_with('{'))
        .and_then(|params| serde_json::from_str::<Which<'_>>(params.get()).ok());
    let which = which.ok_or("which call is to be cancelled is said by {\"id\":…}")?;
    Ok(Message::Cancel(read_id(which.id)?))
}

fn answer<'a>(members: &Members<'a>) -> Result<Message<'a>, Malformed> {
    let id = members.id.map(read_id).transpose();
    let id = id.map_err(Malformed::Answer)?;
    let outcome = match (members.result, members.error) {
        (Some(result), None) => Ok(result.to_owned()),
        (None, Some(error)) => {
            let error: ErrorMembers = serde_json::from_str(error.get()).map_err(|error| {
                Malformed::Answer(format!("the error of an answer: {}", words(&error)))
            })?;
            Err(CallError {
                code: error.code,
                message: error.message,
                data: error.data,
            })
        }
        _ => {
            let words = "an answer has both a result and an error";
            return Err(Malformed::Answer(words.into()));
        }
    };
    Ok(Message::Answer { id, outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: &str) -> (Option<Id>, i64, String) {
        match Message::read(line.as_bytes()) {
            Err(Malformed::Call { id, error }) => (id, error.code, error.message),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_with_a_call_is_said_and_to_whom() {
        let one = || Some(Id::Number(1));
        for (line, id, code, words) in [
            (
                "hello",
                None,
                code::PARSE_ERROR,
                "no message: expected value",
            ),
            (r#"{"id":1,"#, None, code::PARSE_ERROR, "EOF while parsing"),
            (
                "7",
                None,
                code::INVALID_REQUEST,
                "invalid type: integer `7`",
            ),
            (
                "[]",
                None,
                code::INVALID_REQUEST,
                "each on a line of its own",
            ),
            ("{}", None, code::INVALID_REQUEST, "there is no method"),
            (
                r#"{"id":1}"#,
                one(),
                code::INVALID_REQUEST,
                "there is no method",
            ),
            (
                r#"{"id":1,"method":2}"#,
                one(),
                code::INVALID_REQUEST,
                "no text",
            ),
            (
                r#"{"id":-1,"method":"a"}"#,
                None,
                code::INVALID_REQUEST,
                "from 0 on, or",
            ),
            (
                r#"{"id":1.5,"method":"a"}"#,
                None,
                code::INVALID_REQUEST,
                "from 0 on, or",
            ),
            (
                r#"{"id":1,"jsonrpc":"1.0","method":"a"}"#,
                one(),
                code::INVALID_REQUEST,
                "\"2.0\" only",
            ),
            (
                r#"{"id":1,"method":"a","timeout_ms":-5}"#,
                one(),
                code::INVALID_PARAMS,
                "timeout_ms is no whole number",
            ),
            (
                r#"{"method":"$/cancelRequest","params":[1]}"#,
                None,
                code::INVALID_PARAMS,
                r#"is said by {"id":…}"#,
            ),
        ] {
            let said = refusal(line);
            assert_eq!((&said.0, said.1), (&id, code), "{line}");
            assert!(said.2.contains(words), "{line}: {}", said.2);
        }
        let long = format!(r#"{{"id":"{}","method":"a"}}"#, "x".repeat(MAXIMUM_ID + 1));
        assert!(refusal(&long).2.contains("at most 64 bytes"));
        let deep = format!(r#"{{"id":1,"method":"a","params":{}"#, "[".repeat(60_000));
        assert_eq!(refusal(&deep).1, code::PARSE_ERROR);
    }

    #[test]
    fn a_malformed_answer_is_no_call() {
        for line in [
            r#"{"id":1,"result":1,"error":{"code":1}}"#,
            r#"{"id":1,"error":"no"}"#,
            r#"{"id":{},"result":1}"#,
        ] {
            let read = Message::read(line.as_bytes());
            assert!(matches!(read, Err(Malformed::Answer(_))), "{line}");
        }
    }

    #[test]
    fn null_is_a_result() {
        let read = Message::read(br#"{"id":1,"result":null}"#);
        let Ok(Message::Answer {
            id,
            outcome: Ok(result),
        }) = read
        else {
            panic!("{read:?}");
        };
        assert_eq!((id, result.get()), (Some(Id::Number(1)), "null"));
    }

    #[test]
    fn what_is_written_is_read() {
        let params = RawValue::from_string("[1]".into()).expect("JSON");
        let time = Duration::from_micros(1500);
        let line = Message::write_call(7, "a\"b", Some(&params), Some(time));
        let Ok(Message::Call(call)) = Message::read(&line) else {
            panic!("a call");
        };
        assert_eq!((call.id, &*call.method), (Some(Id::Number(7)), "a\"b"));
        assert_eq!(call.timeout, Some(Duration::from_millis(2)));
        assert_eq!(call.params.map(RawValue::get), Some("[1]"));
        let line = Message::write_cancel(7);
        assert!(matches!(
            Message::read(&line),
            Ok(Message::Cancel(Id::Number(7)))
        ));
    }
}
