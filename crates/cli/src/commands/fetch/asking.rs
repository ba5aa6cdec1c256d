//! The client by which a fetch is made, and who it says is asking.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Uri};
use lariat_client::http::{
    Authentication, Client, Deadlines, Jar, Limits, Proxies, Proxy, Redirects, Retries, Versions,
};
use lariat_protocol::Endpoint;

use super::args::Args;
use super::exit::{cannot_write, unreadable};
use super::headers::leaves_encoding_out;
use super::plan::Job;
use super::watching::Watching;
use crate::client;
use crate::failure::{Failure, in_words};
use crate::login::{netrc, secret, variable};
use crate::platform::create_private_file;

/// The environment's variables with secrets.
const PASSWORD: &str = "LARIAT_HTTP_PASSWORD";
const TOKEN: &str = "LARIAT_HTTP_TOKEN";
const PROXY_PASSWORD: &str = "LARIAT_PROXY_PASSWORD";

/// More than any file of cookies has.
const MAXIMUM_COOKIES: u64 = 16 * 1024 * 1024;

/// Makes the client that the arguments describe.
///
/// # Errors
///
/// When a proxy is none, a password is needed and there is nobody to ask, or a file cannot be read.
pub async fn make_client(
    args: &Args,
    headers: &HeaderMap,
    jar: Option<Arc<Jar>>,
) -> Result<Client, Failure> {
    let usual = Deadlines::default();
    let piece = |usual| args.timeout.unwrap_or(usual);
    let usual_limits = Limits::default();
    let mut deadlines = usual;
    deadlines.connect = args.connect_timeout.unwrap_or(piece(usual.connect));
    deadlines.answer = piece(usual.answer);
    deadlines.between = piece(usual.between);
    let redirects = Redirects {
        limit: args.max_redirs,
        to_plain_text: args.redirect_to_plain,
    };
    let mut builder = Client::builder()
        .deadlines(deadlines)
        .redirects(redirects)
        .proxies(proxies(args).await?)
        .limits(Limits {
            connections_per_host: usize::from(args.parallel).max(usual_limits.connections_per_host),
            ..usual_limits
        })
        // Each request has its own lines, and what is left out of them is not there.
        .headers(HeaderMap::new())
        .retries(Retries::times(args.retry.unwrap_or(0)))
        .decoding(!args.no_compressed && !leaves_encoding_out(args)?)
        .versions(match (args.http1, args.http2) {
            (true, _) => Versions::Http1,
            (_, true) => Versions::Http2,
            _ => Versions::Both,
        });
    if let Some(jar) = jar {
        builder = builder.cookies(jar);
    }
    if let Some(file) = &args.ca {
        builder = builder.authorities(file);
    }
    if let (Some(certificate), Some(key)) = (&args.cert, &args.key) {
        builder = builder.identity(certificate, key);
    }
    if args.insecure {
        builder = builder.insecure();
    }
    if is_known_by_netrc(args, headers) {
        // A file that cannot be read was an error before anything was asked for.
        builder = builder.logins(|host| of_netrc(host).ok().flatten());
    }
    if let Some(file) = &args.proxy_ca {
        builder = builder.authorities_of_proxies(file);
    }
    if args.proxy_insecure {
        builder = builder.insecure_proxies();
    }
    for said in &args.connect_to {
        let (host, port, endpoint) = elsewhere(said)?;
        builder = builder.instead(host, port, endpoint);
    }
    if args.raw {
        builder = builder.observer(Arc::new(Watching::default()));
    }
    Ok(builder.build()?)
}

/// `HOST:PORT=ENDPOINT`.
fn elsewhere(said: &str) -> Result<(String, u16, Endpoint), Failure> {
    let parts = said.split_once('=').and_then(|(from, to)| {
        let (host, port) = from.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some((host.to_owned(), port.parse().ok()?, to))
    });
    let Some((host, port, to)) = parts else {
        return Err(Failure::usage(format!(
            "--connect-to {said}: write HOST:PORT=ENDPOINT, as example.org:443=tcp://127.0.0.1:8443"
        )));
    };
    Ok((host, port, client::endpoint(to)?))
}

async fn proxies(args: &Args) -> Result<Proxies, Failure> {
    let (mut proxies, named) = match &args.proxy {
        None => (Proxies::from_environment()?, "the proxy".to_owned()),
        // As with curl, which has no other word for none at all.
        Some(none) if none.is_empty() => (Proxies::none(), String::new()),
        Some(said) => {
            let proxy: Proxy = said.parse()?;
            if proxy.has_password() {
                return Err(Failure::usage(format!(
                    "a password of a proxy is seen in lists of processes and in histories; give its name by \
                     --proxy-user, and the password when it is asked for or in {PROXY_PASSWORD}"
                )));
            }
            let named = format!("the proxy {proxy}");
            (Proxies::all(proxy), named)
        }
    };
    if let Some(user) = &args.proxy_user {
        if proxies.is_empty() {
            return Err(Failure::usage(
                "--proxy-user is for a proxy, and there is none; name it by -x, or in HTTP_PROXY",
            ));
        }
        let password = match proxies.take_password() {
            true => {
                secret(
                    &format!("password of {user} at {named}"),
                    PROXY_PASSWORD,
                    "",
                )
                .await?
            }
            false => String::new(),
        };
        proxies = proxies.with_authentication(&Authentication::basic(user, &password));
    }
    Ok(match &args.noproxy {
        Some(hosts) => proxies.except(hosts),
        None => proxies,
    })
}

