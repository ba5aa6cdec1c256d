//! The name server's client against a server that says what a test tells it, on a clock that runs
//! as fast as nothing happens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lariat_client::asking::AskOptions;
use lariat_client::names::{
    Client, Error, ErrorCode, Names, Query, Registered, Registration, Request, Status, Watch,
    Watched,
};
use lariat_net::{ConnectOptions, Resolver};
use lariat_protocol::Endpoint;
use lariat_testkit::Nobody;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, advance};

/// What a server says to a request; nothing hangs up.
type Answering = dyn FnMut(Request) -> Option<String> + Send;

/// A server, and the requests that it has heard.
struct Server {
    endpoint: Endpoint,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answer: impl FnMut(Request) -> Option<String> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answer: Arc<Mutex<Box<Answering>>> = Arc::new(Mutex::new(Box::new(answer)));
        let noting = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&answer), Arc::clone(&noting)));
            }
        });
        let endpoint = format!("tcp://{address}").parse();
        Server {
            endpoint: endpoint.expect("an endpoint"),
            heard,
        }
    }

    fn client(&self) -> Client {
        Client::new(self.endpoint.clone(), AskOptions::default())
    }

    /// What it has heard since this was asked last.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().expect("no panic"))
    }
}

async fn talk(
    stream: TcpStream,
    answer: Arc<Mutex<Box<Answering>>>,
    heard: Arc<Mutex<Vec<String>>>,
) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream
        .read_line(&mut line)
        .await
        .is_ok_and(|length| length > 0)
    {
        let request: Request = line.trim_end().parse().expect("a request");
        heard.lock().expect("no panic").push(request.to_string());
        let said = answer.lock().expect("no panic")(request);
        let Some(said) = said else {
            return;
        };
        let is_end = said.contains("error stopping");
        if stream.write_all(said.as_bytes()).await.is_err() || is_end {
            return;
        }
        line.clear();
    }
}

fn query(name: &str) -> Query {
    Query::name(name.parse().expect("a name"))
}

fn ok(lines: &[&str]) -> Option<String> {
    let lines_behind: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Some(format!("ok {}\n{lines_behind}", lines.len()))
}

