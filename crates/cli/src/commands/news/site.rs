//! The server that the command line names: how to connect to it, and who logs in.

use lariat_client::nntp::{Login, Options, REPLY_TIMEOUT, Security, Site};
use lariat_protocol::Endpoint;
use lariat_protocol::nntp::{NewsUrl, UrlError};

use super::Args;
use crate::client;
use crate::failure::Failure;
use crate::login::{netrc, secret, variable};

/// The environment's variable with the password.
const PASSWORD: &str = "LARIAT_NEWS_PASSWORD";

/// All that it takes to connect to a server.
///
/// # Errors
///
/// Wrong usage, and when a password is needed and there is nobody to ask.
pub async fn of(url: &NewsUrl, args: &Args) -> Result<Site, Failure> {
    let endpoint = endpoint(url, args)?;
    let security = match args.starttls {
        true => Security::Explicit,
        false => url.security(),
    };
    // What is only known from a file is not shown to whoever is on the way, unless it is asked for.
    let is_tls = endpoint.is_tls() || security != Security::Plain;
    // Nor to whoever answers, if nobody looks who that is.
    let is_secret = is_tls && !args.insecure;
    let login = login(url, args.user.as_deref(), is_secret).await?;
    Ok(Site {
        endpoint,
        options: Options {
            connect: client::options(args.timeout),
            security,
            timeout: args.timeout.unwrap_or(REPLY_TIMEOUT),
            ..Options::default()
        },
        login,
        compress: args.compress,
    })
}

fn endpoint(url: &NewsUrl, args: &Args) -> Result<Endpoint, Failure> {
    let Some(endpoint) = url.endpoint() else {
        return Err(Failure::usage(format!("{url} names no server")));
    };
    let is_plain = !endpoint.is_tls() && !args.starttls;
    if is_plain && (args.ca.is_some() || args.insecure) {
        return Err(Failure::usage(format!(
            "{url} is without TLS; write nntps:// or --starttls, or leave out --ca and --insecure"
        )));
    }
    if endpoint.is_tls() && args.starttls {
        return Err(Failure::usage(format!(
            "{url} begins TLS at once; leave out --starttls"
        )));
    }
    Ok(match (&args.ca, args.insecure) {
        (Some(ca), _) => endpoint.with_option("ca", &ca.to_string_lossy())?,
        (None, true) => endpoint.with_option("verify", "none")?,
        (None, false) => endpoint,
    })
}

/// Who logs in: whoever is named, or, over TLS to a server that is checked, whom `~/.netrc` has for this very host. Most servers ask nobody, so its
/// entry for all other hosts is not taken.
async fn login(
    url: &NewsUrl,
    said: Option<&str>,
    is_secret: bool,
) -> Result<Option<Login>, Failure> {
    let host = url.host().map(ToString::to_string).unwrap_or_default();
    let user = said.or(url.user());
    if user.is_none() && !is_secret {
        return Ok(None);
    }
    let known = netrc::entry(&host, user)?.filter(|entry| user.is_some() || !entry.is_default);
    let known = known.filter(|entry| !entry.password.is_empty());
    let name = user
        .map(str::to_owned)
        .or(known.as_ref().and_then(|entry| entry.user.clone()));
    let Some(name) = name else {
        return Ok(None);
    };
    let password = match known {
        Some(entry) => variable(PASSWORD).unwrap_or(entry.password),
        None => {
            secret(
                &format!("password of {name} on {host}"),
                PASSWORD,
                " or ~/.netrc",
            )
            .await?
        }
    };
    Ok(Some(Login::new(name, password)))
}

impl From<UrlError> for Failure {
    fn from(error: UrlError) -> Self {
        Failure::from_error(&error).into_usage()
    }
}
