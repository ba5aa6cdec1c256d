//! What measuring needs of Linux: epoll, processor affinity and process clocks.

pub mod epoll_server;
pub mod load;
pub mod process;
