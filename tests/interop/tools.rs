//! The tools that a person reaches for first: socat, nc, openssl, curl.

use crate::lariat::{Certificates, Server, ask, assert_stamped, lariat, text};
use crate::peer::{Peer, program};

/// Says each message as a line and reads its answer, with the input open all the time.
fn talks(client: &mut Peer, ending: &str) {
    for message in ["hi", "there"] {
        client.say(&format!("{message}{ending}"));
        let answer = client.line();
        assert_stamped(&[answer.trim_end_matches('\r').to_string()], &[message]);
    }
}

/// Says all at once and ends its input; the answers must come all the same.
fn answers_before_the_end(mut client: Peer) {
    client.say("hi\nthere\nno line end");
    let told = client.succeed();
    assert_stamped(&told, &["hi", "there", "no line end"]);
}

#[test]
fn socat_over_tcp_is_answered_behind_its_half_close() {
    let server = Server::start();
    let address = format!("TCP:{}", server.address("tcp"));
    talks(&mut program("socat", ["-", &address]), "\n");
    talks(
        &mut program("socat", ["-", &format!("{address},crnl")]),
        "\n",
    );
    answers_before_the_end(program("socat", ["-t", "20", "-", &address]));
}

#[test]
fn socat_over_tls_that_trusts_our_authority_is_answered() {
    let server = Server::start();
    let address = format!(
        "OPENSSL:{},cafile={},verify=1,commonname=localhost",
        server.address("tls"),
        server.authority()
    );
    talks(&mut program("socat", ["-", &address]), "\n");
}

#[test]
fn socat_over_udp_is_answered() {
    let server = Server::with(&["timestamp=udp://127.0.0.1:0"]);
    let address = format!("UDP:{}", server.address("udp"));
    talks(&mut program("socat", ["-", &address]), "\n");
}

#[test]
fn socat_over_a_unix_socket_is_answered_behind_its_half_close() {
    let server = Server::start();
    let address = format!("UNIX-CONNECT:{}", server.address("unix"));
    talks(&mut program("socat", ["-", &address]), "\n");
    answers_before_the_end(program("socat", ["-t", "20", "-", &address]));
}

#[test]
fn socat_as_an_echo_server_answers_us() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = text(&folder.path().join("socket"));
    // It says on standard error that it listens, which goes to standard output here.
    let script = format!("exec socat -d -d UNIX-LISTEN:{path},fork PIPE 2>&1");
    let mut server = program("sh", ["-c", &script]);
    while !server.line().contains("listening on") {}
    let endpoint = format!("unix:{path}");
    assert_eq!(ask(&endpoint, &["hi", "there"]), ["hi", "there"]);
}

#[test]
fn nc_over_tcp_is_answered_behind_its_half_close() {
    let server = Server::start();
    let address = server.address("tcp");
    let (host, port) = address.rsplit_once(':').expect("it has a port");
    talks(&mut program("nc", [host, port]), "\n");
    answers_before_the_end(program("nc", ["-N", host, port]));
}

/// `nc -C` writes a line and its CRLF one after the other, and Nagle's algorithm keeps the
/// second back until the first is acknowledged: late acknowledgements would come so near to
/// the 50 ms of silence behind which bare words are answered that some lines would be two. So
/// they are waited for here.
#[test]
fn nc_that_sends_crlf_by_itself_is_answered_once() {
    let server = Server::with(&["timestamp=tcp://127.0.0.1:0?quiet_ms=1000"]);
    let port = server.port("tcp");
    talks(&mut program("nc", ["-C", "127.0.0.1", &port]), "\n");
}

#[test]
fn nc_over_udp_is_answered() {
    let server = Server::with(&["timestamp=udp://127.0.0.1:0"]);
    let port = server.port("udp");
    talks(&mut program("nc", ["-u", "127.0.0.1", &port]), "\n");
}

#[test]
fn nc_over_a_unix_socket_is_answered_behind_its_half_close() {
    let server = Server::start();
    let path = server.address("unix");
    talks(&mut program("nc", ["-U", &path]), "\n");
    answers_before_the_end(program("nc", ["-N", "-U", &path]));
}

#[test]
fn nc_as_a_server_is_joined_by_lariat_connect() {
    let script = "exec nc -l -v -n 127.0.0.1 0 2>&1";
    let mut server = program("sh", ["-c", script]);
    let line = server.line();
    let port = line.rsplit(' ').next().expect("it tells its port");
    let mut client = lariat(["connect", &format!("tcp://127.0.0.1:{port}")]);
    client.say("hi\n");
    while server.line() != "hi" {}
    server.say("an answer\n");
    assert_eq!(client.line(), "an answer");
}

#[test]
fn openssl_s_client_that_verifies_is_answered() {
    let server = Server::start();
    let (address, authority) = (server.address("tls"), server.authority());
    let arguments = [
        "s_client",
        "-quiet",
        "-verify_return_error",
        "-verify_hostname",
        "localhost",
        "-CAfile",
        &authority,
        "-connect",
        &address,
    ];
    talks(&mut program("openssl", arguments), "\n");
    let crlf = [&arguments[..], &["-crlf"]].concat();
    talks(&mut program("openssl", crlf), "\n");
}

#[test]
fn openssl_s_server_that_says_everything_backwards_answers_us() {
    let certificates = Certificates::new();
    let [certificate, key] = certificates.server();
    let arguments = [
        "s_server",
        "-rev",
        "-accept",
        "0",
        "-cert",
        &certificate,
        "-key",
        &key,
    ];
    let mut server = program("openssl", arguments);
    let port = loop {
        let line = server.line();
        if let Some(address) = line.strip_prefix("ACCEPT ") {
            break address.rsplit(':').next().unwrap_or_default().to_string();
        }
    };
    let authority = certificates.authority();
    let endpoint = format!("tls://localhost:{port}?ca={authority}");
    assert_eq!(ask(&endpoint, &["drawer", "lever"]), ["reward", "revel"]);
}

#[test]
fn curl_as_a_telnet_client_is_answered() {
    let server = Server::start();
    let url = format!("telnet://{}", server.address("tcp"));
    let mut client = program("curl", ["--silent", "--no-buffer", &url]);
    client.say("hi\nthere\n");
    // While its input is open, curl waits 100 ms for an answer and then for more input,
    // deaf to the connection; behind its end it listens until the server closes.
    client.end_input();
    let told = [client.line(), client.line()];
    assert_stamped(&told, &["hi", "there"]);
}
