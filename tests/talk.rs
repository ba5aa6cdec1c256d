//! Talk with partners of every kind.

mod hostile;
mod partners;
