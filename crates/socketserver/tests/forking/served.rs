//! What is served, by a process that has one thread.

use std::io::{Read, Write};
use std::time::Duration;

use lariat_socketserver::{
    Address, DatagramRequest, Failure, Forking, ForkingTcpServer, ForkingUdpServer,
    ForkingUnixDatagramServer, ForkingUnixStreamServer, Handled, HandlerResult, Hooks, Options,
    POLL_INTERVAL, RequestHandler, Server, ShutdownHandle, StreamRequest, Tcp, Tls, Transport,
    handler,
};
use lariat_tls::{Authority, Identity, ServerOptions, ServerTls};

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
        "long" => run(&ForkingTcpServer::bind("127.0.0.1:0", answer_unread).expect("a port")),
        "by-hand" => by_hand(),
        "one-each" => one_each(),
        "telling" => {
            let telling = ForkingTcpServer::builder(work).hooks(Telling);
            run(&telling.bind("127.0.0.1:0").expect("a port"));
        }
        "tls" => tls(&folder),
        "drained" => {
            let server = ForkingTcpServer::bind("127.0.0.1:0", work).expect("a port");
            run(&server);
            say(&format!("{:?}", server.drain(Duration::ZERO)));
        }
        "left-alone" => {
            let mut forking = Forking::new(2);
            forking.block_on_close = false;
            let alone = Server::<Tcp, Forking, _>::builder(work).strategy(forking);
            let server = alone.bind("127.0.0.1:0").expect("a port");
            run(&server);
            drop(server);
            say("closed");
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

/// Takes its requests one by one, of which there are two at a time.
fn by_hand() {
    let few = Server::<Tcp, Forking, _>::builder(work).strategy(Forking::new(2));
    let server = few.bind("127.0.0.1:0").expect("a port");
    server.shutdown_on_signals().expect("signals");
    say(&format!("at {}", server.server_address().expect("bound")));
    while server.handle_request().expect("it serves") != Handled::Shutdown {}
    say("shut down");
}

/// Each address has one request at a time, and nothing wakes the loop but requests.
fn one_each() {
    let options = Options {
        max_per_address: Some(1),
        ..Options::default()
    };
    let one = ForkingTcpServer::builder(work).options(options);
    let server = one.bind("127.0.0.1:0").expect("a port");
    server.shutdown_on_signals().expect("signals");
    say(&format!("at {}", server.server_address().expect("bound")));
    let never = Duration::from_secs(3600);
    server.serve_forever(never).expect("it serves");
    say("shut down");
}

/// Says what went wrong, from the process in which it did.
struct Telling;

impl Hooks<Tcp> for Telling {
    fn handle_error(&self, _: &Address, failure: &Failure) {
        say(&format!("failed: {failure}"));
    }
}

/// Over TLS; the authority that a client trusts is left in the folder.
fn tls(folder: &str) {
    let authority = Authority::create("Test authority").expect("keys");
    std::fs::write(
        format!("{folder}/authority.pem"),
        authority.certificate_pem(),
    )
    .expect("a file");
    let issued = authority
        .issue_server(&["localhost"])
        .expect("a certificate");
    let (certificate, key) = (issued.certificate_pem, issued.key_pem);
    let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).expect("PEM");
    let tls = ServerTls::new(ServerOptions::new(identity)).expect("a server's side");
    let server = Server::<Tls<Tcp>, Forking, _>::builder(work).options(Options {
        tls: Some(tls),
        ..Options::default()
    });
    run(&server.bind("127.0.0.1:0").expect("a port"));
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
            b"fail\n" => return Err("it said fail".into()),
            b"exit\n" => std::process::exit(3),
            b"die\n" => std::process::abort(),
            line => request.wfile.write_all(&line.to_ascii_uppercase())?,
        }
    }
    Ok(())
}

/// Answers at length, and has read none of the question.
fn answer_unread(request: &mut StreamRequest) -> HandlerResult {
    request.wfile.write_all(&vec![b'x'; 600_000])?;
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
