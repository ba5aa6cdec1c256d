//! How much of everything there may be in a chat.

/// How much there may be, so that nobody can fill the server's memory by chatting.
///
/// ```
/// use lariat_service::chat::Limits;
///
/// let small = Limits { people_per_room: 20, ..Limits::default() };
/// assert_eq!(small.rooms, 1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// People with a name. Default 10,000: each costs some 2 KiB.
    pub people: usize,
    /// Rooms. Default 1,000, since each may keep [`history_bytes`](Self::history_bytes).
    pub rooms: usize,
    /// People in one room. Default 5,000: each line goes to all of them.
    pub people_per_room: usize,
    /// Rooms that one person is in. Default 20: more nobody reads.
    pub rooms_per_person: usize,
    /// Lines that are shown to who enters a room. Default 50.
    pub history_lines: usize,
    /// Bytes of those lines. Default 16 KiB.
    pub history_bytes: usize,
    /// Bytes that may wait for one person who does not read them, beside the connection's own
    /// buffers, before the connection is given up. Default 1 MiB: 10,000 lines.
    pub waiting_bytes: usize,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Limits = Limits {
        people: 10_000,
        rooms: 1000,
        people_per_room: 5000,
        rooms_per_person: 20,
        history_lines: 50,
        history_bytes: 16 * 1024,
        waiting_bytes: 1024 * 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::DEFAULT
    }
}
