//! Talk with partners of every kind.

mod carriers;
mod hostile;
mod partners;
