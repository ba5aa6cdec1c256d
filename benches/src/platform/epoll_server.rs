//! The peer that Lariat is measured against: a timestamp server over epoll, by hand.
//!
//! One thread, edge-triggered, one read buffer and one write buffer for all connections.
//! It does what the protocol asks of a stream server and nothing else: no timers (a line
//! without an end is answered at the end of input), no deadlines, no TLS, no orderly drain.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use lariat::service::clock::local_ctime;
use lariat::timestamp::{Ctime, MAXIMUM_LINE};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

const READ_BUFFER: usize = 64 * 1024;

/// How many events one system call brings: as many as tokio takes.
const EVENTS: usize = 1024;

/// The token of the listening socket; connections have their index.
const LISTENER: u64 = u64::MAX;

/// Answers every line that comes to `listener`, for ever.
///
/// # Errors
///
/// When epoll fails; what goes wrong with one connection ends that connection.
pub fn serve(listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
    let mut server = Server {
        listener,
        epoll,
        connections: Vec::new(),
        free: Vec::new(),
        read: vec![0; READ_BUFFER],
        write: Vec::with_capacity(READ_BUFFER),
        time: local_ctime(),
    };
    let mut events = vec![EpollEvent::empty(); EVENTS];
    loop {
        let count = match server.epoll.wait(&mut events, EpollTimeout::NONE) {
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        server.time = local_ctime();
        for event in &events[..count] {
            match event.data() {
                LISTENER => server.accept()?,
                index => server.handle(index as usize, event.events()),
            }
        }
    }
}

struct Server {
    listener: TcpListener,
    epoll: Epoll,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    read: Vec<u8>,
    write: Vec<u8>,
    /// The time when the last events came.
    time: Ctime,
}

/// All that is kept of a connection. Neither buffer has memory while it is idle.
struct Connection {
    socket: TcpStream,
    /// The beginning of a line whose end did not come yet.
    partial: Vec<u8>,
    /// What the socket did not take yet; nothing is read while something is here.
    unsent: Vec<u8>,
    ended: bool,
}

impl Server {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                // The connection went away while it waited.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let index = self.free.pop().unwrap_or(self.connections.len());
            let flags = EpollFlags::EPOLLIN
                | EpollFlags::EPOLLOUT
                | EpollFlags::EPOLLRDHUP
                | EpollFlags::EPOLLET;
            self.epoll
                .add(&socket, EpollEvent::new(flags, index as u64))?;
            let connection = Connection {
                socket,
                partial: Vec::new(),
                unsent: Vec::new(),
                ended: false,
            };
            match self.connections.get_mut(index) {
                Some(place) => *place = Some(connection),
                None => self.connections.push(Some(connection)),
            }
        }
    }

    fn handle(&mut self, index: usize, events: EpollFlags) {
        let Some(connection) = &mut self.connections[index] else {
            return;
        };
        let open = connection.handle(events, &mut self.read, &mut self.write, &self.time);
        if !matches!(open, Ok(true)) {
            // Closing the descriptor takes it out of the epoll set.
            self.connections[index] = None;
            self.free.push(index);
        }
    }
}

