//! Tests of the whole engine.

mod contract;
mod layers;
mod map;
mod source;
