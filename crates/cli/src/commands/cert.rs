//! `lariat cert`: a private certificate authority, and certificates for a server and clients.

use std::path::{Path, PathBuf};

use lariat_protocol::Endpoint;
use lariat_tls::{ClientFiles, Directory};

use crate::failure::Failure;
use crate::output::print;
use crate::serve::state;
use crate::shell;

/// Make a private CA, and certificates for a server and its clients
///
/// What is there already is kept: run it again for another name of the server, or to issue
/// to another client. `lariat serve` makes the same files by itself where it needs them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the files are, or are to be [default: the state directory, as of serve]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A name or address of the server, beside localhost and this machine's; may be repeated
    #[arg(long = "name", value_name = "HOST")]
    names: Vec<String>,
    /// Issue a certificate to a client of this name too
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  lariat cert
  lariat cert --dir certs --name example.org --name 192.0.2.7
  lariat cert --dir certs --client alice";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    // Absolute, so that the lines to try work from any folder.
    let folder = match args.dir {
        Some(folder) => std::path::absolute(folder)?,
        None => state::path(None)?,
    };
    let directory = Directory::open(folder)?;
    state::certify(&directory, &args.names)?;
    let client = match &args.client {
        Some(name) => Some(directory.issue_client(name)?),
        None => None,
    };
    let files = files(&directory, client.as_ref());
    let lines = lines_to_try(&directory, &args.names, client.as_ref())?;
    print(format!("{files}\n{lines}"))
}

fn files(directory: &Directory, client: Option<&ClientFiles>) -> String {
    let mut text = String::new();
    let mut row = |what: &str, path: &Path, remark: &str| {
        text += &format!("{what:6}  {}{remark}\n", path.display());
    };
    let (authority, server) = (
        directory.authority_certificate(),
        directory.server_certificate(),
    );
    row("CA", &authority, "  (for whoever is to trust the server)");
    row("", &directory.authority_key(), "  (secret: it issues)");
    row("server", &server, "");
    row("", &directory.server_key(), "  (secret)");
    if let Some(client) = client {
        row("client", &client.certificate, "");
        row("", &client.key, "  (secret)");
    }
    text
}

fn lines_to_try(
    directory: &Directory,
    names: &[String],
    client: Option<&ClientFiles>,
) -> Result<String, Failure> {
    const PORT: u16 = 21568;
    let with_files = |endpoint: Endpoint, certificate: &Path, key: &Path| {
        let endpoint = endpoint.with_option("cert", state::text(certificate)?)?;
        Ok::<_, Failure>(endpoint.with_option("key", state::text(key)?)?)
    };
    let authority = directory.authority_certificate();
    let authority = state::text(&authority)?;
    // Who names the server's other names wants it to be reached by them.
    let host = if names.is_empty() { "localhost" } else { "::" };
    let server = Endpoint::tls(host, PORT);
    let mut server = with_files(
        server,
        &directory.server_certificate(),
        &directory.server_key(),
    )?;
    if client.is_some() {
        server = server.with_option("client_ca", authority)?;
    }
    let program = shell::program();
    let server = format!("timestamp={server}");
    let mut lines = format!(
        "Serve:    {}\n",
        shell::command(&[&program, "serve", &server])
    );
    for host in std::iter::once("localhost").chain(names.iter().map(String::as_str)) {
        let mut endpoint = Endpoint::tls(host, PORT).with_option("ca", authority)?;
        if let Some(client) = client {
            endpoint = with_files(endpoint, &client.certificate, &client.key)?;
        }
        let endpoint = endpoint.to_string();
        let line = shell::command(&[&program, "timestamp", &endpoint, "-m", "hi"]);
        lines += &format!("Connect:  {line}\n");
    }
    Ok(lines)
}