/// Whether who asks is known by `~/.netrc` alone.
fn is_known_by_netrc(args: &Args, headers: &HeaderMap) -> bool {
    let is_said = args.user.is_some() || args.bearer || headers.contains_key(AUTHORIZATION);
    !args.no_netrc && !is_said
}

/// Who asks a host that an answer points to. Nobody is asked for a password there.
fn of_netrc(host: &str) -> Result<Option<Authentication>, Failure> {
    let entry = netrc::entry(host, None)?;
    let known = entry.filter(|entry| !entry.is_default && !entry.password.is_empty());
    Ok(known.map(|known| Authentication::basic(&known.user.unwrap_or_default(), &known.password)))
}

/// Has each job know who asks. A person is asked for one password of one name on one host once.
///
/// # Errors
///
/// When a password is needed and there is nobody to ask.
pub async fn log_in(args: &Args, headers: &HeaderMap, jobs: &mut [Job]) -> Result<(), Failure> {
    let mut known: HashMap<(String, Option<String>), Option<Authentication>> = HashMap::new();
    for job in jobs {
        let host = job.uri.host().unwrap_or_default().to_owned();
        let who = (host, job.user.clone());
        job.asking = match known.get(&who) {
            Some(asking) => asking.clone(),
            None => authentication(args, headers, &job.uri, job.user.as_deref()).await?,
        };
        known.insert(who, job.asking.clone());
    }
    Ok(())
}

/// Who asks for a URL: whom the arguments name, or the URL, or `~/.netrc`.
async fn authentication(
    args: &Args,
    headers: &HeaderMap,
    uri: &Uri,
    named: Option<&str>,
) -> Result<Option<Authentication>, Failure> {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    if args.bearer {
        let token = secret(&format!("token for {host}"), TOKEN, "").await?;
        return Ok(Some(Authentication::bearer(&token)?));
    }
    if headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let user = args.user.as_deref().or(named);
    if let Some(user) = user.filter(|user| user.contains(':')) {
        let (user, _) = user.split_once(':').unwrap_or((user, ""));
        return Err(Failure::usage(format!(
            "a password behind -u {user} is seen in lists of processes and in histories; give it when it is \
             asked for, by ~/.netrc or in {PASSWORD}"
        )));
    }
    let known = match args.no_netrc {
        true => None,
        // A host that nobody has written down is shown no password that was meant for any.
        false => netrc::entry(host, user)?.filter(|entry| !entry.is_default || user.is_some()),
    };
    let user = user.map(str::to_owned);
    let (user, password) = match (user, known) {
        (None, None) => return Ok(None),
        (None, Some(known)) if known.password.is_empty() => match known.user {
            Some(user) => asked_for(user, host).await?,
            None => return Ok(None),
        },
        (None, Some(known)) => (known.user.unwrap_or_default(), known.password),
        (Some(user), Some(known)) if variable(PASSWORD).is_none() && !known.password.is_empty() => {
            (user, known.password)
        }
        (Some(user), _) => asked_for(user, host).await?,
    };
    Ok(Some(Authentication::basic(&user, &password)))
}

/// The name, and the password that is asked for.
async fn asked_for(user: String, host: &str) -> Result<(String, String), Failure> {
    let what = format!("password of {user} on {host}");
    let password = secret(&what, PASSWORD, " or ~/.netrc").await?;
    Ok((user, password))
}

/// The jar that the arguments speak of, with what their files have, and the cookies that they name themselves.
///
/// # Errors
///
/// When a file cannot be read, or has something else in it.
pub fn cookies(args: &Args) -> Result<(Option<Arc<Jar>>, Vec<String>), Failure> {
    let mut said = Vec::new();
    let mut files: Vec<&Path> = Vec::new();
    let mut has_jar = args.cookie_jar.is_some();
    for text in &args.cookie {
        match text.contains('=') {
            true => said.push(text.clone()),
            // An empty name is that of no file, and of a jar that is empty at first, as with curl.
            false => {
                has_jar = true;
                files.extend((!text.is_empty()).then_some(Path::new(text)));
            }
        }
    }
    if !has_jar {
        return Ok((None, said));
    }
    let jar = Jar::new();
    // A jar that is not there yet is made in the end, also if it is named as one to send from.
    let kept = args.cookie_jar.as_deref();
    let is_new = |file: &Path| Some(file) == kept && !file.exists();
    for file in files.into_iter().chain(kept).filter(|file| !is_new(file)) {
        let wrong = |why: &str| unreadable(format!("cannot read {}: {why}", file.display()));
        let mut text = String::new();
        let read = fs::File::open(file)
            .and_then(|file| file.take(MAXIMUM_COOKIES).read_to_string(&mut text));
        read.map_err(|error| wrong(&in_words(&error)))?;
        let loaded = jar.load(&text, SystemTime::now());
        loaded.map_err(|error| wrong(&error.to_string()))?;
    }
    Ok((Some(Arc::new(jar)), said))
}

/// Writes the cookies into their file, which others may not read.
///
/// # Errors
///
/// When it cannot be written.
pub fn keep_cookies(args: &Args, jar: Option<&Jar>) -> Result<(), Failure> {
    use std::io::Write;

    let (Some(path), Some(jar)) = (&args.cookie_jar, jar) else {
        return Ok(());
    };
    let text = jar.save(SystemTime::now());
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = match fs::metadata(path) {
        // Such as /dev/null, which stays what it is.
        Ok(known) if !known.is_file() => fs::write(path, text),
        _ => create_private_file(&beside)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&beside, path)),
    };
    written.map_err(|error| {
        // It is of no use under that name.
        let _ = fs::remove_file(&beside);
        cannot_write(path, &error)
    })
}
