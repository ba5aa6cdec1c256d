//! What a client says: a verb and maybe an argument, on one line.

mod reading;

use std::fmt;
use std::net::{SocketAddr, SocketAddrV4};

use crate::ftp::address::{print_extended_port, print_port};
use crate::ftp::{CommandError, Encoding, Moment, Text};

/// A command, of RFC 959 and those after it. `Debug` does not show a password; `Display` is the line
/// as it is sent, without its end.
///
/// ```
/// use lariat_protocol::ftp::{Command, Text};
///
/// let command = Command::Cwd(Text::new("pub/new files")?);
/// assert_eq!(command.to_string(), "CWD pub/new files");
/// assert_eq!(Command::parse("cwd pub/new files")?, command);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the verbs are those of the RFCs that the folder names"
)]
pub enum Command {
    Abor,
    Acct(Text),
    Allo(u64),
    Appe(Text),
    Auth(Text),
    Ccc,
    Cdup,
    Clnt(Text),
    Cwd(Text),
    Dele(Text),
    Eprt(SocketAddr),
    Epsv(Extended),
    Feat,
    Help(Option<Text>),
    Host(Text),
    Lang(Option<Text>),
    List(Option<Text>),
    Mdtm(Text),
    /// When a file is to have been changed, and which file (a draft that most servers know).
    Mfmt(Moment, Text),
    Mkd(Text),
    Mlsd(Option<Text>),
    Mlst(Option<Text>),
    Mode(char),
    Nlst(Option<Text>),
    Noop,
    Opts(Text),
    Pass(Text),
    Pasv,
    Pbsz(u64),
    Port(SocketAddrV4),
    Prot(Protection),
    Pwd,
    Quit,
    Rein,
    Rest(u64),
    Retr(Text),
    Rmd(Text),
    Rnfr(Text),
    Rnto(Text),
    Site(Text),
    Size(Text),
    Stat(Option<Text>),
    Stor(Text),
    Stou(Option<Text>),
    Stru(char),
    Syst,
    Type(DataType),
    User(Text),
    /// What a caller says beyond all of these: a whole line.
    Other(Text),
}

/// How files are represented on the data connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataType {
    /// Text, whose lines end with CR LF (`A`).
    Ascii,
    /// Bytes as they are (`I`).
    #[default]
    Image,
}

/// What `EPSV` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extended {
    /// A port in the family of the control connection.
    Same,
    /// A port in IPv4 (1) or IPv6 (2).
    Family(u8),
    /// From now on no other command than this for data connections.
    All,
}

/// Whether data connections are TLS (RFC 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// They are plain (`C`).
    Clear,
    /// They are TLS (`P`).
    Private,
}

