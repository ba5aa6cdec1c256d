//! Remote calls and the sleep service, the whole way: over every carrier, by our own client and by
//! plain sockets.

mod deadlines;
mod hostile;
mod streams;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lariat::call::{Context, Limits};
use lariat::service::call::Calls;
use lariat::{Listening, Reactor, remote};

remote! {
    /// What the servers of these tests can do.
    pub trait Errands, client ErrandsClient {
        /// Comes back at once.
        async fn hello(name: String) -> Result<String, String>;
        /// Never comes back, and is counted while it is under way.
        async fn stay() -> Result<(), String>;
        /// Breaks down, at once or when others have had a turn.
        async fn break_down(late: bool) -> Result<(), String>;
        /// Asks whoever calls for his name.
        async fn who() -> Result<String, String>;
    }
}

remote! {
    /// What the servers ask their clients.
    pub trait Names, client NamesClient {
        /// What one is called.
        async fn name() -> Result<String, String>;
    }
}

/// Somebody with a name.
pub struct Named(&'static str);

impl Names for Named {
    async fn name(&self, _: Context) -> Result<String, String> {
        Ok(self.0.into())
    }
}

/// A server, and how many stay.
#[derive(Clone, Default)]
pub struct Porter(Arc<AtomicUsize>);

/// Counts itself until it is dropped.
struct Stays(Arc<AtomicUsize>);

impl Drop for Stays {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Porter {
    pub fn staying(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Errands for Porter {
    async fn hello(&self, _: Context, name: String) -> Result<String, String> {
        Ok(format!("hello, {name}"))
    }

    async fn stay(&self, _: Context) -> Result<(), String> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let _stays = Stays(Arc::clone(&self.0));
        std::future::pending().await
    }

    async fn break_down(&self, _: Context, late: bool) -> Result<(), String> {
        if late {
            tokio::task::yield_now().await;
        }
        // As a panic does it, without the words of the panic hook.
        std::panic::resume_unwind(Box::new("a method that breaks down"))
    }

    async fn who(&self, context: Context) -> Result<String, String> {
        let name = NamesClient::new(context.caller()).name().await;
        name.map_err(|failure| failure.to_string())
    }
}

fn serve(reactor: &Reactor, limits: Limits) -> (Porter, Listening) {
    let porter = Porter::default();
    let calls = Calls::with_limits(ErrandsClient::methods(porter.clone()), limits);
    let listening = reactor.listen("tcp://127.0.0.1:0", calls);
    (porter, listening.expect("listening"))
}
