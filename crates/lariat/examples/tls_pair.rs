//! A TLS server on port 9443 and its client, with a certificate authority of their own.
//!
//! `cargo run -p lariat --example tls_pair` makes the authority and a certificate for
//! `localhost` in the folder `tls-pair` (or finds them there), serves, and asks once.
//! Another folder and another port may be given.

use std::error::Error;

use lariat::client::timestamp::Client;
use lariat::service::timestamp::Timestamp;
use lariat::tls::Directory;
use lariat::{Endpoint, Reactor};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "tls-pair".into());
    let port = arguments.next().map_or(Ok(9443), |port| port.parse())?;

    // The keys are readable by their owner only; `lariat cert` does the same.
    let directory = Directory::open(folder)?;
    directory.server_identity(&["localhost"])?;
    let text = |path: std::path::PathBuf| path.display().to_string();

    let server = Endpoint::tls("localhost", port)
        .with_option("cert", &text(directory.server_certificate()))?
        .with_option("key", &text(directory.server_key()))?;
    let reactor = Reactor::builder().threads(1).build()?;
    let listening = reactor.listen(server, Timestamp::default())?;

    // The client trusts this authority and no other, and asks for the name by which the
    // server's certificate knows it.
    let port = listening.endpoint().port().unwrap_or(port);
    let endpoint = Endpoint::tls("localhost", port)
        .with_option("ca", &text(directory.authority_certificate()))?;
    let asked = reactor.handle().wait(async move {
        let mut client = Client::connect(&endpoint).await?;
        println!("connected to {}", client.peer());
        let answer = client.ask(b"hi over TLS").await?;
        client.close().await?;
        Ok::<_, lariat::client::timestamp::Error>(answer)
    });
    let answer = asked?.ok_or("the server closed before it answered")?;
    println!("{}", String::from_utf8_lossy(&answer.text));

    reactor.handle().stop();
    reactor.run();
    Ok(())
}
