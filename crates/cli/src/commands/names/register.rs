//! `lariat names register` and `remove`: services that are registered from here.

use std::path::PathBuf;

use lariat_client::names::{
    Claim, Client, ErrorCode, Name, Place, Probe, Registered, Registration, Status, Token, Ttl, Way,
};

use crate::client::name_server;
use crate::commands::names::Asking;
use crate::commands::names::tokens::Tokens;
use crate::failure::Failure;
use crate::output::{note, print};
use crate::signals;

/// Register a service, and keep it registered until ^C
///
/// It is renewed in time, also when the name server was away for a while, and removed when this
/// command is asked to end. With --once it is registered and left alone: it ends with its time to
/// live.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What it is called: small letters, digits, `.`, `-` and `_`
    name: String,
    /// Where it is: HOST:PORT, or an endpoint of tcp, tls, udp, ws or wss
    endpoint: String,
    /// What it is, for people
    #[arg(long, short, value_name = "TEXT")]
    description: Option<String>,
    /// A word by which it is found; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// How much of what is asked for goes there, from 0 to 1000
    #[arg(long, default_value = "100")]
    weight: String,
    /// How long it holds unless it is renewed, from 5 to 86400
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    ttl: String,
    /// Register, and leave it alone
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    probing: Probing,
    #[command(flatten)]
    owning: Owning,
    #[command(flatten)]
    asking: Asking,
}

const EXAMPLES: &str = "\
A name belongs to who registered it first: to the token that is kept in the state directory, or given
by --token. The same token registers further endpoints of the name, among which clients are spread.

Examples:
  lariat names register print printer:9100 --tag laser --description 'second floor'
  lariat names register web tls://a.example.org:443 --weight 300
  lariat names register mail mail:25 --expect '^220 '
  lariat names register clock udp://localhost:21574 --ttl 3600 --once";

/// How the name server looks whether the service is there.
#[derive(Debug, clap::Args)]
struct Probing {
    /// How the server looks whether it is there: connect, tls or none
    #[arg(long, value_name = "WAY")]
    probe: Option<String>,
    /// What it sends then; \r, \n, \t, \\ and \xNN are escapes
    #[arg(long, value_name = "TEXT")]
    send: Option<String>,
    /// The regular expression that the answer must match
    #[arg(long, value_name = "PATTERN")]
    expect: Option<String>,
    /// How often, from 5 to 3600
    #[arg(long, value_name = "SECONDS")]
    interval: Option<String>,
}

impl Probing {
    /// As the protocol has it; nothing where nothing was said.
    fn probe(&self, place: &Place) -> Result<Option<Probe>, Failure> {
        let said = [&self.probe, &self.send, &self.expect, &self.interval];
        if said.iter().all(|said| said.is_none()) {
            return Ok(None);
        }
        let mut probe = Probe::default_of(place);
        if let Some(way) = &self.probe {
            probe.way = way.parse::<Way>()?;
        }
        if let Some(send) = &self.send {
            probe.send = unescaped(send)?;
        }
        probe.expect.clone_from(&self.expect);
        if let Some(interval) = &self.interval {
            let seconds = interval.parse();
            probe.interval = Some(seconds.map_err(|_| {
                Failure::usage(format!("--interval {interval}: it is a number of seconds"))
            })?);
        }
        Ok(Some(probe))
    }
}

/// Whose the registration is.
#[derive(Debug, clap::Args)]
struct Owning {
    /// The name's token, in the place of the one that is kept
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Keep tokens in this folder [default: $LARIAT_STATE, else $XDG_STATE_HOME/lariat, else
    /// ~/.local/state/lariat]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Owning {
    fn tokens(&self, client: &Client) -> Result<Tokens, Failure> {
        Tokens::of(client.endpoint(), self.state.clone())
    }

    fn said(&self) -> Result<Option<Token>, Failure> {
        Ok(self.token.as_deref().map(str::parse).transpose()?)
    }
}

impl Args {
    fn registration(&self, client: &Client) -> Result<Registration, Failure> {
        let name: Name = self.name.parse()?;
        let place: Place = self.endpoint.parse()?;
        let mut registration = Registration::new(name, place);
        registration.description = self.description.as_deref().unwrap_or_default().parse()?;
        for tag in self.tags.iter().flat_map(|tags| tags.split(',')) {
            registration.tags.push(tag.parse()?);
        }
        registration.weight = self.weight.parse()?;
        registration.ttl = self.ttl.parse()?;
        registration.probe = self.probing.probe(&registration.place)?;
        // What the line would not be read as is not sent.
        let line = lariat_client::names::Request::Register(Box::new(registration.clone()));
        line.to_string().parse::<lariat_client::names::Request>()?;
        registration.token = Some(match self.owning.said()? {
            Some(said) => said,
            None => self
                .owning
                .tokens(client)?
                .kept_or_new(&registration.name)?,
        });
        Ok(registration)
    }
}

/// Runs `register`.
pub fn run(args: Args) -> Result<(), Failure> {
    let client = name_server(args.asking.timeout);
    let registration = args.registration(&client)?;
    if args.once {
        return signals::interruptible(once(args, client, registration));
    }
    signals::endable(|mut stopped| async move {
        let say = Saying::of(&args, &registration);
        let begun = tokio::select! {
            biased;
            _ = &mut stopped => return Err(Failure::quiet(crate::failure::INTERRUPTED)),
            begun = Registered::begin(client, registration) => begun,
        };
        let mut registered = begun.map_err(|error| refused(error, &args))?;
        say.registered(registered.ttl(), "^C removes it")?;
        loop {
            let status = tokio::select! {
                biased;
                _ = &mut stopped => break,
                status = registered.changed() => status,
            };
            match status {
                Status::Held => note("registered again"),
                Status::Failing(reason) => note(&format!("{reason}; trying again")),
                Status::Refused(reason) => return Err(Failure::new(reason)),
            }
        }
        registered.remove().await?;
        say.removed()
    })
}

async fn once(args: Args, mut client: Client, registration: Registration) -> Result<(), Failure> {
    let say = Saying::of(&args, &registration);
    let registered = client.register(&registration).await;
    let (_, ttl) = registered.map_err(|error| refused(error, &args))?;
    say.registered(ttl, "it ends then unless it is registered again")
}

/// The server's words, and what would help.
fn refused(error: lariat_client::names::Error, args: &Args) -> Failure {
    let is_taken = error.code() == Some(ErrorCode::Taken);
    let failure = Failure::from(error);
    match is_taken && args.owning.token.is_none() {
        true => failure.with_advice("give its token by --token, or choose another name"),
        false => failure,
    }
}

/// What is said about a registration.
struct Saying {
    name: Name,
    place: Place,
    json: bool,
}

impl Saying {
    fn of(args: &Args, registration: &Registration) -> Self {
        Saying {
            name: registration.name.clone(),
            place: registration.place.clone(),
            json: args.asking.json,
        }
    }

