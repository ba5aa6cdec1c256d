//! What is served where, and how to try it: as a table for a person, as JSON for a program.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use lariat_protocol::Endpoint;
use lariat_protocol::endpoint::{Base, ClientCertificate};
use serde::Serialize;

use crate::failure::Failure;
use crate::serve::listen::{Served, is_every};
use crate::serve::state;
use crate::shell;

/// The table: each endpoint and a line to try for it.
///
/// # Errors
///
/// When a path cannot be written in an endpoint.
pub fn table(all: &[Served], authority: &Path) -> Result<String, Failure> {
    let mut rows = vec![["SERVICE", "LISTENS ON", "TRY"].map(String::from)];
    for served in all {
        let line = match client(served, &served.endpoint, authority)? {
            Some(endpoint) => try_line(served, &endpoint),
            None => None,
        };
        let line = line.unwrap_or_else(|| "-".into());
        let endpoint = plain(&served.endpoint)?.to_string();
        rows.push([served.entry.name.to_string(), endpoint, line]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let (first, second) = (width(0).unwrap_or(0), width(1).unwrap_or(0));
    let lines = rows
        .iter()
        .map(|[service, endpoint, line]| format!("{service:first$}  {endpoint:second$}  {line}\n"));
    Ok(lines.collect())
}

/// An address that was bound, for a program.
#[derive(Serialize)]
struct Line {
    service: &'static str,
    /// Without options.
    endpoint: String,
    /// What a client on this machine connects to; null if none can.
    connect: Option<String>,
    #[serde(rename = "try")]
    to_try: Option<String>,
}

/// A line of JSON for each address that was really bound.
///
/// # Errors
///
/// When a path cannot be written in an endpoint.
pub fn json(all: &[Served], authority: &Path) -> Result<String, Failure> {
    let mut lines = String::new();
    for served in all {
        for bound in &served.bound {
            let client = client(served, bound, authority)?;
            let line = Line {
                service: served.entry.name,
                endpoint: plain(bound)?.to_string(),
                connect: client.as_ref().map(Endpoint::to_string),
                to_try: client.and_then(|client| try_line(served, &client)),
            };
            let line = serde_json::to_string(&line);
            let line = line.map_err(|error| Failure::from_error(&error))?;
            lines += &format!("{line}\n");
        }
    }
    Ok(lines)
}

fn try_line(served: &Served, endpoint: &Endpoint) -> Option<String> {
    let words = (served.entry.to_try)(&shell::program(), endpoint)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some(shell::command(&words))
}

/// The endpoint without its options, which are the server's affair.
pub fn plain(endpoint: &Endpoint) -> Result<Endpoint, Failure> {
    let text = endpoint.to_string();
    let plain: Endpoint = text.split('?').next().unwrap_or(&text).parse()?;
    // Only a path that has a `?` of its own is printed as an option.
    match &endpoint.options().path {
        Some(path) => Ok(plain.with_option("path", path)?),
        None => Ok(plain),
    }
}

/// What a client on this machine connects to, if it can from outside the process.
fn client(
    served: &Served,
    endpoint: &Endpoint,
    authority: &Path,
) -> Result<Option<Endpoint>, Failure> {
    if matches!(endpoint.base(), Base::Fd(_) | Base::Stdio | Base::Memory(_)) {
        return Ok(None);
    }
    let mut client = plain(endpoint)?;
    if let Some(host) = client.host().filter(|host| is_every(host)) {
        client = match host.address() {
            Some(IpAddr::V4(_)) => client.with_host(Ipv4Addr::LOCALHOST),
            _ => client.with_host("localhost"),
        };
    }
    if !client.is_tls() {
        return Ok(Some(client));
    }
    let options = endpoint.options();
    if options.client_ca.is_some() && options.client_cert != Some(ClientCertificate::Request) {
        // Whose certificate a client would show is not for us to know.
        return Ok(None);
    }
    let authority = match &options.cert {
        _ if served.is_ours => Some(authority.to_path_buf()),
        Some(certificate) => authority_beside(certificate),
        None => None,
    };
    let trusting = match authority {
        Some(path) => client.with_option("ca", state::text(&path)?)?,
        None => client.with_option("verify", "none")?,
    };
    Ok(Some(trusting))
}

/// Where `lariat cert` puts the authority of a certificate.
fn authority_beside(certificate: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(certificate.with_file_name("ca.pem")).ok()?;
    path.exists().then_some(path)
}