impl Connection {
    /// Moves bytes both ways until nothing can move. Returns whether the connection goes on.
    fn handle(
        &mut self,
        events: EpollFlags,
        buffer: &mut [u8],
        write: &mut Vec<u8>,
        time: &Ctime,
    ) -> io::Result<bool> {
        if self.unsent.is_empty() {
            // Only room to write, which nothing waits for.
            if events == EpollFlags::EPOLLOUT {
                return Ok(true);
            }
        } else if !self.send_unsent()? {
            return Ok(true);
        }
        while !self.ended {
            let count = match self.socket.read(buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.ended = count == 0;
            write.clear();
            if !self.answer(&buffer[..count], write, time) {
                return Ok(false);
            }
            if !self.send(write)? {
                return Ok(true);
            }
            // A read that left room in the buffer has emptied the socket, and more bytes
            // come with a new event; only the end of input may have come with these.
            if count < buffer.len() && !events.intersects(EpollFlags::EPOLLRDHUP) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Writes the answers to all whole lines, and keeps the rest. Returns false when a line
    /// is too long.
    fn answer(&mut self, data: &[u8], write: &mut Vec<u8>, time: &Ctime) -> bool {
        let mut rest = data;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end + 1);
            stamp(write, time);
            if !self.partial.is_empty() {
                write.append(&mut std::mem::take(&mut self.partial));
            }
            write.extend_from_slice(line);
            rest = after;
        }
        if !rest.is_empty() {
            self.partial.extend_from_slice(rest);
        }
        if self.ended && !self.partial.is_empty() {
            stamp(write, time);
            write.append(&mut self.partial);
        }
        self.partial.len() <= MAXIMUM_LINE
    }

    /// Sends what was gathered; keeps what the socket does not take. Returns whether
    /// everything has left.
    fn send(&mut self, data: &[u8]) -> io::Result<bool> {
        let sent = send_some(&mut self.socket, data)?;
        if sent < data.len() {
            self.unsent.extend_from_slice(&data[sent..]);
        }
        Ok(self.unsent.is_empty())
    }

    fn send_unsent(&mut self) -> io::Result<bool> {
        let sent = send_some(&mut self.socket, &self.unsent)?;
        self.unsent.drain(..sent);
        if self.unsent.is_empty() {
            self.unsent = Vec::new();
        }
        Ok(self.unsent.is_empty())
    }
}

fn stamp(write: &mut Vec<u8>, time: &Ctime) {
    write.extend_from_slice(b"[");
    write.extend_from_slice(time);
    write.extend_from_slice(b"] ");
}

/// Sends until the socket takes no more; returns how much it took.
fn send_some(socket: &mut TcpStream, data: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < data.len() {
        match socket.write(&data[sent..]) {
            Ok(count) => sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::Shutdown;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn connect() -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || serve(listener));
        TcpStream::connect(address).expect("the server listens")
    }

    #[test]
    fn lines_in_pieces_are_answered_whole_and_the_last_one_at_the_end() {
        let mut socket = connect();
        let mut reader = BufReader::new(socket.try_clone().expect("a second descriptor"));
        let mut answer = String::new();
        socket.write_all(b"one\ntw").expect("sent");
        reader.read_line(&mut answer).expect("an answer");
        assert_eq!(&answer[25..], "] one\n");
        socket.write_all(b"o\nthree").expect("sent");
        answer.clear();
        reader.read_line(&mut answer).expect("an answer");
        assert_eq!(&answer[25..], "] two\n");
        socket.shutdown(Shutdown::Write).expect("half-closed");
        answer.clear();
        reader.read_to_string(&mut answer).expect("the rest");
        assert_eq!(&answer[25..], "] three");
    }

    #[test]
    fn a_reader_that_starts_late_is_sent_everything() {
        // More than both sockets' buffers hold, so that the server meets a full one.
        const LINES: usize = 400_000;
        let mut socket = connect();
        let reader = socket.try_clone().expect("a second descriptor");
        let (stuck, begin) = mpsc::channel();
        let writer = thread::spawn(move || {
            let line = [b'x'; 63].into_iter().chain([b'\n']).collect::<Vec<u8>>();
            let all = line.repeat(LINES);
            let patience = Some(Duration::from_millis(100));
            socket.set_write_timeout(patience).expect("set");
            let mut sent = 0;
            while sent < all.len() {
                match socket.write(&all[sent..]) {
                    Ok(count) => sent += count,
                    // Every buffer on the way is full: now the reader may begin.
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        let _ = stuck.send(());
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            socket.shutdown(Shutdown::Write).expect("half-closed");
        });
        begin.recv().expect("the writer gets stuck");
        let mut lines = 0;
        for line in BufReader::with_capacity(1 << 16, reader).lines() {
            assert_eq!(line.expect("a whole answer").len(), 90);
            lines += 1;
        }
        assert_eq!(lines, LINES);
        writer.join().expect("the writer is done");
    }
}
