//! russh over a `Connection`, both sides: what the tokio world has for byte streams works.

use std::sync::Arc;

use lariat::Connection;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData};
use russh::keys::{PrivateKey, PublicKeyOrCertificate};
use russh::server::{self, Auth, Msg, Session};
use russh::{Channel, ChannelId, ChannelMsg, client};

use super::reactor;

/// Lets anybody in, and says their commands back.
struct Server;

impl server::Handler for Server {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: server::ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let said = [b"you said ", command].concat();
        session.channel_success(channel)?;
        session.data(channel, said)?;
        session.eof(channel)?;
        session.close(channel)
    }
}

/// Believes the server; its key is made from a fixed seed.
struct Client;

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

async fn serve(connection: Connection) -> Result<(), russh::Error> {
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&[7; 32]));
    let key = PrivateKey::new(pair, "test").map_err(russh::keys::Error::from)?;
    let config = server::Config {
        keys: vec![key],
        auth_rejection_time: std::time::Duration::ZERO,
        ..server::Config::default()
    };
    server::run_stream(Arc::new(config), connection, Server)
        .await?
        .await
}

#[test]
fn a_command_goes_through_ssh() {
    let reactor = reactor();
    let listening = reactor
        .listen("tcp://127.0.0.1:0", serve)
        .expect("listening");
    let endpoint = listening.endpoint().clone();
    let said = reactor.handle().wait(async move {
        let connection = lariat::connect(&endpoint).await.expect("connected");
        let config = Arc::new(client::Config::default());
        let mut session = client::connect_stream(config, connection, Client)
            .await
            .expect("a session");
        let login = session.authenticate_none("anybody").await.expect("asked");
        assert!(login.success());
        let mut channel = session.channel_open_session().await.expect("a channel");
        channel.exec(true, "hello").await.expect("sent");
        let mut said = Vec::new();
        while let Some(message) = channel.wait().await {
            if let ChannelMsg::Data { data } = message {
                said.extend_from_slice(&data);
            }
        }
        said
    });
    assert_eq!(said, b"you said hello");
}