fn endpoint(text: &str) -> Endpoint {
    text.parse().expect("an endpoint")
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_asked_for_again_when_its_time_has_run_out() {
    let server = Server::start(|_| {
        ok(&[
            "print tcp://a:1 ttl=60 state=up weight=100 tags=eu",
            "print udp://a:1 ttl=20 state=up weight=0 tags=eu,old",
        ])
    })
    .await;
    let names = Names::new(server.client());
    let found = names.look_up(&endpoint("name:print?tag=eu")).await;
    let found: Vec<String> = found
        .expect("found")
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, ["tcp://a:1", "udp://a:1"]);
    assert_eq!(server.heard(), ["find print tag=eu all"]);
    advance(Duration::from_millis(19_900)).await;
    // The same answer has what is wanted here.
    let old = names.look_up(&endpoint("name:print?tag=eu,old")).await;
    assert_eq!(old.expect("found"), [endpoint("udp://a:1")]);
    let none = names.look_up(&endpoint("name:print?tag=eu,new")).await;
    assert_eq!(
        none.expect_err("no such tag").to_string(),
        "nobody who offers name:print?tag=eu,new has all of these tags"
    );
    assert!(server.heard().is_empty());
    advance(Duration::from_millis(100)).await;
    names
        .look_up(&endpoint("name:print?tag=eu"))
        .await
        .expect("found");
    assert_eq!(server.heard(), ["find print tag=eu all"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_told_with_what_is() {
    let server = Server::start(|request| {
        match request {
        Request::Find { .. } => Some("error unknown nobody offers scan\n".into()),
        _ => Some(
            "ok 3 more=print\nclock udp://a:1 ttl=1\nclock udp://b:1 ttl=1\nprint tcp://a:1 ttl=1\n"
                .into(),
        ),
    }
    })
    .await;
    let names = Names::new(server.client());
    let error = names.resolve(&endpoint("name:scan")).await;
    assert_eq!(
        error.expect_err("not there").to_string(),
        "nobody offers scan; known are clock, print and more"
    );
    let wrong = names.look_up(&endpoint("name:-")).await;
    assert!(matches!(wrong, Err(Error::Field(_))), "{wrong:?}");
}

#[tokio::test]
async fn a_place_that_is_gone_is_looked_up_again() {
    let old = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let new = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let mut places: Vec<String> = [&old, &new]
        .map(|listener| listener.local_addr().expect("an address").to_string())
        .into();
    let there = format!("tcp://{}", places[1]);
    let server = Server::start(move |_| {
        let place = match places.len() {
            1 => places[0].clone(),
            _ => places.remove(0),
        };
        ok(&[&format!("print tcp://{place} ttl=3600 state=up weight=1")])
    })
    .await;
    let options = ConnectOptions {
        resolver: Some(Arc::new(Names::new(server.client()))),
        ..ConnectOptions::default()
    };
    let print = endpoint("name:print");
    lariat_net::find(&print, options.clone())
        .await
        .expect("connected");
    drop(old);
    let (found, _) = lariat_net::find(&print, options.clone())
        .await
        .expect("connected");
    assert_eq!(found.to_string(), there);
    assert_eq!(server.heard().len(), 2);
    // What has just been asked for is not asked for without end.
    drop(new);
    let error = lariat_net::find(&print, options).await.err().expect("gone");
    let error = error.to_string();
    assert!(
        error.starts_with("nobody who offers name:print answers: cannot"),
        "{error}"
    );
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn nobody_there_is_one_line() {
    let nobody = Nobody::tcp();
    let address = nobody.address();
    let server = endpoint(&format!("tcp://{address}"));
    let mut client = Client::new(server, AskOptions::default());
    let error = client.find(query("print")).await.expect_err("nobody");
    assert_eq!(
        error.to_string(),
        format!("no name server at tcp://{address}: connection refused ({address})")
    );
    assert!(error.may_pass());
    // It is not looked up where it would be asked itself.
    let mut client = Client::new(endpoint("name:names"), AskOptions::default());
    let error = client.find(query("print")).await.expect_err("a circle");
    assert!(
        error.to_string().contains("there is no name server to ask"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_is_told() {
    for (said, words) in [
        ("SSH-2.0-OpenSSH\n", "this is not what a name server says"),
        ("ok 1\nprint\n", "entry: it has no name and endpoint"),
        ("ok 0\n", "it found something, and nothing came"),
        ("ok 99999999\n", "at most 2000 are read"),
        (
            "error limit there are too many\n",
            "the name server says: there are too many",
        ),
    ] {
        let server = Server::start(move |_| Some(said.into())).await;
        let error = server.client().find(query("print")).await;
        let error = error.expect_err(said).to_string();
        assert!(error.contains(words), "{error}");
    }
    let silent = Server::start(|_| Some("ok 1\n".into())).await;
    let begun = Instant::now();
    let error = silent.client().find(query("print")).await;
    assert_eq!(
        error.expect_err("silence").to_string(),
        format!(
            "the name server at {} gave no answer within 10 s",
            silent.endpoint
        )
    );
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_connection_that_was_lost_is_made_again_once() {
    let mut asked = 0;
    let server = Server::start(move |_| {
        asked += 1;
        match asked {
            2 => None,
            // It is going down when nobody asks anything.
            3 => Some("ok 1\na tcp://h:1 ttl=9\nerror stopping the server is going down\n".into()),
            5.. => None,
            _ => ok(&["a tcp://h:1 ttl=9"]),
        }
    })
    .await;
    let mut client = server.client();
    for _ in 0..2 {
        client.find(query("a")).await.expect("found");
    }
    assert_eq!(server.heard().len(), 3);
    client.find(query("a")).await.expect("found");
    // Twice in a row is no accident.
    let error = client.find(query("a")).await.expect_err("lost");
    assert!(
        error
            .to_string()
            .starts_with("lost the name server at tcp://"),
        "{error}"
    );
}

fn registration() -> Registration {
    let mut registration = Registration::new(
        "print".parse().expect("a name"),
        "h:1".parse().expect("a place"),
    );
    registration.token = Some("0123456789abcdef".parse().expect("a token"));
    registration
}

#[tokio::test(start_paused = true)]
async fn a_registration_is_renewed_and_made_again_until_it_is_removed() {
    let mut renewed = 0;
    let server = Server::start(move |request| match request {
        Request::Register(_) => Some("ok 0 token=0123456789abcdef ttl=60\n".into()),
        Request::Renew(_) => {
            renewed += 1;
            Some(match renewed {
                1 => "ok 0 ttl=30\n".into(),
                2 => "error expired print has run out\n".into(),
                3 => return None,
                4 => "error storage the disk is full\n".into(),
                _ => "ok 0 ttl=60\n".into(),
            })
        }
        _ => Some("ok 0\n".into()),
    })
    .await;
    let begun = Instant::now();
    let at = || begun.elapsed().as_millis() / 100;
    let mut registered = Registered::begin(server.client(), registration()).await;
    let registered = registered.as_mut().expect("registered");
    assert_eq!(
        (registered.ttl().seconds(), registered.status()),
        (60, Status::Held)
    );
    assert_eq!(server.heard().len(), 1);
    // After 20 s, and 10 s later by what the server said; lost is tried again at once, and what
    // goes wrong then after 1 s.
    let Status::Failing(reason) = registered.changed().await else {
        panic!("not failing");
    };
    assert_eq!(
        (reason.as_str(), at()),
        ("the name server says: the disk is full", 500)
    );
    let claim = "print token=0123456789abcdef endpoint=tcp://h:1";
    let renew = format!("renew {claim}");
    let register = "register print tcp://h:1 weight=100 ttl=60 token=0123456789abcdef";
    assert_eq!(server.heard(), [&renew, &renew, register, &renew, &renew]);
    assert_eq!(registered.changed().await, Status::Held);
    assert_eq!(at(), 510);
    assert_eq!(server.heard(), [&*renew]);
}

#[tokio::test(start_paused = true)]
async fn a_registration_ends_when_it_is_removed_refused_or_forgotten() {
    let server = Server::start(|request| match request {
        Request::Register(_) => Some("ok 0 token=0123456789abcdef ttl=60\n".into()),
        Request::Renew(_) => Some("error taken print is another's\n".into()),
        _ => Some("error unknown nobody offers print\n".into()),
    })
    .await;
    let mut registered = Registered::begin(server.client(), registration()).await;
    let registered_now = registered.as_mut().expect("registered");
    let refused = Status::Refused("the name server says: print is another's".into());
    assert_eq!(registered_now.changed().await, refused);
    server.heard();
    // That it is not there any more is what was wanted.
    registered
        .expect("registered")
        .remove()
        .await
        .expect("removed");
    let claim = "print token=0123456789abcdef endpoint=tcp://h:1";
    assert_eq!(server.heard(), [format!("remove {claim}")]);
    let forgotten = Registered::begin(server.client(), registration()).await;
    drop(forgotten.expect("registered"));
    advance(Duration::from_secs(100)).await;
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn what_is_refused_at_first_is_not_tried_again() {
    let server = Server::start(|_| Some("error taken print is another's\n".into())).await;
    let error = Registered::begin(server.client(), registration()).await;
    assert_eq!(error.expect_err("taken").code(), Some(ErrorCode::Taken));
    assert_eq!(server.heard().len(), 1);
    // One without a token brings a new one, so that it can be said twice.
    let mut without = registration();
    without.token = None;
    let _ = server.client().register(&without).await;
    assert!(server.heard()[0].contains(" token="));
}

/// What was heard, as `change name`; or why there is no connection.
async fn next(watch: &mut Watch) -> String {
    match watch.next().await.expect("watched") {
        Watched::Event(event) => format!("{} {}", event.change, event.entry.name),
        Watched::Lost(error) => {
            assert!(
                error.to_string().starts_with("lost the name server"),
                "{error}"
            );
            "lost".into()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_changes_is_followed_over_a_connection_that_was_lost() {
    let mut lists = 0;
    let server = Server::start(move |request| match request {
        Request::Watch(_) => ok(&[]),
        Request::List { .. } => {
            lists += 1;
            match lists {
                1 => Some(
                    "ok 3\na tcp://h:1 ttl=60 weight=1\nb tcp://h:1 ttl=60\nc tcp://h:1 ttl=9\n\
                     event removed c tcp://h:1 ttl=9\n"
                        .into(),
                ),
                _ => ok(&[
                    "a tcp://h:1 ttl=50 weight=2",
                    "b tcp://h:1 ttl=50",
                    "d tcp://h:1 ttl=9",
                ]),
            }
        }
        // After half a minute of silence.
        Request::Ping => None,
        other => panic!("{other}"),
    })
    .await;
    let mut watch = Watch::begin(server.client(), Query::default())
        .await
        .expect("watched");
    let names = |watch: &Watch| {
        let names = watch.entries().map(|entry| entry.name.to_string());
        names.collect::<String>()
    };
    assert_eq!(names(&watch), "abc");
    assert_eq!(next(&mut watch).await, "removed c");
    assert_eq!(names(&watch), "ab");
    assert_eq!(server.heard(), ["watch", "list limit=1000"]);
    let begun = Instant::now();
    assert_eq!(next(&mut watch).await, "lost");
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(next(&mut watch).await, "changed a");
    assert_eq!(next(&mut watch).await, "registered d");
    assert_eq!(names(&watch), "abd");
    assert_eq!(server.heard(), ["ping", "watch", "list limit=1000"]);
}
