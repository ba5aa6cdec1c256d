//! Tests of the whole engine.

mod common;
mod contract;
mod datagrams;
mod faults;
mod layers;
mod map;
mod reactor;
mod source;
mod timestamp;
