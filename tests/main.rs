//! Tests of the whole engine.

mod admission;
mod common;
mod contract;
mod datagrams;
mod faults;
mod host;
mod layers;
mod map;
mod reactor;
mod small;
mod source;
mod timestamp;
