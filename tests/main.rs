//! Tests of the whole engine.

mod admission;
mod blocking;
mod by_name;
mod call;
mod chat;
mod command;
mod common;
mod contract;
mod datagrams;
mod deadlines;
mod draining;
mod faults;
mod host;
mod http;
mod layers;
mod map;
mod nntp;
mod observe;
mod reactor;
mod reload;
mod small;
mod source;
mod talk;
mod threads;
mod timestamp;
