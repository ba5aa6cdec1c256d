//! What is sent with a request: data, a form, a file, or standard input.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use lariat_client::http::{Body, Field, Form, Multipart};

use super::args::Args;
use super::fields::{Fields, Kind};
use crate::failure::{Failure, in_words};
use crate::progress::Progress;

/// The type of JSON.
const JSON: &str = "application/json";

/// The most bytes that are read to be sent in one piece.
const MAXIMUM_DATA: u64 = 256 * 1024 * 1024;

/// What is sent with each of the requests.
pub enum Content {
    /// Nothing.
    None,
    /// Bytes of a type.
    Data {
        bytes: Vec<u8>,
        content_type: &'static str,
    },
    /// A form with files.
    Form(Multipart),
    /// A file or a pipe, as it is.
    File(PathBuf),
    /// Standard input, as it comes.
    Input,
}

impl Content {
    /// What the arguments say.
    ///
    /// # Errors
    ///
    /// When a file of them cannot be read, or a field is none.
    pub fn of(args: &Args) -> Result<Self, Failure> {
        if let Some(file) = &args.upload_file {
            return Ok(match file == Path::new("-") {
                true => Content::Input,
                false => Content::File(file.clone()),
            });
        }
        let Fields(fields) = &args.fields;
        if fields.iter().any(|(kind, _)| kind.is_form()) {
            return form(fields).map(Content::Form);
        }
        if let Some(text) = &args.data_json {
            return Ok(Content::Data {
                bytes: said(text, false)?,
                content_type: JSON,
            });
        }
        let pieces = fields.iter().map(|(kind, text)| match kind {
            Kind::Data => said(text, true),
            Kind::DataBinary => said(text, false),
            Kind::DataEncoded => Ok(encoded(text)?.into_bytes()),
            _ => Ok(text.clone().into_bytes()),
        });
        let pieces: Vec<Vec<u8>> = pieces.collect::<Result<_, Failure>>()?;
        Ok(match pieces.is_empty() {
            true => Content::None,
            false => Content::Data {
                bytes: pieces.join(&b'&'),
                content_type: Form::CONTENT_TYPE,
            },
        })
    }

    /// Its type, if it has one.
    pub fn content_type(&self) -> Option<String> {
        match self {
            Content::Data { content_type, .. } => Some((*content_type).to_owned()),
            Content::Form(form) => Some(form.content_type()),
            Content::None | Content::File(_) | Content::Input => None,
        }
    }

    /// Whether it is JSON, to which JSON is the answer.
    pub fn is_json(&self) -> bool {
        matches!(self, Content::Data { content_type, .. } if *content_type == JSON)
    }

    /// Whether it can be sent once only, as what comes through a pipe.
    pub fn is_once(&self) -> bool {
        match self {
            Content::Input => true,
            Content::File(path) => fs::metadata(path).is_ok_and(|known| !known.is_file()),
            Content::Form(form) => form.length().is_none(),
            Content::None | Content::Data { .. } => false,
        }
    }

    /// It as a body, whose way is shown if it is one that takes a while.
    ///
    /// # Errors
    ///
    /// When the file is not there.
    pub fn body(&self, bar: Progress) -> Result<Body, Failure> {
        let watch = move |sent: u64, all: Option<u64>| match Some(sent) == all {
            true => bar.clear(),
            false => bar.show(sent, all),
        };
        Ok(match self {
            Content::None => Body::empty(),
            Content::Data { bytes, .. } => bytes.clone().into(),
            Content::Form(form) => form.clone().watched(watch).into(),
            Content::File(path) => Body::file(path, watch)?,
            Content::Input => Body::blocking_reader(std::io::stdin())?,
        })
    }
}

/// A text, or what stands in the file that it names behind `@`.
pub fn said(text: &str, in_one_line: bool) -> Result<Vec<u8>, Failure> {
    let Some(path) = text.strip_prefix('@') else {
        return Ok(text.into());
    };
    let mut bytes = read(path)?;
    if in_one_line {
        bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    }
    Ok(bytes)
}

