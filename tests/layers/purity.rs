//! What stays out of `crates/protocol`, and what stays inside `platform`.

use crate::source::{Source, paths};

/// The beginnings of paths that reach outside the program.
const OUTSIDE: &[&str] = &[
    "mio",
    "nix",
    "libc",
    "rustix",
    "socket2",
    "std::env",
    "std::fs",
    "std::io::stderr",
    "std::io::stdin",
    "std::io::stdout",
    "std::os",
    "std::process",
    "std::thread",
    "tokio",
];

/// Names that reach outside wherever they stand in a path.
const OUTSIDE_NAMES: &[&str] = &[
    "SystemTime",
    "TcpListener",
    "TcpStream",
    "ToSocketAddrs",
    "UdpSocket",
    "UnixDatagram",
    "UnixListener",
    "UnixStream",
];

/// The two ways in which an `Instant`, which is fine as a type, reads the clock.
const CLOCKS: &[&str] = &["Instant::now", ".elapsed()"];

const ONLY_UNIX: &[&str] = &["std::os::unix", "nix", "libc"];

/// Where a file of `crates/protocol/src` opens, reads or starts something. Its tests may
/// look at a clock, to have a moment to begin at.
pub fn impure_paths(source: &Source) -> Vec<String> {
    if !source.path.starts_with("crates/protocol/src/") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for found in paths(&source.code) {
        if reaches_outside(&found.path) {
            findings.push(format!("{}:{}: {}", source.path, found.line, found.path));
        }
    }
    if !source.path.ends_with("/tests.rs") {
        let code = source.code_without_tests();
        for (number, line) in (1..).zip(code.lines()) {
            if CLOCKS.iter().any(|clock| line.contains(clock)) {
                findings.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    findings
}

fn reaches_outside(path: &str) -> bool {
    OUTSIDE.iter().any(|start| starts_with(path, start))
        || path.split("::").any(|name| OUTSIDE_NAMES.contains(&name))
}

/// Where a file under `crates/*/src` names what only Unix has, outside `platform`.
pub fn unix_outside_platform(source: &Source) -> Vec<String> {
    let parts: Vec<&str> = source.path_parts().collect();
    if !matches!(parts[..], ["crates", _, "src", ..]) || parts.contains(&"platform") {
        return Vec::new();
    }
    let all = paths(&source.code).into_iter();
    let wrong = all.filter(|found| {
        ONLY_UNIX
            .iter()
            .any(|start| starts_with(&found.path, start))
    });
    let findings = wrong.map(|found| format!("{}:{}: {}", source.path, found.line, found.path));
    findings.collect()
}

/// Whether a path is the other or goes on from it.
fn starts_with(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impure(text: &str) -> usize {
        impure_paths(&Source::new("crates/protocol/src/a.rs", text)).len()
    }

    #[test]
    fn types_alone_are_pure() {
        let text = "use std::net::{IpAddr, SocketAddr};\nuse std::time::{Duration, Instant};\n\
            /// Not `std::fs::read`.\nfn due(now: Instant) -> Instant { now }\n\
            use tokio_util::codec::Decoder; struct Process { nixie: u8 }";
        assert_eq!(impure(text), 0);
    }

    #[test]
    fn what_reaches_outside_is_found() {
        for text in [
            "use std::net::TcpStream;",
            "use std::{fmt, net::{IpAddr, UdpSocket as Datagrams}};",
            "use std::net::ToSocketAddrs;",
            "use std::fs;",
            "use std::{thread, io};",
            "std::process::exit(1)",
            "let a = Instant::now();",
            "let a = std::time::Instant::now();",
            "let a = start.elapsed();",
            "fn now() -> SystemTime {}",
            "use tokio::net;",
            "use socket2::SockRef;",
            "let a = std::env::var(b);",
        ] {
            assert_eq!(impure(text), 1, "{text}");
        }
    }

    #[test]
    fn tests_may_look_at_a_clock_and_at_nothing_else() {
        let clock = "#[cfg(test)]\nmod tests { fn a() { Instant::now(); } }";
        assert_eq!(impure(clock), 0);
        assert_eq!(impure("#[cfg(test)]\nmod tests { use std::fs; }"), 1);
        let file = Source::new(
            "crates/protocol/src/a/tests.rs",
            "fn a() { Instant::now(); }",
        );
        assert_eq!(impure_paths(&file).len(), 0);
    }

    #[test]
    fn other_crates_may_reach_outside() {
        let source = Source::new("crates/net/src/a.rs", "use std::net::TcpStream;");
        assert!(impure_paths(&source).is_empty());
    }

    #[test]
    fn unix_outside_platform_is_found() {
        let wrong = |path: &str| {
            let text = "use nix::unistd;\nuse std::os::{fd, unix::net};\nlibc::c_int";
            unix_outside_platform(&Source::new(path, text)).len()
        };
        assert_eq!(wrong("crates/net/src/listener.rs"), 3);
        assert_eq!(wrong("crates/net/src/platforms.rs"), 3);
        assert_eq!(wrong("crates/tls/src/platform.rs"), 0);
        assert_eq!(wrong("crates/net/src/platform/socket.rs"), 0);
        assert_eq!(wrong("crates/net/tests/vocabulary.rs"), 0);
        assert_eq!(wrong("crates/lariat/examples/a.rs"), 0);
    }
}
