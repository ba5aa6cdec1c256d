//! Who is let in, what the others are told, and that every place comes back.

mod limits;
mod proxied;
mod refusing;
mod storm;
