//! What holds of any line that is read, as functions of its bytes.
//!
//! The tests and a fuzz target call them; nothing else has a use for them.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use crate::names::{Entry, FirstLine, LogRow, NamesClient, Request};

/// Checks that whatever is read as a request, an entry or a row is written as one line that reads
/// the same; and that a client takes the same bytes cut anywhere for the same answers.
///
/// # Panics
///
/// When something is wrong, which is what fuzzing looks for.
pub fn names(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        for line in text.lines() {
            reads_the_same::<Request>(line);
            reads_the_same::<Entry>(line);
            reads_the_same::<LogRow>(line);
            match line.parse::<FirstLine>() {
                Ok(FirstLine::Event(event)) => {
                    let again = event.to_string().parse();
                    assert_eq!(again, Ok(FirstLine::Event(event)));
                }
                Ok(FirstLine::Refused(refused)) => {
                    let line = refused.line();
                    assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
                }
                _ => {}
            }
        }
    }
    let mut whole = NamesClient::default();
    let mut cut = NamesClient::default();
    let is_whole_good = whole.data_received(data).is_ok();
    let is_cut_good = data.iter().all(|byte| cut.data_received(&[*byte]).is_ok());
    assert_eq!(is_whole_good, is_cut_good);
    while let Some(incoming) = whole.next() {
        assert_eq!(Some(incoming), cut.next());
    }
}

fn reads_the_same<T: FromStr + Display + PartialEq + Debug>(line: &str)
where
    T::Err: Display + Debug,
{
    match line.parse::<T>() {
        Ok(value) => {
            let printed = value.to_string();
            assert!(!printed.contains(['\r', '\n']), "{printed:?}");
            match printed.parse::<T>() {
                Ok(again) => assert_eq!(again, value, "{line:?} is printed as {printed:?}"),
                Err(error) => panic!("{line:?} is printed as {printed:?}: {error}"),
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(
                !message.is_empty() && !message.contains('\n'),
                "{message:?}"
            );
        }
    }
}
