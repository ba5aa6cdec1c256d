//! Judged by the software of others: real peers from Debian and PyPI, both ways.
//!
//! Left out of `cargo test --workspace`, which needs nothing but a Rust toolchain; run by
//! `cargo test -p lariat-tests --test interop`. The programs must be installed, and those in
//! Python find their packages in `target/interop-venv`; `.ci/run` sees to both. A program
//! that is missing fails its tests.
//!
//! One module for each kind of peer: [`classic`] (Python's own library), [`twisted`],
//! [`websockets`], [`regular`] (CPython's `re`), [`tools`] (socat, nc, openssl, curl), [`small`]
//! (xinetd, nc, socat), [`calls`] (Python's JSON-RPC), [`durable`] (strace), [`command`] (nc, socat,
//! Python), [`web`] (Python's web server, nginx), [`ftp`] (vsftpd,
//! pyftpdlib), [`http`] (nginx, Python, werkzeug, tinyproxy, microsocks), [`nntp`] (INN, Python's nntplib),
//! [`spoofed`] (forged senders), [`socketserver`] (Python and nc), [`thread_names`] (Python), [`terminals`] (tmux, with people at its screens). And one for each thing that a
//! server is run with, judged by what people use with it: [`proxied`] (haproxy, nginx),
//! [`metrics`] (Prometheus), [`deadlines`], [`reload`], [`draining`]. [`peer`] runs a program beside
//! a test, [`proxies`] runs haproxy and nginx, [`inn`] runs INN, [`lariat`] runs ours.
//!
//! [`names`] is judged by nc, by a program in Python, and by a disk whose power is cut; [`full_disk`] by one
//! that has no room.

mod calls;
mod classic;
mod command;
mod deadlines;
mod draining;
mod durable;
mod ftp;
mod full_disk;
mod http;
mod inn;
mod lariat;
mod metrics;
mod names;
mod nntp;
mod peer;
mod proxied;
mod proxies;
mod regular;
mod reload;
mod small;
mod socketserver;
mod spoofed;
mod terminals;
mod thread_names;
mod tools;
mod twisted;
mod web;
mod websockets;
