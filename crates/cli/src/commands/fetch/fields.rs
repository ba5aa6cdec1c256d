//! Data and the fields of forms, in the order in which they were said, whichever options said them: a server may go by it.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use super::args::REQUEST;

/// What a text stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `-d`: data, or a file of it without its lines' ends.
    Data,
    /// `--data-raw`: data, whatever it begins with.
    DataRaw,
    /// `--data-binary`: data, or a file of it as it is.
    DataBinary,
    /// `--data-urlencode`: what is encoded here.
    DataEncoded,
    /// `-F`: a field of a form with files.
    Form,
    /// `--form-string`: a field whose text is taken as it is.
    FormText,
}

impl Kind {
    /// Whether it belongs to a form with files.
    pub fn is_form(self) -> bool {
        matches!(self, Kind::Form | Kind::FormText)
    }
}

/// An option, as it is declared to the parser of the command line.
struct Declared {
    kind: Kind,
    name: &'static str,
    letter: Option<char>,
    value: &'static str,
    help: &'static str,
}

const DECLARED: [Declared; 6] = [
    Declared {
        kind: Kind::Data,
        name: "data",
        letter: Some('d'),
        value: "DATA",
        help: "Send this as a form's fields, @FILE without its line ends, @- standard input; several are joined by &",
    },
    Declared {
        kind: Kind::DataRaw,
        name: "data-raw",
        letter: None,
        value: "DATA",
        help: "The same, and what begins with @ is no file",
    },
    Declared {
        kind: Kind::DataBinary,
        name: "data-binary",
        letter: None,
        value: "DATA",
        help: "The same as -d, and a file as it is",
    },
    Declared {
        kind: Kind::DataEncoded,
        name: "data-urlencode",
        letter: None,
        value: "FIELD",
        help: "A field of a form that is encoded here: NAME=TEXT or NAME@FILE",
    },
    Declared {
        kind: Kind::Form,
        name: "form",
        letter: Some('F'),
        value: "FIELD",
        help: "A field of a form with files: NAME=TEXT, NAME=@FILE for a file, NAME=<FILE for its text, - for standard input; \
               ;type=TYPE and ;filename=NAME may stand behind a file",
    },
    Declared {
        kind: Kind::FormText,
        name: "form-string",
        letter: None,
        value: "FIELD",
        help: "The same, and what stands behind NAME= is text whatever it is",
    },
];

/// All that was said.
#[derive(Clone, Debug, Default)]
pub struct Fields(pub Vec<(Kind, String)>);

impl FromArgMatches for Fields {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut said = Vec::new();
        for Declared { kind, name, .. } in DECLARED {
            let values = matches.get_many::<String>(name).unwrap_or_default();
            let places = matches.indices_of(name).unwrap_or_default();
            said.extend(
                places
                    .zip(values)
                    .map(|(at, text)| (at, kind, text.clone())),
            );
        }
        said.sort_by_key(|(at, ..)| *at);
        let fields = said.into_iter().map(|(_, kind, text)| (kind, text));
        Ok(Fields(fields.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Fields::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Fields {
    fn augment_args(command: Command) -> Command {
        DECLARED.into_iter().fold(command, |command, option| {
            let is_form = option.kind.is_form();
            let others = DECLARED
                .into_iter()
                .filter(|other| other.kind.is_form() != is_form);
            let argument = Arg::new(option.name)
                .long(option.name)
                .value_name(option.value)
                .help(option.help)
                .help_heading(REQUEST)
                .action(ArgAction::Append)
                .conflicts_with_all(others.map(|other| other.name));
            command.arg(match option.letter {
                Some(letter) => argument.short(letter),
                None => argument,
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Fields::augment_args(command)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::FIELDS;
    use super::*;

    #[test]
    fn other_options_know_all_of_these() {
        assert_eq!(FIELDS, DECLARED.map(|declared| declared.name));
    }

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fields: Fields,
    }

    #[test]
    fn fields_stay_in_the_order_in_which_they_were_said() {
        let said = |words: &[&str]| {
            let line = Line::try_parse_from([&["fetch"], words].concat());
            line.map(|line| line.fields.0).map_err(|error| error.kind())
        };
        let data = [
            "-da=1",
            "--data-urlencode",
            "b=2",
            "-d",
            "c=3",
            "--data-raw=@",
        ];
        let expected = [
            (Kind::Data, "a=1".to_owned()),
            (Kind::DataEncoded, "b=2".to_owned()),
            (Kind::Data, "c=3".to_owned()),
            (Kind::DataRaw, "@".to_owned()),
        ];
        assert_eq!(said(&data), Ok(expected.to_vec()));
        let form = said(&["--form-string", "a=b", "-F", "c=@d"]).expect("a form");
        assert_eq!(form[0], (Kind::FormText, "a=b".to_owned()));
        assert_eq!(said(&[]), Ok(Vec::new()));
        let both = said(&["-d", "a", "-F", "c=d"]);
        assert_eq!(both, Err(clap::error::ErrorKind::ArgumentConflict));
    }
}
