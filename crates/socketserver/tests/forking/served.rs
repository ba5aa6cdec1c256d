//! What is served, by a process that has one thread.

use std::io::{Read, Write};
use std::time::Duration;

use lariat_socketserver::{
    DatagramRequest, Forking, ForkingTcpServer, ForkingUdpServer, ForkingUnixDatagramServer,
    ForkingUnixStreamServer, HandlerResult, POLL_INTERVAL, RequestHandler, Server, ShutdownHandle,
    StreamRequest, Tcp, Transport, handler,
};

pub fn serve(scenario: &str) {
    let folder = std::env::var("LARIAT_FOLDER").unwrap_or_default();
    let path = format!("{folder}/socket");
    match scenario {
        "tcp" => run(&ForkingTcpServer::bind("127.0.0.1:0", work).expect("a port")),
        "udp" => run(&ForkingUdpServer::bind("127.0.0.1:0", shout).expect("a port")),
        "unix" => run(&ForkingUnixStreamServer::bind(path, work).expect("a path")),
        "unix-datagram" => run(&ForkingUnixDatagramServer::bind(path, shout).expect("a path")),
        "few" => {
            let few = Server::<Tcp, Forking, _>::builder(work).strategy(Forking::new(2));
            run(&few.bind("127.0.0.1:0").expect("a port"));
        }
        "drained" => {
            let server = ForkingTcpServer::bind("127.0.0.1:0", work).expect("a port");
            run(&server);
            say(&format!("{:?}", server.drain(Duration::ZERO)));
        }
        "threads" => threads(),
        "ended-by-a-child" => ended_by_a_child(),
        _ => panic!("no scenario {scenario}"),
    }
}

fn run<T: Transport, H: RequestHandler<T::Request>>(server: &Server<T, Forking, H>) {
    server.shutdown_on_signals().expect("signals");
    say(&format!("at {}", server.server_address().expect("bound")));
    server.serve_forever(POLL_INTERVAL).expect("it serves");
    say("shut down");
}

/// Output goes to a pipe, which Rust's is not flushed for at each line.
fn say(words: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{words}").expect("somebody reads");
    output.flush().expect("somebody reads");
}

/// Does what each line says.
fn work(request: &mut StreamRequest) -> HandlerResult {
    while let Some(line) = request.rfile.read_line(100)? {
        match line {
            b"pid\n" => writeln!(request.wfile, "{}", std::process::id())?,
            b"panic\n" => panic!("as it was told"),
            b"exit\n" => std::process::exit(3),
            b"die\n" => std::process::abort(),
            line => request.wfile.write_all(&line.to_ascii_uppercase())?,
        }
    }
    Ok(())
}

fn shout(request: &mut DatagramRequest) -> HandlerResult {
    let mut words = Vec::new();
    request.rfile.read_to_end(&mut words)?;
    request.wfile = words.to_ascii_uppercase();
    Ok(())
}

/// With a second thread it does not serve.
fn threads() {
    let server = ForkingTcpServer::bind("127.0.0.1:0", work).expect("a port");
    let (release, held) = std::sync::mpsc::channel::<()>();
    let second = std::thread::spawn(move || held.recv());
    say(&server
        .serve_forever(POLL_INTERVAL)
        .expect_err("two threads")
        .to_string());
    drop(release);
    let _ = second.join();
}

/// A request ends the server that it was forked from.
fn ended_by_a_child() {
    let handle = ShutdownHandle::new().expect("descriptors");
    let own = handle.clone();
    let end = handler(move |request: &mut StreamRequest| {
        own.shutdown();
        request.wfile.write_all(b"it has ended\n")?;
        Ok(())
    });
    let server = Server::<Tcp, Forking, _>::builder(end).shutdown_handle(handle);
    run(&server.bind("127.0.0.1:0").expect("a port"));
}
