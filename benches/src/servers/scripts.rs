//! The peers in other languages, from `benches/peers/`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Given, Running, folder, not_installed, program};
use crate::load::identity;

/// Debian's own, which has Debian's packages; another in the path has not.
const PYTHON: &str = "/usr/bin/python3";

/// A program of one file.
struct Script {
    name: &'static str,
    text: &'static str,
}

/// `Script` of a file in `benches/peers/`.
macro_rules! script {
    ($name:literal) => {
        Script {
            name: $name,
            text: include_str!(concat!("../../peers/", $name)),
        }
    };
}

/// Go: built once a run, into the folder for temporary files.
pub fn go(given: Given) -> io::Result<Running> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build_go().map_err(|error| error.to_string()));
    let path = built.clone().map_err(io::Error::other)?;
    Running::printing(given, folder()?, &[path.display().to_string()])
}

fn build_go() -> io::Result<PathBuf> {
    let compiler = program("go", "golang-go")?;
    // Not removed at the end: the next run finds the same file and builds it anew.
    let folder = std::env::temp_dir().join("lariat-benches-go");
    fs::create_dir_all(&folder)?;
    let script = script!("timestamp.go");
    let source = folder.join(script.name);
    fs::write(&source, script.text)?;
    let built = folder.join("timestamp");
    let status = Command::new(compiler)
        .args(["build", "-o"])
        .args([&built, &source])
        .stdin(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(built),
        false => Err(io::Error::other("go build failed")),
    }
}

/// Node's `net`.
pub fn node(given: Given) -> io::Result<Running> {
    let node = program("node", "nodejs")?;
    run(given, &node, &script!("timestamp.js"), &[])
}

/// Node with the package `ws`.
pub fn node_websocket(given: Given) -> io::Result<Running> {
    let node = program("node", "nodejs")?;
    let found = Command::new(&node)
        .args(["-e", "require('ws')"])
        .env("NODE_PATH", "/usr/share/nodejs")
        .stderr(Stdio::null())
        .status()?;
    if !found.success() {
        return Err(not_installed("node-ws"));
    }
    run(given, &node, &script!("timestamp_ws.js"), &[])
}

/// asyncio on uvloop.
pub fn uvloop(given: Given) -> io::Result<Running> {
    python(
        given,
        "uvloop",
        "python3-uvloop",
        &script!("timestamp_uvloop.py"),
    )
}

/// The sleep server on asyncio.
pub fn sleep_asyncio(given: Given) -> io::Result<Running> {
    python(given, "asyncio", "python3", &script!("sleep_asyncio.py"))
}

/// Twisted's `LineReceiver`.
pub fn twisted(given: Given) -> io::Result<Running> {
    python(
        given,
        "twisted",
        "python3-twisted",
        &script!("timestamp_twisted.py"),
    )
}

/// The same over TLS.
pub fn twisted_tls(given: Given) -> io::Result<Running> {
    needs_python(
        "OpenSSL, service_identity",
        "python3-openssl python3-service-identity",
    )?;
    needs_python("twisted", "python3-twisted")?;
    let files = folder()?;
    let (certificate, key) = identity::write(files.path())?;
    let arguments = [certificate, key].map(|path| path.display().to_string());
    // It has read them when it prints its address.
    run(given, PYTHON, &script!("timestamp_twisted.py"), &arguments)
}

/// `socketserver.ThreadingTCPServer`.
pub fn threads(given: Given) -> io::Result<Running> {
    python(
        given,
        "socketserver",
        "python3",
        &script!("timestamp_threads.py"),
    )
}

/// `socketserver.ForkingTCPServer`.
pub fn forking(given: Given) -> io::Result<Running> {
    let script = script!("timestamp_forks.py");
    python(given, "socketserver", "python3", &script)
}

/// The package `websockets` on asyncio.
pub fn python_websocket(given: Given) -> io::Result<Running> {
    let script = script!("timestamp_websockets.py");
    python(given, "websockets", "python3-websockets", &script)
}

fn python(given: Given, module: &str, package: &str, script: &Script) -> io::Result<Running> {
    needs_python(module, package)?;
    run(given, PYTHON, script, &[])
}

fn needs_python(module: &str, package: &str) -> io::Result<()> {
    let found = Command::new(PYTHON)
        .args(["-c", &format!("import {module}")])
        .stderr(Stdio::null())
        .status();
    match found {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(not_installed(package)),
        Err(_) => Err(not_installed("python3")),
    }
}

fn run(given: Given, with: &str, script: &Script, arguments: &[String]) -> io::Result<Running> {
    let folder = folder()?;
    let path = folder.path().join(script.name);
    fs::write(&path, script.text)?;
    let mut command = vec![with.to_owned(), path.display().to_string()];
    command.extend_from_slice(arguments);
    Running::printing(given, folder, &command)
}
