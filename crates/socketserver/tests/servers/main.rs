//! The blocking servers over real sockets, every one of them.

mod addresses;
mod alone;
mod classes;
mod clients;
mod closing;
mod deadlines;
mod faults;
mod flood;
mod hooks;
mod life;
mod limits;
mod own;
mod panics;
mod requests;
mod signals;
mod table;
mod tls;
