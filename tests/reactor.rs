//! What the reactor promises to every protocol: where it runs, when it is called, and how it
//! ends.

mod calls;
mod clients;
mod datagrams;
mod herd;
mod placement;
#[cfg(unix)]
mod platform;
mod stopping;
mod traffic;

use lariat::{Protocol, Transport};

/// A protocol that is one function of what comes.
pub struct OnData<F>(pub F);

impl<F: FnMut(&mut Transport, &[u8]) + Send + 'static> Protocol for OnData<F> {
    fn data_received(&mut self, transport: &mut Transport, data: &[u8]) {
        (self.0)(transport, data);
    }
}

pub fn echo(transport: &mut Transport, data: &[u8]) {
    transport.write(data);
}

fn thread_name() -> String {
    std::thread::current()
        .name()
        .unwrap_or("nameless")
        .to_owned()
}