    fn registered(&self, ttl: Ttl, then: &str) -> Result<(), Failure> {
        let (name, place, ttl) = (&self.name, &self.place, ttl.seconds());
        print(match self.json {
            true => self.object("registered", Some(ttl)),
            false => format!("registered {name} at {place} for {ttl} s; {then}\n"),
        })
    }

    fn removed(&self) -> Result<(), Failure> {
        print(match self.json {
            true => self.object("removed", None),
            false => format!("removed {} at {}\n", self.name, self.place),
        })
    }

    fn object(&self, what: &str, ttl: Option<u32>) -> String {
        let mut object = serde_json::json!({
            what: true,
            "name": self.name.as_str(),
            "endpoint": self.place.as_str(),
        });
        if let Some(ttl) = ttl {
            object["ttl"] = ttl.into();
        }
        format!("{object}\n")
    }
}

/// Remove what is registered under a name
#[derive(Debug, clap::Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub struct Remove {
    /// The name
    name: String,
    /// Only what is at this endpoint [default: everything under the name]
    endpoint: Option<String>,
    #[command(flatten)]
    owning: Owning,
    #[command(flatten)]
    asking: Asking,
}

const REMOVE_EXAMPLES: &str = "\
What was registered from here is removed by the token that was kept then; for anything else give it
by --token.

Examples:
  lariat names remove print
  lariat names remove web tls://a.example.org:443";

impl Remove {
    /// Runs the command.
    pub async fn run(self) -> Result<(), Failure> {
        let name: Name = self.name.parse()?;
        let place: Option<Place> = self.endpoint.as_deref().map(str::parse).transpose()?;
        let mut client = self.asking.client();
        let tokens = self.owning.tokens(&client)?;
        let token = match self.owning.said()? {
            Some(said) => Some(said),
            None => tokens.kept(&name)?,
        };
        let Some(token) = token else {
            return Err(Failure::new(format!(
                "no token is kept for {name} at {}; give it by --token",
                client.endpoint()
            )));
        };
        let is_whole = place.is_none();
        let claim = Claim {
            name: name.clone(),
            token,
            place,
        };
        client.remove(&claim).await?;
        if is_whole && self.owning.token.is_none() {
            tokens.forget(&name);
        }
        let endpoint = claim.place.as_ref().map(Place::as_str);
        print(match (self.asking.json, endpoint) {
            (true, _) => format!(
                "{}\n",
                serde_json::json!({"removed": true, "name": name.as_str(), "endpoint": endpoint})
            ),
            (false, Some(endpoint)) => format!("removed {name} at {endpoint}\n"),
            (false, None) => format!("removed {name}\n"),
        })
    }
}

/// What is written with a shell's quotes and no real line ends.
fn unescaped(text: &str) -> Result<Vec<u8>, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "--send {text}: \\r, \\n, \\t, \\\\ and \\xNN are escapes"
        ))
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().ok_or_else(wrong)? {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let mut digit = || {
                    let digit = rest.next().and_then(|digit| char::from(digit).to_digit(16));
                    digit.and_then(|digit| u8::try_from(digit).ok())
                };
                let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
                high << 4 | low
            }
            _ => return Err(wrong()),
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_bytes() {
        let read = |text| unescaped(text).map_err(|failure| failure.code());
        assert_eq!(
            read(r"PING\r\n\x00\xfF\\é"),
            Ok(b"PING\r\n\0\xff\\\xc3\xa9".to_vec())
        );
        for wrong in [r"\", r"\q", r"\x1", r"\xgg"] {
            assert_eq!(read(wrong), Err(crate::failure::USAGE), "{wrong}");
        }
    }
}
