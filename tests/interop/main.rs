//! Judged by the software of others.