/// The whole of a file, or of standard input.
fn read(path: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match path {
        "-" => {
            let input = std::io::stdin().lock();
            input.take(MAXIMUM_DATA + 1).read_to_end(&mut bytes)
        }
        path => fs::File::open(path)
            .and_then(|file| file.take(MAXIMUM_DATA + 1).read_to_end(&mut bytes)),
    };
    let shown = if path == "-" { "standard input" } else { path };
    match read {
        Err(error) => Err(super::exit::unreadable(format!(
            "cannot read {shown}: {}",
            in_words(&error)
        ))),
        Ok(length) if length as u64 > MAXIMUM_DATA => Err(Failure::usage(format!(
            "{shown} has more than 256 MiB, which are too many to be held at once; send it by -T"
        ))),
        Ok(_) => Ok(bytes),
    }
}

/// A field of `--data-urlencode`: `TEXT`, `=TEXT`, `NAME=TEXT`, `@FILE` or `NAME@FILE`.
fn encoded(field: &str) -> Result<String, Failure> {
    let at = field.find('=').or_else(|| field.find('@'));
    let (name, sign, rest) = match at {
        Some(at) => (&field[..at], &field[at..=at], &field[at + 1..]),
        None => ("", "=", field),
    };
    let text = match sign {
        "@" => String::from_utf8(read(rest)?)
            .map_err(|_| Failure::usage(format!("{rest} is not text in UTF-8")))?,
        _ => rest.to_owned(),
    };
    let text = Form::encoded(&text);
    Ok(match name {
        "" => text,
        name => format!("{name}={text}"),
    })
}

/// A form with files.
fn form(fields: &[(Kind, String)]) -> Result<Multipart, Failure> {
    let of_input = fields
        .iter()
        .filter(|(kind, text)| *kind == Kind::Form && reads_input(text));
    if of_input.count() > 1 {
        return Err(Failure::usage(
            "standard input can be read for one field only",
        ));
    }
    fields
        .iter()
        .try_fold(Multipart::new(), |form, (kind, text)| {
            let (name, field) = match kind {
                Kind::Form => file_field(text)?,
                _ => {
                    let (name, value) = parted(text)?;
                    (name, Field::text(value))
                }
            };
            Ok(form.field(name, field))
        })
}

fn parted(text: &str) -> Result<(&str, &str), Failure> {
    let parted = text.split_once('=');
    parted.ok_or_else(|| {
        Failure::usage(format!(
            "{text:?} is no field; write NAME=TEXT or NAME=@FILE"
        ))
    })
}

/// Whether a field has what standard input has.
fn reads_input(field: &str) -> bool {
    let value = field.split_once('=').map_or("", |(_, value)| value);
    value
        .strip_prefix(['@', '<'])
        .is_some_and(|rest| options(rest).0 == "-")
}

/// `NAME=TEXT`, `NAME=@FILE;type=TYPE;filename=NAME` or `NAME=<FILE`.
fn file_field(text: &str) -> Result<(&str, Field), Failure> {
    let (name, value) = parted(text)?;
    let (sign, rest) = match value.chars().next() {
        Some(sign @ ('@' | '<')) => (Some(sign), &value[1..]),
        _ => (None, value),
    };
    let (content, options) = options(rest);
    let mut field = match (sign, content.as_ref()) {
        (None, content) => Field::text(content),
        // A file may have any length; a text has one that is known.
        (Some('@'), "-") => Field::blocking_reader(std::io::stdin()).named("-"),
        (Some(_), "-") => Field::bytes(read("-")?),
        (Some('<'), path) => Field::text_of_file(Path::new(path))?,
        (Some(_), path) => Field::file(Path::new(path))?,
    };
    for (option, said) in options {
        field = match option {
            TYPE => field.typed(&said)?,
            _ => field.named(&*said),
        };
    }
    Ok((name, field))
}