impl Command {
    /// Reads a line without its end. The verb may be in any case, and takes what stands behind its first
    /// space as it is.
    ///
    /// # Errors
    ///
    /// See [`CommandError`].
    pub fn parse(line: &str) -> Result<Self, CommandError> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let upper = verb.to_ascii_uppercase();
        reading::read(&upper, rest).unwrap_or_else(|| {
            let shown: String = verb.chars().take(20).collect();
            Err(CommandError::Unknown(shown))
        })
    }

    /// The command's name, as `RETR`.
    pub fn verb(&self) -> &str {
        match self {
            // Servers skip spaces before it, and take a tab behind it.
            Command::Other(line) => line.as_str().split_whitespace().next().unwrap_or_default(),
            known => known.known_verb(),
        }
    }

    /// The line as it may be shown and logged: without a password or an account.
    pub fn shown(&self) -> String {
        match self {
            Command::Pass(_) | Command::Acct(_) => format!("{} ****", self.verb()),
            // A line of a caller's own may be either as well.
            Command::Other(_) if self.is_secret() => format!("{} ****", self.verb()),
            other => other.to_string(),
        }
    }

    /// Whether a password or an account stands in it.
    pub fn is_secret(&self) -> bool {
        ["PASS", "ACCT"]
            .iter()
            .any(|verb| self.verb().eq_ignore_ascii_case(verb))
    }

    /// The line's bytes with its end.
    ///
    /// # Errors
    ///
    /// As [`Encoding::encode`].
    pub fn to_bytes(&self, encoding: Encoding) -> Result<Vec<u8>, crate::Error> {
        let mut bytes = encoding.encode(&self.to_string())?;
        bytes.extend_from_slice(b"\r\n");
        Ok(bytes)
    }

    /// Whether a transfer on the data connection follows if the server agrees.
    pub fn is_transfer(&self) -> bool {
        matches!(
            self,
            Command::Appe(_)
                | Command::List(_)
                | Command::Mlsd(_)
                | Command::Nlst(_)
                | Command::Retr(_)
                | Command::Stor(_)
                | Command::Stou(_)
        )
    }

    fn known_verb(&self) -> &'static str {
        match self {
            Command::Abor => "ABOR",
            Command::Acct(_) => "ACCT",
            Command::Allo(_) => "ALLO",
            Command::Appe(_) => "APPE",
            Command::Auth(_) => "AUTH",
            Command::Ccc => "CCC",
            Command::Cdup => "CDUP",
            Command::Clnt(_) => "CLNT",
            Command::Cwd(_) => "CWD",
            Command::Dele(_) => "DELE",
            Command::Eprt(_) => "EPRT",
            Command::Epsv(_) => "EPSV",
            Command::Feat => "FEAT",
            Command::Help(_) => "HELP",
            Command::Host(_) => "HOST",
            Command::Lang(_) => "LANG",
            Command::List(_) => "LIST",
            Command::Mdtm(_) => "MDTM",
            Command::Mfmt(..) => "MFMT",
            Command::Mkd(_) => "MKD",
            Command::Mlsd(_) => "MLSD",
            Command::Mlst(_) => "MLST",
            Command::Mode(_) => "MODE",
            Command::Nlst(_) => "NLST",
            Command::Noop => "NOOP",
            Command::Opts(_) => "OPTS",
            Command::Pass(_) => "PASS",
            Command::Pasv => "PASV",
            Command::Pbsz(_) => "PBSZ",
            Command::Port(_) => "PORT",
            Command::Prot(_) => "PROT",
            Command::Pwd => "PWD",
            Command::Quit => "QUIT",
            Command::Rein => "REIN",
            Command::Rest(_) => "REST",
            Command::Retr(_) => "RETR",
            Command::Rmd(_) => "RMD",
            Command::Rnfr(_) => "RNFR",
            Command::Rnto(_) => "RNTO",
            Command::Site(_) => "SITE",
            Command::Size(_) => "SIZE",
            Command::Stat(_) => "STAT",
            Command::Stor(_) => "STOR",
            Command::Stou(_) => "STOU",
            Command::Stru(_) => "STRU",
            Command::Syst => "SYST",
            Command::Type(_) => "TYPE",
            Command::User(_) => "USER",
            Command::Other(_) => "",
        }
    }

    fn argument(&self) -> Option<String> {
        match self {
            Command::Acct(text)
            | Command::Appe(text)
            | Command::Auth(text)
            | Command::Clnt(text)
            | Command::Cwd(text)
            | Command::Dele(text)
            | Command::Host(text)
            | Command::Mdtm(text)
            | Command::Mkd(text)
            | Command::Opts(text)
            | Command::Pass(text)
            | Command::Retr(text)
            | Command::Rmd(text)
            | Command::Rnfr(text)
            | Command::Rnto(text)
            | Command::Site(text)
            | Command::Size(text)
            | Command::Stor(text)
            | Command::User(text) => Some(text.as_str().to_owned()),
            Command::Help(text)
            | Command::Lang(text)
            | Command::List(text)
            | Command::Mlsd(text)
            | Command::Mlst(text)
            | Command::Nlst(text)
            | Command::Stat(text)
            | Command::Stou(text) => text.as_ref().map(|text| text.as_str().to_owned()),
            Command::Allo(number) | Command::Pbsz(number) | Command::Rest(number) => {
                Some(number.to_string())
            }
            Command::Eprt(address) => Some(print_extended_port(*address)),
            Command::Port(address) => Some(print_port(*address)),
            Command::Epsv(Extended::Same) => None,
            Command::Epsv(Extended::All) => Some("ALL".into()),
            Command::Epsv(Extended::Family(family)) => Some(family.to_string()),
            Command::Mfmt(moment, path) => Some(format!("{moment} {path}")),
            Command::Mode(letter) | Command::Stru(letter) => Some(letter.to_string()),
            Command::Prot(Protection::Clear) => Some("C".into()),
            Command::Prot(Protection::Private) => Some("P".into()),
            Command::Type(DataType::Ascii) => Some("A".into()),
            Command::Type(DataType::Image) => Some("I".into()),
            _ => None,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Command::Other(line) = self {
            return line.fmt(out);
        }
        out.write_str(self.known_verb())?;
        match self.argument() {
            Some(argument) => write!(out, " {argument}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Command({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_comes_back_as_it_is_written() {
        for line in [
            "ABOR",
            "ACCT x",
            "ALLO 5",
            "APPE a b",
            "AUTH TLS",
            "CCC",
            "CDUP",
            "CLNT lariat",
            "CWD /",
            "DELE  a",
            "EPRT |2|::1|5282|",
            "EPSV",
            "EPSV ALL",
            "EPSV 2",
            "FEAT",
            "HELP",
            "HELP RETR",
            "HOST a.example",
            "LANG en",
            "LIST",
            "LIST -a",
            "MDTM a",
            "MFMT 20060617172721 a b",
            "MKD a",
            "MLSD",
            "MLSD a",
            "MLST",
            "MODE S",
            "NLST",
            "NOOP",
            "OPTS UTF8 ON",
            "PASS ",
            "PASS a b",
            "PASV",
            "PBSZ 0",
            "PORT 127,0,0,1,195,149",
            "PROT C",
            "PROT P",
            "PWD",
            "QUIT",
            "REIN",
            "REST 7",
            "RETR a",
            "RMD a",
            "RNFR a",
            "RNTO b",
            "SITE CHMOD 600 a",
            "SIZE a",
            "STAT",
            "STOR a",
            "STOU",
            "STOU a",
            "STRU F",
            "SYST",
            "TYPE A",
            "TYPE I",
            "USER anonymous",
        ] {
            let command = Command::parse(line).expect(line);
            assert_eq!(command.to_string(), line);
            assert_eq!(line.split(' ').next(), Some(command.verb()));
            let lower = line.replacen(command.verb(), &command.verb().to_lowercase(), 1);
            assert_eq!(Command::parse(&lower), Ok(command));
        }
    }

    #[test]
    fn what_is_no_command_says_why() {
        for (line, words) in [
            ("", "is no command"),
            ("HELO x", "\"HELO\" is no command"),
            ("RETR", "RETR: "),
            ("RETR ", "RETR: "),
            ("TYPE E", "A or I"),
            ("REST x", "REST: behind it stands a number"),
            ("REST -1", "REST: "),
            ("PORT 1,2,3", "127,0,0,1,195,149"),
            ("EPSV 9999", "1, 2, ALL or nothing"),
            ("MFMT x y", "is no time"),
            ("PROT S", "C or P"),
            ("CWD a\0b", "NUL"),
        ] {
            let error = Command::parse(line).expect_err(line).to_string();
            assert!(error.contains(words), "{line}: {error}");
        }
    }

    #[test]
    fn a_password_is_sent_and_not_shown() {
        let text = |text: &str| Text::new(text).expect("an argument");
        let command = Command::Pass(text("swordfish"));
        assert_eq!(command.to_string(), "PASS swordfish");
        assert_eq!(
            format!("{command:?} {}", command.shown()),
            "Command(PASS ****) PASS ****"
        );
        for line in ["pass swordfish", " PASS swordfish", "Acct\tswordfish"] {
            let other = Command::Other(text(line));
            assert!(!format!("{other:?}").contains("swordfish"), "{line}");
        }
    }
}
