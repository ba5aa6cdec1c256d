//! ngircd and sshd, with their own deadlines.

use std::fs;
use std::io;
use std::process::{Command, Stdio};

use super::{Given, Running, folder, free_address, program};

/// ngircd on plain TCP.
pub fn ngircd(given: Given) -> io::Result<Running> {
    let ngircd = program("ngircd", "ngircd")?;
    let folder = folder()?;
    let address = free_address()?;
    let grace = if given.hurried {
        "PingTimeout = 5\nPongTimeout = 5\n"
    } else {
        ""
    };
    let configuration = format!(
        "[Global]\nName = irc.example.net\nListen = 127.0.0.1\nPorts = {}\nMotdPhrase = hello\n\
         ServerUID = nobody\nServerGID = nogroup\n\
         [Limits]\nMaxConnectionsIP = 0\n{grace}[Options]\nDNS = no\nIdent = no\nPAM = no\n",
        address.port()
    );
    let path = folder.path().join("ngircd.conf");
    fs::write(&path, configuration)?;
    let path = path.display().to_string();
    let command = [ngircd, "--nodaemon".into(), "--config".into(), path];
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
