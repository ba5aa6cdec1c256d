//! Whatever panics on the way of a request, no thread of the server's ends by it.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use lariat_socketserver::{
    Address, Failure, Hooks, Pooled, Sequential, Server, Strategy, StreamRequest, Tcp, Threading,
    handler,
};

use crate::clients::{connect, heard, serving};

/// Panics in the step that it is told, once.
#[derive(Clone, Default)]
struct Clumsy(Arc<Mutex<Option<&'static str>>>);

impl Clumsy {
    fn set(&self, name: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
    }

    fn takes(&self, name: &str) -> bool {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        next.take_if(|next| *next == name).is_some()
    }

    fn step(&self, name: &str) {
        assert!(!self.takes(name), "{name} went wrong");
    }

    fn is_over(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }
}

impl Hooks<Tcp> for Clumsy {
    fn verify_request(&self, _: &Arc<TcpStream>, _: &Address) -> bool {
        self.step("verify_request");
        true
    }

    fn close_request(&self, request: StreamRequest) {
        drop(request);
        self.step("close_request");
    }

    fn handle_error(&self, _: &Address, _: &Failure) {
        self.step("handle_error");
    }
}

/// What a handler captured, which is cloned and dropped with it.
struct Captured(Clumsy);

impl Clone for Captured {
    fn clone(&self) -> Self {
        self.0.step("clone");
        Captured(self.0.clone())
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        self.0.step("drop");
    }
}

fn survives<S: Strategy + Default>(strategy: S) {
    let clumsy = Clumsy::default();
    let captured = Captured(clumsy.clone());
    let greet = handler(move |request: &mut StreamRequest| {
        request.wfile.write_all(b"hi")?;
        // An error, so that it is told of.
        match captured.0.takes("handle") {
            true => {
                captured.0.set("handle_error");
                Err("it is told of".into())
            }
            false => Ok(()),
        }
    });
    let server = Server::<Tcp, S, _>::builder(greet)
        .strategy(strategy)
        .hooks(clumsy.clone())
        .bind("127.0.0.1:0")
        .expect("a free port");
    serving(&server, || {
        for step in ["verify_request", "clone", "handle", "close_request", "drop"] {
            clumsy.set(step);
            let mut first = connect(&server);
            heard(&mut first).expect("an end");
            while server.active_requests() > 0 {
                std::thread::yield_now();
            }
            assert!(clumsy.is_over(), "{step} has panicked");
            let mut next = connect(&server);
            assert_eq!(heard(&mut next).expect("an answer"), b"hi", "{step}");
        }
    });
}

#[test]
fn a_panic_anywhere_ends_one_request() {
    survives(Sequential);
    survives(Threading::default());
    // One that ended would leave nobody.
    survives(Pooled::new(1, 8));
}
