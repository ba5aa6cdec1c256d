//! Every step of a request's life can be taken in a way of one's own, and happens in its order.

use std::io;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use lariat_socketserver::{
    Address, Failure, HandlerResult, Hooks, Options, Refusal, RequestHandler, Server,
    StreamRequest, Tcp, TcpServer, Threading,
};

use crate::clients::{ask, connect, heard, serving};

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, words: impl Into<String>) {
        self.0.lock().expect("no panic").push(words.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

/// Notes every step, and lets in whoever the word says.
#[derive(Clone)]
struct Noting {
    diary: Diary,
    verified: bool,
}

impl Hooks<Tcp> for Noting {
    fn get_request(
        &self,
        transport: &Tcp,
        options: &Options,
    ) -> io::Result<(Arc<TcpStream>, Address)> {
        self.diary.note("get_request");
        lariat_socketserver::Transport::get_request(transport, options)
    }

    fn verify_request(&self, _: &Arc<TcpStream>, client: &Address) -> bool {
        assert!(client.ip().is_some_and(|ip| ip.is_loopback()));
        self.diary.note("verify_request");
        self.verified
    }

    fn finish_request(
        &self,
        request: &mut StreamRequest,
        handle: &mut dyn FnMut(&mut StreamRequest) -> HandlerResult,
    ) -> HandlerResult {
        self.diary.note("finish_request");
        handle(request)
    }

    fn shutdown_request(&self, request: &mut StreamRequest) -> io::Result<()> {
        self.diary.note("shutdown_request");
        <Tcp as lariat_socketserver::Transport>::shutdown_request(request)
    }

    fn close_request(&self, request: StreamRequest) {
        self.diary.note("close_request");
        drop(request);
    }

    fn refuse_request(&self, _: &Address, why: Refusal) -> Option<Vec<u8>> {
        self.diary.note(format!("refuse_request {why:?}"));
        None
    }

    fn handle_error(&self, _: &Address, failure: &Failure) {
        self.diary.note(failure.to_string());
    }

    fn service_actions(&self) {
        self.diary.note("service_actions");
    }
}

#[derive(Clone)]
struct Stepping {
    diary: Diary,
    /// The step that goes wrong, and how.
    fails: &'static str,
    /// What setup leaves for handle.
    prepared: bool,
}

impl Stepping {
    fn step(&self, name: &str) -> HandlerResult {
        self.diary.note(name);
        if self.fails == format!("panic in {name}") {
            panic!("{name} went wrong");
        }
        if self.fails == format!("error in {name}") {
            return Err(format!("{name} said no").into());
        }
        Ok(())
    }
}

impl RequestHandler<StreamRequest> for Stepping {
    fn setup(&mut self, _: &mut StreamRequest) -> HandlerResult {
        assert!(!self.prepared, "each request has a handler of its own");
        self.prepared = true;
        self.step("setup")
    }

    fn handle(&mut self, _: &mut StreamRequest) -> HandlerResult {
        assert!(self.prepared);
        self.step("handle")
    }

    fn finish(&mut self, _: &mut StreamRequest) -> HandlerResult {
        self.step("finish")
    }
}

/// What happens to one request whose handler fails in this way, until it is over.
fn steps(fails: &'static str, verified: bool) -> Vec<String> {
    let diary = Diary::default();
    let server = TcpServer::builder(Stepping {
        diary: diary.clone(),
        fails,
        prepared: false,
    })
    .hooks(Noting {
        diary: diary.clone(),
        verified,
    })
    .bind("127.0.0.1:0")
    .expect("a free port");
    let mut client = connect(&server);
    server.handle_request().expect("it waits");
    assert_eq!(heard(&mut client).expect("the end"), b"");
    // The server serves on, whatever happened.
    if verified {
        let first = diary.take();
        let client = connect(&server);
        server.handle_request().expect("it waits");
        drop(client);
        assert_eq!(diary.take(), first);
        return first;
    }
    diary.take()
}

#[test]
fn a_request_has_its_steps_in_order() {
    let usual = [
        "get_request",
        "verify_request",
        "finish_request",
        "setup",
        "handle",
        "finish",
        "shutdown_request",
        "close_request",
        "service_actions",
    ];
    assert_eq!(steps("", true), usual);
}

#[test]
fn a_request_that_is_not_verified_is_shut_down() {
    let closed = [
        "get_request",
        "verify_request",
        "refuse_request NotVerified",
        "shutdown_request",
        "close_request",
        "service_actions",
    ];
    assert_eq!(steps("", false), closed);
}

#[test]
fn an_error_or_a_panic_ends_one_request_and_finish_runs() {
    let behind = |failing: &[&str], failure: &str| {
        let mut all = vec!["get_request", "verify_request", "finish_request"];
        all.extend(failing);
        all.extend([
            "shutdown_request",
            "close_request",
            failure,
            "service_actions",
        ]);
        all.into_iter().map(String::from).collect::<Vec<_>>()
    };
    let whole = ["setup", "handle", "finish"];
    for (fails, failing, failure) in [
        ("error in setup", &whole[..1], "setup said no"),
        ("error in handle", &whole[..], "handle said no"),
        ("error in finish", &whole[..], "finish said no"),
        (
            "panic in setup",
            &whole[..1],
            "the handler panicked: setup went wrong",
        ),
        (
            "panic in handle",
            &whole[..],
            "the handler panicked: handle went wrong",
        ),
        (
            "panic in finish",
            &whole[..],
            "the handler panicked: finish went wrong",
        ),
    ] {
        assert_eq!(steps(fails, true), behind(failing, failure), "{fails}");
    }
}

#[test]
fn failures_are_told_under_threading_too() {
    let diary = Diary::default();
    let server = Server::<Tcp, Threading, _>::builder(Stepping {
        diary: diary.clone(),
        fails: "panic in handle",
        prepared: false,
    })
    .hooks(Noting {
        diary: diary.clone(),
        verified: true,
    })
    .bind("127.0.0.1:0")
    .expect("a free port");
    serving(&server, || {
        assert_eq!(ask(connect(&server), b""), b"");
        assert_eq!(ask(connect(&server), b""), b"");
    });
    server.server_close();
    let told = diary.take();
    let panics = told
        .iter()
        .filter(|words| words.contains("handle went wrong"));
    assert_eq!(panics.count(), 2, "{told:?}");
}
