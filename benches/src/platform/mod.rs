//! What only Linux has: epoll, process clocks, signals, and the peers written on top of them.

pub mod child;
pub mod datagram_server;
pub mod epoll_server;
pub mod launch;
pub mod load;
pub mod process;
