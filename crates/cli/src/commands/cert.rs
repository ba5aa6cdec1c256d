//! `lariat cert`: a private certificate authority, and certificates for a server and clients.

use std::path::PathBuf;

use lariat_protocol::Endpoint;
use lariat_tls::Directory;

use crate::failure::Failure;
use crate::output::print;
use crate::shell;

/// Make a private CA, and certificates for a server and its clients
///
/// What is there already is kept: run it again to issue to another client, or for
/// another name.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where the files are, or are to be
    #[arg(long, value_name = "DIR", default_value = "certs")]
    dir: PathBuf,
    /// A name or address of the server; may be given several times
    #[arg(long = "name", value_name = "HOST", default_values = ["localhost", "127.0.0.1", "::1"])]
    names: Vec<String>,
    /// Issue a certificate to a client of this name too
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  lariat cert
  lariat cert --dir certs --name example.org --name 192.0.2.7
  lariat cert --client alice";

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    // Absolute, so that the lines to try work from any folder.
    let folder = std::path::absolute(&args.dir)?;
    let directory = Directory::open(&folder)?;
    directory.server_identity(&args.names)?;
    let client = match &args.client {
        Some(name) => Some(directory.issue_client(name)?),
        None => None,
    };
    let authority = directory.authority_certificate();
    let mut server = Endpoint::tls("localhost", 21568)
        .with_option("cert", &text(&directory.server_certificate())?)?
        .with_option("key", &text(&directory.server_key())?)?;
    let mut connect = Endpoint::tls(args.names[0].as_str(), 21568);
    connect = connect.with_option("ca", &text(&authority)?)?;
    let mut lines = format!(
        "\
authority    {}  (give it to whoever is to trust the server)
             {}  (keep it secret: who has it can issue certificates)
server       {}
             {}  (secret)
",
        authority.display(),
        directory.authority_key().display(),
        directory.server_certificate().display(),
        directory.server_key().display(),
    );
    if let Some(files) = client {
        lines += &format!(
            "client       {}\n             {}  (secret)\n",
            files.certificate.display(),
            files.key.display()
        );
        server = server.with_option("client_ca", &text(&authority)?)?;
        connect = connect
            .with_option("cert", &text(&files.certificate)?)?
            .with_option("key", &text(&files.key)?)?;
    }
    lines += &format!(
        "\nServe:   {}\nConnect: {}\n",
        shell::command(&["lariat", "serve", &format!("timestamp={server}")]),
        shell::command(&["lariat", "timestamp", &connect.to_string()]),
    );
    print(lines)
}

/// The path as an endpoint's option has it.
fn text(path: &std::path::Path) -> Result<String, Failure> {
    let text = path.to_str().map(String::from);
    text.ok_or_else(|| {
        Failure::usage(format!(
            "{}: the path is not UTF-8, and an endpoint must be; choose another with --dir",
            path.display()
        ))
    })
}
