//! Going down without losing anything: the goodbye comes behind what was asked, and the report
//! is true.

mod goodbyes;
mod load;
