//! Who is let in, what the others are told, and that every place comes back.

mod limits;
#[cfg(unix)]
mod platform;
mod proxied;
mod refusing;
mod storm;
