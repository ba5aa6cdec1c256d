//! From a verb and what stands behind it to a command.

use crate::ftp::address::{parse_extended_port, parse_port};
use crate::ftp::{Command, CommandError, DataType, Extended, Moment, Protection, Text};

/// What a verb stands for; nothing where it is no verb of the kind.
type Read = Option<Result<Command, CommandError>>;

/// The command of a verb in capitals, and of what stands behind it.
pub(super) fn read(verb: &str, rest: &str) -> Read {
    plain(verb)
        .or_else(|| named(verb, rest))
        .or_else(|| parsed(verb, rest))
}

/// The verbs that stand alone. What a client says behind one all the same changes nothing.
fn plain(verb: &str) -> Read {
    Some(Ok(match verb {
        "ABOR" => Command::Abor,
        "CCC" => Command::Ccc,
        "CDUP" | "XCUP" => Command::Cdup,
        "FEAT" => Command::Feat,
        "NOOP" => Command::Noop,
        "PASV" => Command::Pasv,
        "PWD" | "XPWD" => Command::Pwd,
        "QUIT" => Command::Quit,
        "REIN" => Command::Rein,
        "SYST" => Command::Syst,
        _ => return None,
    }))
}

/// A verb, and the command of what stands behind it.
type Named<T> = (&'static str, fn(T) -> Command);

/// The verbs whose argument is text.
const NAMED: &[Named<Text>] = &[
    ("ACCT", Command::Acct),
    ("APPE", Command::Appe),
    ("AUTH", Command::Auth),
    ("CLNT", Command::Clnt),
    ("CWD", Command::Cwd),
    ("DELE", Command::Dele),
    ("HOST", Command::Host),
    ("MDTM", Command::Mdtm),
    ("MKD", Command::Mkd),
    ("OPTS", Command::Opts),
    ("RETR", Command::Retr),
    ("RMD", Command::Rmd),
    ("RNFR", Command::Rnfr),
    ("RNTO", Command::Rnto),
    ("SITE", Command::Site),
    ("SIZE", Command::Size),
    ("STOR", Command::Stor),
    ("USER", Command::User),
];

/// The verbs whose argument is text that may lack.
const MAYBE_NAMED: &[Named<Option<Text>>] = &[
    ("HELP", Command::Help),
    ("LANG", Command::Lang),
    ("LIST", Command::List),
    ("MLSD", Command::Mlsd),
    ("MLST", Command::Mlst),
    ("NLST", Command::Nlst),
    ("STAT", Command::Stat),
    ("STOU", Command::Stou),
];

/// The verbs whose argument is text, which some may lack.
fn named(verb: &str, rest: &str) -> Read {
    // The oldest servers knew these by other names (RFC 775).
    let verb = match verb {
        "XCWD" => "CWD",
        "XMKD" => "MKD",
        "XRMD" => "RMD",
        verb => verb,
    };
    if let Some((verb, make)) = NAMED.iter().find(|(known, _)| *known == verb) {
        return Some(text(verb, rest).map(make));
    }
    let (verb, make) = MAYBE_NAMED.iter().find(|(known, _)| *known == verb)?;
    Some(match rest.is_empty() {
        true => Ok(make(None)),
        false => text(verb, rest).map(|text| make(Some(text))),
    })
}

/// The verbs whose argument is something else.
fn parsed(verb: &str, rest: &str) -> Read {
    let wrong = |verb: &'static str, problem: String| CommandError::Argument { verb, problem };
    Some(match verb {
        "PASS" => Text::or_nothing(rest)
            .map(Command::Pass)
            .map_err(|error| wrong("PASS", error.to_string())),
        "ALLO" => first_number("ALLO", rest).map(Command::Allo),
        "PBSZ" => first_number("PBSZ", rest).map(Command::Pbsz),
        "REST" => first_number("REST", rest).map(Command::Rest),
        "EPRT" => parse_extended_port(rest)
            .map(Command::Eprt)
            .map_err(|error| wrong("EPRT", error.to_string())),
        "PORT" => parse_port(rest)
            .map(Command::Port)
            .map_err(|error| wrong("PORT", error.to_string())),
        "EPSV" => match rest.trim() {
            "" => Ok(Command::Epsv(Extended::Same)),
            all if all.eq_ignore_ascii_case("all") => Ok(Command::Epsv(Extended::All)),
            family => match family.parse() {
                Ok(family) => Ok(Command::Epsv(Extended::Family(family))),
                Err(_) => Err(wrong(
                    "EPSV",
                    "behind it stands 1, 2, ALL or nothing".into(),
                )),
            },
        },
        "MFMT" => mfmt(rest).map_err(|problem| wrong("MFMT", problem)),
        "MODE" => letter("MODE", rest).map(Command::Mode),
        "STRU" => letter("STRU", rest).map(Command::Stru),
        "PROT" => match letter("PROT", rest) {
            Ok('C') => Ok(Command::Prot(Protection::Clear)),
            Ok('P') => Ok(Command::Prot(Protection::Private)),
            Ok('S' | 'E') => Err(unsupported("PROT", "behind it stands C or P")),
            _ => Err(wrong("PROT", "behind it stands C or P".into())),
        },
        "TYPE" => match rest.trim().to_ascii_uppercase().as_str() {
            "A" | "A N" => Ok(Command::Type(DataType::Ascii)),
            "I" | "L 8" => Ok(Command::Type(DataType::Image)),
            // EBCDIC, bytes of other lengths, and text as printers have it (RFC 959, 3.1.1).
            rare if matches!(rare.split(' ').next(), Some("A" | "E" | "L")) => {
                Err(unsupported("TYPE", "behind it stands A or I"))
            }
            _ => Err(wrong("TYPE", "behind it stands A or I".into())),
        },
        _ => return None,
    })
}

fn unsupported(verb: &'static str, problem: &str) -> CommandError {
    CommandError::Unsupported {
        verb,
        problem: problem.into(),
    }
}

fn text(verb: &'static str, rest: &str) -> Result<Text, CommandError> {
    Text::new(rest).map_err(|error| CommandError::Argument {
        verb,
        problem: error.to_string(),
    })
}

fn first_number(verb: &'static str, rest: &str) -> Result<u64, CommandError> {
    // ALLO may have a second one, behind R.
    let first = rest.split_whitespace().next().unwrap_or_default();
    let digits = first.bytes().all(|byte| byte.is_ascii_digit());
    let number = first.parse().ok().filter(|_| digits);
    number.ok_or_else(|| CommandError::Argument {
        verb,
        problem: "behind it stands a number".into(),
    })
}

fn letter(verb: &'static str, rest: &str) -> Result<char, CommandError> {
    match rest.trim().as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Ok(char::from(letter.to_ascii_uppercase())),
        _ => Err(CommandError::Argument {
            verb,
            problem: "behind it stands a letter".into(),
        }),
    }
}

fn mfmt(rest: &str) -> Result<Command, String> {
    let (moment, path) = rest
        .split_once(' ')
        .ok_or("behind it stand a time and a path")?;
    let moment = moment
        .parse::<Moment>()
        .map_err(|error| error.to_string())?;
    let path = Text::new(path).map_err(|error| error.to_string())?;
    Ok(Command::Mfmt(moment, path))
}
