//! `lariat get-raw`: a web client by hand; connects, sends `GET`, and saves what comes, whole or not at
//! all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lariat_client::asking::AskOptions;
use lariat_client::http_raw::{self, FetchError};
use lariat_client::part::{LocalError, Part, path_of};
use lariat_protocol::Endpoint;
use lariat_protocol::http_raw::Header;

use crate::client::{self, seconds};
use crate::failure::Failure;
use crate::output::note;
use crate::signals;

/// What a page is called whose path has no name.
const INDEX: &str = "index.html";

/// Fetch a page by a GET of HTTP/1.1, and save it when it is whole
///
/// It is saved under the last part of the path, or as index.html, when all of it has come: as many
/// bytes as the header says, or all chunks. Where the server says neither, the end of the connection is
/// believed, and that is told. Until then it stands in a file with .part behind its name,
/// which is removed when something goes wrong. An answer other than 2xx is not saved, and the
/// exit code is 1. Redirections are told and not followed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The server: a host, a host and its port, or an endpoint such as tls://HOST or unix:PATH
    #[arg(value_name = "HOST[:PORT]|ENDPOINT")]
    server: String,
    /// The path on it, and maybe a query
    #[arg(default_value = "/")]
    path: String,
    /// Save it here; - writes it to standard output as it comes
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Over TLS; the port is 443 then, and 80 otherwise
    #[arg(long)]
    tls: bool,
    /// Show the header of the answer on standard error
    #[arg(short, long)]
    verbose: bool,
    /// How long connecting (30 s), and then each piece of the answer (10 s), may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
}

const EXAMPLES: &str = "\
Examples:
  lariat get-raw example.org
  lariat get-raw --tls example.org /about.html -o about.html
  lariat get-raw -v localhost:8000 '/search?q=rope' -o -
  lariat get-raw 'tls://localhost:8443?ca=ca.pem' /";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let endpoint = endpoint(&args.server, args.tls)?;
    signals::interruptible(fetch(endpoint, args))
}

fn endpoint(server: &str, tls: bool) -> Result<Endpoint, Failure> {
    let scheme = if tls { "tls" } else { "tcp" };
    let endpoint = client::endpoint_at(server, scheme, None)?;
    if tls && !endpoint.is_tls() {
        return Err(Failure::usage(format!(
            "{endpoint} is not over TLS; leave out --tls, or give the host alone"
        )));
    }
    if endpoint.is_message_oriented() {
        return Err(Failure::usage(format!(
            "{endpoint} carries messages; HTTP needs a stream, such as tcp, tls or unix"
        )));
    }
    let port = if endpoint.is_tls() { 443 } else { 80 };
    Ok(endpoint.with_default_port(port))
}

async fn fetch(endpoint: Endpoint, args: Args) -> Result<(), Failure> {
    let path = match args.path.starts_with('/') {
        true => args.path.clone(),
        false => format!("/{}", args.path),
    };
    let output = args.output.clone().unwrap_or_else(|| name_in(&path).into());
    let is_shown = output == Path::new("-");
    let mut part = match is_shown {
        true => None,
        false => Some(begin(&output)?),
    };
    let options = AskOptions {
        connect: client::options(args.timeout),
        timeout: args.timeout,
    };
    let judge = |header: &Header| {
        if args.verbose {
            show(header);
        }
        is_good(header)
    };
    let take = |piece: &[u8]| match &mut part {
        Some(part) => part.write(piece),
        None => io::stdout().lock().write_all(piece),
    };
    let fetched = http_raw::get(&endpoint, None, &path, options, judge, take).await;
    let (header, length) = fetched.map_err(|error| match error {
        FetchError::Asking(error) => Failure::from(error),
        FetchError::Take(error) if is_shown => error.into(),
        FetchError::Take(error) => {
            let what = format!("cannot write {}", path_of(&output).display());
            LocalError { what, error }.into()
        }
        error => Failure::from_error(&error),
    })?;
    if !is_good(&header) {
        return Err(refused(&endpoint, &path, &header));
    }
    match part {
        Some(part) => {
            part.keep(None)?;
            note(&format!("saved {length} bytes in {}", output.display()));
        }
        None => io::stdout().lock().flush()?,
    }
    if !header.names_length() {
        note("the server named no length, so whether that is all of it cannot be told");
    }
    Ok(())
}

fn is_good(header: &Header) -> bool {
    (200..300).contains(&header.status)
}

fn refused(endpoint: &Endpoint, path: &str, header: &Header) -> Failure {
    let status = format!("{} {}", header.status, header.reason);
    let said = format!("{endpoint} answers to {path}: {}", status.trim());
    match header.values("location").next() {
        Some(elsewhere) => Failure::new(format!("{said}; it is at {elsewhere}")),
        None => Failure::new(said),
    }
}

fn show(header: &Header) {
    note(&format!("HTTP/1.1 {} {}", header.status, header.reason));
    for (name, value) in &header.fields {
        note(&format!("{name}: {value}"));
    }
}

/// The last part of the path, without the query.
fn name_in(path: &str) -> &str {
    let path = path.split('?').next().unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let usable = !matches!(name, "" | "." | "..") && !name.contains(['\\', ':', '\0']);
    if usable { name } else { INDEX }
}

/// A file that is not whole yet, for what comes.
fn begin(whole: &Path) -> Result<Part, Failure> {
    if whole.is_dir() {
        let shown = whole.display();
        return Err(Failure::usage(format!(
            "{shown} is a directory; name a file by -o FILE"
        )));
    }
    Ok(Part::begin(whole)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_as_its_path_ends() {
        assert_eq!(name_in("/"), INDEX);
        assert_eq!(name_in("/a/b.txt?c=/d"), "b.txt");
        assert_eq!(name_in("/a/"), INDEX);
        assert_eq!(name_in("/.."), INDEX);
        assert_eq!(name_in("/a%2Fb"), "a%2Fb");
        assert_eq!(name_in("/a\\b"), INDEX);
    }

    #[test]
    fn a_server_is_a_host_or_an_endpoint() {
        let read = |server: &str, tls| match endpoint(server, tls) {
            Ok(endpoint) => format!("{endpoint} {}", http_raw::host_of(&endpoint)),
            Err(failure) => failure.message().unwrap_or_default().to_string(),
        };
        assert_eq!(
            read("example.org", false),
            "tcp://example.org:80 example.org"
        );
        assert_eq!(
            read("example.org:8000", false),
            "tcp://example.org:8000 example.org:8000"
        );
        assert_eq!(
            read("example.org", true),
            "tls://example.org:443 example.org"
        );
        assert_eq!(read("::1", false), "tcp://[::1]:80 [::1]");
        assert_eq!(read("unix:x.sock", false), "unix:x.sock localhost");
        assert!(read("tcp://example.org", true).contains("leave out --tls"));
        assert!(read("udp://example.org", false).contains("HTTP needs a stream"));
    }
}
