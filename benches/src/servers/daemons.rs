//! ngircd, inspircd and sshd, with their own deadlines.

use std::fs;
use std::io;
use std::process::{Command, Stdio};

use super::{Given, Running, folder, free_address, program};

/// ngircd on plain TCP.
pub fn ngircd(given: Given) -> io::Result<Running> {
    let limits = match given.hurried {
        true => "PingTimeout = 5\nPongTimeout = 5\n",
        false => "",
    };
    ngircd_with(given, limits)
}

/// ngircd, in which nobody is slowed, and nobody asked whether he is still there.
pub fn ngircd_chat(given: Given) -> io::Result<Running> {
    ngircd_with(given, "MaxPenaltyTime = 0\nPingTimeout = 3600\n")
}

fn ngircd_with(given: Given, limits: &str) -> io::Result<Running> {
    let ngircd = program("ngircd", "ngircd")?;
    let folder = folder()?;
    let address = free_address()?;
    let configuration = format!(
        "[Global]\nName = irc.example.net\nListen = 127.0.0.1\nPorts = {}\nMotdPhrase = hello\n\
         ServerUID = nobody\nServerGID = nogroup\n\
         [Limits]\nMaxConnectionsIP = 0\n{limits}[Options]\nDNS = no\nIdent = no\nPAM = no\n",
        address.port()
    );
    let path = folder.path().join("ngircd.conf");
    fs::write(&path, configuration)?;
    let path = path.display().to_string();
    let command = [ngircd, "--nodaemon".into(), "--config".into(), path];
    Running::listening(given, folder, address, &command)
}

/// inspircd on plain TCP, in which nobody is slowed.
pub fn inspircd(given: Given) -> io::Result<Running> {
    let inspircd = program("inspircd", "inspircd")?;
    let folder = folder()?;
    let address = free_address()?;
    let (port, here) = (address.port(), folder.path().display());
    let configuration = format!(
        r#"<server name="irc.example.net" description="measured" network="Example">
        <admin name="nobody" nick="nobody" email="nobody@example.net">
        <bind address="127.0.0.1" port="{port}" type="clients">
        <connect name="all" allow="*" timeout="60" pingfreq="1h" threshold="1000000"
            commandrate="100000000" fakelag="no" recvq="1M" softsendq="16M" hardsendq="16M"
            localmax="20000" globalmax="20000" limit="20000" maxconnwarn="no"
            resolvehostnames="no" useident="no">
        <performance softlimit="20000" somaxconn="1024" clonesonconnect="no">
        <path datadir="{here}" logdir="{here}" runtimedir="{here}">
        <pid file="{here}/pid">
        <log method="stderr" type="* -USERINPUT -USEROUTPUT" level="default">
        "#
    );
    let path = folder.path().join("inspircd.conf");
    fs::write(&path, configuration)?;
    let path = path.display().to_string();
    // As everything else here it runs as who measures, whoever that is.
    let command = [
        inspircd,
        "--nofork".into(),
        "--runasroot".into(),
        "--config".into(),
        path,
    ];
    Running::listening(given, folder, address, &command)
}

/// sshd with a new host key.
pub fn sshd(given: Given) -> io::Result<Running> {
    let sshd = program("sshd", "openssh-server")?;
    let keygen = program("ssh-keygen", "openssh-client")?;
    let folder = folder()?;
    let address = free_address()?;
    let key = folder.path().join("host");
    let made = Command::new(keygen)
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .stdin(Stdio::null())
        .status()?;
    if !made.success() {
        return Err(io::Error::other("ssh-keygen made no key"));
    }
    // Debian's unit makes it before it starts sshd.
    fs::create_dir_all("/run/sshd")?;
    let grace = if given.hurried {
        "LoginGraceTime 5\n"
    } else {
        ""
    };
    let configuration = format!(
        "{grace}ListenAddress {address}\nHostKey {}\nPidFile none\nUsePAM no\nMaxStartups 100\n",
        key.display()
    );
    let path = folder.path().join("sshd_config");
    fs::write(&path, configuration)?;
    let path = path.display().to_string();
    let command = [sshd, "-D".into(), "-e".into(), "-f".into(), path];
    Running::listening(given, folder, address, &command)
}
