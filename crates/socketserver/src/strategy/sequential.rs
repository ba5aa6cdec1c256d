//! One request after the other, on the thread that serves.

use crate::job::Job;
use crate::strategy::Strategy;

/// Handles each request on the thread that serves; the next one waits until it is over.
///
/// Python's servers without a mix-in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Strategy for Sequential {
    fn process_request(&self, job: Job) {
        job.run();
    }
}
