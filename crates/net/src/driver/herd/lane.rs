//! What a connection and its herd share: whether its socket is ready, and how it is woken.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::task::Wake;

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Token};

use crate::driver::herd::Herd;

/// Something may have come.
const READABLE: u8 = 1;
/// Nothing will come any more: what is left can be read without being told of it.
const ENDED: u8 = 2;
/// There may be room for more.
const WRITABLE: u8 = 4;
/// Somebody waits for room.
const WANTS_ROOM: u8 = 8;

/// One connection's way to its herd.
///
/// Its state is only changed on the herd's thread, so nothing here waits for another
/// processor; atomics are what safe code has for it.
pub(crate) struct Lane {
    herd: Arc<Herd>,
    member: AtomicUsize,
    state: AtomicU8,
    /// Whether it is among those that were woken already.
    woken: AtomicBool,
}

impl Lane {
    pub(super) fn new(herd: Arc<Herd>) -> Arc<Self> {
        Arc::new(Lane {
            herd,
            member: AtomicUsize::new(usize::MAX),
            // What a peer sent behind its handshake is often there already.
            state: AtomicU8::new(READABLE | WRITABLE),
            woken: AtomicBool::new(false),
        })
    }

    pub(super) fn belongs_to(&self, member: usize) {
        self.member.store(member, Ordering::Relaxed);
    }

    pub(super) fn member(&self) -> usize {
        self.member.load(Ordering::Relaxed)
    }

    /// It has its turn now; whoever wakes it from here on wants another, and whoever did so
    /// before has put what it is woken for where the turn will look: a store alone could come
    /// after that look.
    pub(super) fn is_taken(&self) {
        self.woken.swap(false, Ordering::AcqRel);
    }

    /// Takes note of what happened to the socket. Returns whether anybody waits for it.
    #[inline]
    pub(super) fn happened(&self, event: &Event) -> bool {
        let mut state = self.state();
        let before = state;
        if event.is_readable() {
            state |= READABLE;
        }
        if event.is_read_closed() || event.is_error() {
            state |= READABLE | ENDED;
        }
        if event.is_writable() || event.is_write_closed() || event.is_error() {
            state |= WRITABLE;
        }
        let wanted = state & WANTS_ROOM != 0 && state & WRITABLE != 0;
        if wanted {
            state &= !WANTS_ROOM;
        }
        self.set(state);
        wanted || (state & !before) & (READABLE | ENDED) != 0
    }

    pub(super) fn anything_may_have_happened(&self) {
        self.set(self.state() | READABLE | ENDED | WRITABLE);
    }

    #[inline]
    fn state(&self) -> u8 {
        self.state.load(Ordering::Relaxed)
    }

    #[inline]
    fn set(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_readable(&self) -> bool {
        self.state() & READABLE != 0
    }

    #[inline]
    pub(crate) fn is_writable(&self) -> bool {
        self.state() & WRITABLE != 0
    }

    /// Something may have come that nobody was told of yet.
    pub(crate) fn may_be_readable(&self) {
        self.set(self.state() | READABLE);
    }

    /// All that had come was read; the end may have come with it, and is not announced again.
    #[inline]
    pub(crate) fn emptied(&self) {
        let state = self.state();
        if state & ENDED == 0 {
            self.set(state & !READABLE);
        }
    }

    /// The system has nothing to be read.
    #[cold]
    pub(crate) fn not_readable(&self) {
        self.set(self.state() & !READABLE);
    }

    /// The system has no room.
    #[cold]
    pub(crate) fn not_writable(&self) {
        self.set(self.state() & !WRITABLE | WANTS_ROOM);
    }

    /// Has the herd told of what happens to the connection's socket, and of what has happened
    /// already.
    #[cold]
    pub(crate) fn watch(&self, stream: &mut TcpStream) -> io::Result<()> {
        let all = Interest::READABLE | Interest::WRITABLE;
        self.herd
            .registry
            .register(stream, Token(self.member()), all)
    }
}

impl Wake for Lane {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.herd.wake(self);
        }
    }
}
