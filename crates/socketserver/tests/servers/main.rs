//! The blocking servers over real sockets, every one of them.

mod classes;
mod clients;
mod faults;
mod hooks;
mod life;
mod limits;
mod panics;
mod requests;
mod table;
mod tls;
