//! What the engine needs of one system or another: everywhere else the code is the same on all.

pub(crate) mod lookup;
pub(crate) mod socket;
