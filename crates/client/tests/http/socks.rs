//! Proxies of SOCKS, of both versions: what they are told, what they say, and where they stop.

use std::net::SocketAddr;

use lariat_client::http::{Error, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::proxies::{briefly_through, through};
use crate::server::{Server, ok};
use crate::witnessed::witness;
use crate::{failed, fetched, get};

/// What a proxy does behind its last answer.
enum Then {
    /// It closes the connection.
    Ends,
    /// It says nothing more.
    Stalls,
    /// Everything goes to and from there.
    PassesOn(SocketAddr),
}

/// A proxy that expects each of these and says each answer, and then does that.
async fn socks(
    script: Vec<(Vec<u8>, Vec<u8>)>,
    then: Then,
) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for (expected, said) in script {
            let mut heard = vec![0; expected.len()];
            // Who has little patience may have lost it by now; what it says of that is looked at.
            if stream.read_exact(&mut heard).await.is_err() {
                return;
            }
            assert_eq!(heard, expected);
            if stream.write_all(&said).await.is_err() {
                return;
            }
        }
        match then {
            Then::Ends => {}
            // Until the client has had enough.
            Then::Stalls => while !matches!(stream.read(&mut [0; 100]).await, Ok(0) | Err(_)) {},
            Then::PassesOn(there) => {
                let mut there = TcpStream::connect(there).await.unwrap();
                copy_bidirectional(&mut stream, &mut there).await.unwrap();
            }
        }
    });
    (address, task)
}

const GREETING: &[u8] = &[5, 1, 0];
const CONNECTED: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

fn by_name(name: &str, port: u16) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    [&[5, 1, 0, 3, length], name.as_bytes(), &port.to_be_bytes()].concat()
}

/// Looks whether a page comes by a proxy whose URL begins so and that follows this script.
async fn is_passed_on(server: &Server, script: Vec<(Vec<u8>, Vec<u8>)>, begin: &str, there: &str) {
    let (address, task) = socks(script, Then::PassesOn(server.address)).await;
    let client = through(&format!("{begin}{address}"));
    let text = fetched(&client, there.parse().unwrap()).await.unwrap();
    assert_eq!(text, "by socks");
    drop(client);
    task.await.unwrap();
}

#[tokio::test]
async fn socks_passes_on_by_name_by_address_and_for_who_logs_in() {
    let server = Server::start(|_| ok("by socks")).await;
    let named = (by_name("a.example", 80), CONNECTED.to_vec());
    let to_address = vec![5, 1, 0, 1, 127, 0, 0, 1, 0, 80];
    let with_name = [&[5, 0, 0, 3, 3][..], b"abc", &[0, 80]].concat();
    for (begin, script, there) in [
        (
            "socks5h://",
            vec![(GREETING.to_vec(), vec![5, 0]), named.clone()],
            "http://a.example/",
        ),
        (
            "socks5://",
            vec![
                (GREETING.to_vec(), vec![5, 0]),
                (to_address.clone(), with_name),
            ],
            "http://127.0.0.1/",
        ),
        (
            "socks5h://me:secret@",
            vec![
                (vec![5, 2, 0, 2], vec![5, 2]),
                ([&[1, 2][..], b"me", &[6], b"secret"].concat(), vec![1, 0]),
                named,
            ],
            "http://a.example/",
        ),
    ] {
        is_passed_on(&server, script, begin, there).await;
    }
    assert!(server.heard()[0].starts_with("GET / HTTP/1.1\r\nHost: a.example\r\n"));
}

#[tokio::test]
async fn socks_that_passes_nothing_on_says_why() {
    let asked = by_name("a.example", 80);
    let greeted = (GREETING.to_vec(), vec![5, 0]);
    for (script, words) in [
        (
            vec![(GREETING.to_vec(), vec![5, 255])],
            "it wants a name and a password",
        ),
        (
            vec![(GREETING.to_vec(), vec![5, 7])],
            "it chose the way 7 to log in, which it was not offered",
        ),
        (
            vec![(GREETING.to_vec(), b"HTTP/1.1 400".to_vec())],
            "it does not speak SOCKS 5: its answer begins with 72 and not with 5",
        ),
        (
            vec![(GREETING.to_vec(), vec![5])],
            "it closed the connection before it had passed it on",
        ),
        (
            vec![greeted.clone(), (asked.clone(), vec![5, 5, 0, 1])],
            "it does not connect to a.example:80: connection refused",
        ),
        (
            vec![greeted.clone(), (asked.clone(), vec![5, 99, 0, 1])],
            "it does not connect to a.example:80: for the reason 99",
        ),
        (
            vec![greeted.clone(), (asked.clone(), vec![5, 0, 0, 9])],
            "its answer has an address of the kind 9, and there is 1, 3 and 4",
        ),
        (
            vec![greeted, (asked, vec![5, 0, 0, 1, 0])],
            "it closed the connection before it had passed it on",
        ),
    ] {
        let (address, task) = socks(script, Then::Ends).await;
        let client = through(&format!("socks5h://{address}"));
        assert_eq!(
            failed(&client, "http://a.example/".parse().unwrap()).await,
            format!("the proxy socks5h://{address}: {words}")
        );
        task.await.unwrap();
    }
    let login = vec![
        (vec![5, 2, 0, 2], vec![5, 2]),
        (b"\x01\x01a\x01b".to_vec(), vec![1, 1]),
    ];
    let (address, _task) = socks(login, Then::Ends).await;
    let client = through(&format!("socks5://a:b@{address}"));
    let text = failed(&client, "http://127.0.0.1/".parse().unwrap()).await;
    assert!(
        text.ends_with("it does not take the name and the password"),
        "{text}"
    );
}

