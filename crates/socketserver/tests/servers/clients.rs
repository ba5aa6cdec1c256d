//! A server that is served while a test asks it, and what asks it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use lariat_socketserver::{
    Address, POLL_INTERVAL, RequestHandler, Server, ShutdownHandle, Strategy, Transport,
};

/// Longer than anything here takes; a test that waits so long has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Serves while `work` runs, and shuts down after it, also when it panics.
pub fn serving<T, S, H, R>(server: &Server<T, S, H>, work: impl FnOnce() -> R) -> R
where
    T: Transport,
    S: Strategy,
    H: RequestHandler<T::Request>,
{
    thread::scope(|scope| {
        let ending = Ending(server.shutdown_handle());
        let served = scope.spawn(|| server.serve_forever(POLL_INTERVAL));
        let result = work();
        drop(ending);
        served.join().expect("no panic").expect("it serves");
        result
    })
}

struct Ending(ShutdownHandle);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.request();
    }
}

pub fn inet(address: &Address) -> SocketAddr {
    match address {
        Address::Inet(address) => *address,
        Address::Unix(_) => panic!("{address} is no address of IP"),
    }
}

pub fn connect<T: Transport, S: Strategy, H: RequestHandler<T::Request>>(
    server: &Server<T, S, H>,
) -> TcpStream {
    let address = server.server_address().expect("it is bound");
    let stream = TcpStream::connect(inet(&address)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// Says something, ends, and hears everything.
pub fn ask(mut stream: TcpStream, words: &[u8]) -> Vec<u8> {
    stream.write_all(words).expect("it reads");
    stream.shutdown(Shutdown::Write).expect("it is connected");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    answer
}

/// What a connection comes to that is closed or reset.
pub fn heard(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(heard),
        read => read.map(|_| heard),
    }
}