/// The options that may stand behind what a field has.
const TYPE: &str = ";type=";
const FILE_NAME: &str = ";filename=";

/// What stands before the options of a field, and the options, each between quotes or not. A type may have a semicolon
/// itself.
fn options(text: &str) -> (Cow<'_, str>, Vec<(&str, Cow<'_, str>)>) {
    let (content, mut rest) = value(text);
    let mut options = Vec::new();
    while let Some(option) = [TYPE, FILE_NAME]
        .into_iter()
        .find(|known| rest.starts_with(known))
    {
        let (said, behind) = value(&rest[option.len()..]);
        options.push((option, said));
        rest = behind;
    }
    (content, options)
}

/// What comes first, up to an option, and what is behind it. Between quotes anything may stand, a quote itself behind a backslash.
fn value(text: &str) -> (Cow<'_, str>, &str) {
    if let Some((quoted, rest)) = quoted(text) {
        return (Cow::Owned(quoted), rest);
    }
    let starts = [TYPE, FILE_NAME]
        .into_iter()
        .filter_map(|known| text.find(known));
    let (value, rest) = text.split_at(starts.min().unwrap_or(text.len()));
    (Cow::Borrowed(value), rest)
}

/// A text between quotes, behind which there is nothing or an option.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut said = String::new();
    let mut characters = text.strip_prefix('"')?.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let rest = &text[at + 2..];
                let is_end = [TYPE, FILE_NAME]
                    .iter()
                    .any(|known| rest.starts_with(known));
                return (rest.is_empty() || is_end).then_some((said, rest));
            }
            '\\' => match characters.next()? {
                (_, sign @ ('"' | '\\')) => said.push(sign),
                (_, other) => said.extend(['\\', other]),
            },
            other => said.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Vec<(&str, String)>) {
        let (content, options) = options(text);
        let options = options
            .into_iter()
            .map(|(option, said)| (option, said.into_owned()));
        (content.into_owned(), options.collect())
    }

    #[test]
    fn a_field_has_options_behind_it() {
        for (text, content, expected) in [
            ("a;b", "a;b", &[][..]),
            (
                "a.txt;type=text/plain; charset=utf-8;filename=\"b c.txt\"",
                "a.txt",
                &[(TYPE, "text/plain; charset=utf-8"), (FILE_NAME, "b c.txt")],
            ),
            ("a;filename=x;type=y", "a", &[(FILE_NAME, "x"), (TYPE, "y")]),
            (";type=y", "", &[(TYPE, "y")]),
            // What is between quotes is no option.
            ("a;filename=\"b;type=c\"", "a", &[(FILE_NAME, "b;type=c")]),
            ("\"a;type=b\";type=c", "a;type=b", &[(TYPE, "c")]),
            (r#""a \"b\" \\ \n""#, r#"a "b" \ \n"#, &[]),
            // These are none.
            ("\"a\" b", "\"a\" b", &[]),
            ("\"a", "\"a", &[]),
        ] {
            let expected = expected
                .iter()
                .map(|(option, said)| (*option, (*said).to_owned()));
            assert_eq!(
                parts(text),
                (content.to_owned(), expected.collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_field_of_a_form_is_encoded() {
        for (field, line) in [
            ("a b&c", "a+b%26c"),
            ("=a=b", "a%3Db"),
            ("q=ü &", "q=%C3%BC+%26"),
            ("q=a@b", "q=a%40b"),
        ] {
            assert_eq!(encoded(field), Ok(line.into()), "{field}");
        }
        assert!(encoded("q@/nowhere/at/all").is_err());
    }

    #[test]
    fn a_field_without_a_name_is_told() {
        let failure = file_field("photo").map(|_| ()).expect_err("no field");
        assert_eq!(
            failure.message(),
            Some("\"photo\" is no field; write NAME=TEXT or NAME=@FILE")
        );
    }
}
