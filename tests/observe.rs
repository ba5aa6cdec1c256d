//! What can be seen of the engine from outside, and that it is true.

mod killing;
mod logs;
mod metrics;
mod table;