#[tokio::test]
async fn socks_that_stalls_is_not_waited_for_in_any_phase() {
    let login = (vec![5, 2, 0, 2], vec![5, 2]);
    let logged_in = (b"\x01\x01a\x01b".to_vec(), vec![1, 0]);
    let asked = by_name("a.example", 80);
    for script in [
        // It takes the connection, the greeting, the login or the request, and says nothing, or not all of it.
        vec![],
        vec![(login.0.clone(), vec![5])],
        vec![login.clone()],
        vec![login.clone(), (logged_in.0.clone(), vec![1])],
        vec![login.clone(), logged_in.clone()],
        vec![
            login.clone(),
            logged_in.clone(),
            (asked.clone(), vec![5, 0, 0]),
        ],
        vec![login, logged_in, (asked, CONNECTED[..9].to_vec())],
    ] {
        let phase = format!("{script:?}");
        let (address, task) = socks(script, Then::Stalls).await;
        let client = briefly_through(&format!("socks5h://a:b@{address}"));
        let text = failed(&client, "http://a.example/".parse().unwrap()).await;
        assert!(
            text.starts_with("cannot connect to ") && text.ends_with(": no answer within 0.2 s"),
            "{phase}: {text}"
        );
        // What was begun is given up.
        task.await.unwrap();
    }
}

const GRANTED: &[u8] = &[0, 90, 0, 0, 0, 0, 0, 0];

#[tokio::test]
async fn socks_of_version_4_passes_on_by_name_and_by_address() {
    let server = Server::start(|_| ok("by socks")).await;
    for (begin, request, there) in [
        (
            "socks4a://me:unsaid@",
            [&[4, 1, 0, 80, 0, 0, 0, 1][..], b"me\0a.example\0"].concat(),
            "http://a.example/",
        ),
        (
            "socks4a://",
            vec![4, 1, 31, 144, 127, 0, 0, 1, 0],
            "http://127.0.0.1:8080/",
        ),
        (
            "socks4://me@",
            [&[4, 1, 0, 80, 127, 0, 0, 1][..], b"me\0"].concat(),
            "http://127.0.0.1/",
        ),
    ] {
        let script = vec![(request, GRANTED.to_vec())];
        is_passed_on(&server, script, begin, there).await;
    }
}

#[tokio::test]
async fn a_name_that_is_looked_up_here_for_a_proxy_is_told() {
    let server = Server::start(|_| ok("by socks")).await;
    let five = (GREETING.to_vec(), vec![5, 0]);
    let address = (vec![5, 1, 0, 1, 127, 0, 0, 1, 0, 80], CONNECTED.to_vec());
    let name = (by_name("localhost", 80), CONNECTED.to_vec());
    let four = (vec![4, 1, 0, 80, 127, 0, 0, 1, 0], GRANTED.to_vec());
    for (scheme, script, is_here) in [
        ("socks5", vec![five.clone(), address], true),
        ("socks4", vec![four], true),
        ("socks5h", vec![five, name], false),
    ] {
        let (address, task) = socks(script, Then::PassesOn(server.address)).await;
        let proxy = format!("{scheme}://localhost:{}", address.port());
        let client = through(&proxy);
        let (witness, told) = witness();
        let mut request = get("http://localhost/".parse().unwrap());
        request.extensions_mut().insert(witness);
        let answer = client.send(request).await.unwrap();
        answer.into_body().bytes(100).await.unwrap();
        let here = "localhost is here: true".to_owned();
        let connected = format!("connected to {address} Some(Proxy({proxy}))");
        let mut others = vec![here.clone(), connected];
        others.extend(is_here.then_some(here));
        assert_eq!(told.lock().unwrap().others, others, "{scheme}");
        drop(client);
        task.await.unwrap();
    }
}

#[tokio::test]
async fn socks_of_version_4_that_passes_nothing_on_says_why() {
    let asked = [&[4, 1, 0, 80, 0, 0, 0, 1][..], b"\0a.example\0"].concat();
    for (said, words) in [
        (
            vec![0, 91, 0, 0, 0, 0, 0, 0],
            "it does not connect to a.example:80: it says no, or there is no way there",
        ),
        (
            vec![0, 99, 0, 0, 0, 0, 0, 0],
            "it does not connect to a.example:80: for the reason 99",
        ),
        (
            b"HTTP/1.1 400".to_vec(),
            "it does not speak SOCKS 4: its answer begins with 72 and not with 0",
        ),
        (
            GRANTED[..7].to_vec(),
            "it closed the connection before it had passed it on",
        ),
    ] {
        let (address, task) = socks(vec![(asked.clone(), said)], Then::Ends).await;
        let client = through(&format!("socks4a://{address}"));
        assert_eq!(
            failed(&client, "http://a.example/".parse().unwrap()).await,
            format!("the proxy socks4a://{address}: {words}")
        );
        task.await.unwrap();
    }
    let (address, _task) = socks(vec![(asked, vec![])], Then::Stalls).await;
    let client = briefly_through(&format!("socks4a://{address}"));
    let text = failed(&client, "http://a.example/".parse().unwrap()).await;
    assert!(text.ends_with("no answer within 0.2 s"), "{text}");
    for there in ["http://[::1]/", "http://0.0.0.5/"] {
        let (address, _task) = socks(vec![], Then::Stalls).await;
        let client = through(&format!("socks4://{address}"));
        let error = fetched(&client, there.parse().unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("no address of IPv4"), "{error}");
        assert!(matches!(error, Error::Proxy { .. }), "{error:?}");
    }
    assert!("socks6://a".parse::<Proxy>().is_err());
}
