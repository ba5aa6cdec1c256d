//! The built binary at a pseudo-terminal, with somebody who types and looks at the screen.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use vt100::Parser;

use crate::process::{DEADLINE, lariat, wait_until};

const ROWS: NonZero<u16> = NonZero::new(24).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(60).unwrap();

/// A command at a terminal, which shows what is typed as terminals do.
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    screen: Parser,
}

impl Terminal {
    /// Starts the binary with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        Terminal::run(lariat(arguments))
    }

    /// Starts a command at a terminal that knows what most know.
    pub fn run(mut command: Command) -> Self {
        command.env("TERM", "xterm");
        Terminal::run_as_it_is(command)
    }

    /// Starts a command, which says itself what the terminal is.
    pub fn run_as_it_is(mut command: Command) -> Self {
        let size = Winsize {
            ws_row: ROWS.get(),
            ws_col: COLUMNS.get(),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pair = openpty(&size, None).unwrap();
        // The children of other tests would hold the terminal open too.
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        }
        let end = || pair.slave.try_clone().unwrap();
        let child = command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        // Only the child holds the terminal now, so its end is the end of what is shown.
        drop(command);
        drop(pair.slave);
        let mut screen = File::from(pair.master);
        let keyboard = screen.try_clone().unwrap();
        let (sender, shown) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Terminal {
            child,
            keyboard,
            shown,
            seen: Vec::new(),
            screen: Parser::new(ROWS, COLUMNS, 0),
        }
    }

    /// Types a text.
    pub fn type_in(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Presses keys, among them ^C or ^D, once they are keys: between two lines of an editor the terminal would send a signal, or
    /// end the input, and as it is nobody's own that would be lost.
    pub fn press(&mut self, keys: &str) {
        wait_until(|| {
            let modes = tcgetattr(&self.keyboard).unwrap().local_flags;
            !modes.intersects(LocalFlags::ICANON | LocalFlags::ISIG)
        });
        self.type_in(keys);
    }

    /// Gives the terminal another size, as a person does who pulls at its window.
    pub fn resize(&mut self, rows: NonZero<u16>, columns: NonZero<u16>) {
        let size = [rows.to_string(), columns.to_string()];
        let mut stty = Command::new("stty");
        stty.args(["rows", &size[0], "cols", &size[1]]);
        let terminal = self.keyboard.try_clone().unwrap();
        assert!(stty.stdin(terminal).status().unwrap().success());
        self.screen.screen_mut().set_size(rows, columns);
        // It is nobody's own terminal, so the system tells nobody.
        self.signal(Signal::SIGWINCH);
    }

    /// Sends it a signal from elsewhere.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Whether what is typed is shown and gathered to lines by the system, as a shell expects it.
    pub fn is_as_it_was(&self) -> bool {
        let modes = tcgetattr(&self.keyboard).unwrap().local_flags;
        modes.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
    }

    /// Waits until what was shown ends with this.
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen.ends_with(text.as_bytes()) {
            assert!(self.see(), "{text:?} is not shown, but {:?}", self.seen());
        }
    }

    /// Waits until the screen looks like this, whatever it took; spaces at the end of lines, and
    /// empty lines at the end, do not count.
    pub fn wait_for_screen(&mut self, lines: &[&str]) {
        while self.screen() != lines {
            assert!(self.see(), "{lines:#?} and not {:#?}", self.screen());
        }
    }

    /// Waits until this stands somewhere on the screen, at the end of a line or within.
    pub fn wait_to_show(&mut self, text: &str) {
        while !self.screen().iter().any(|line| line.contains(text)) {
            assert!(self.see(), "{text:?} and not {:#?}", self.screen());
        }
    }

    /// Waits until these words are somewhere on the screen, over the ends of its lines.
    pub fn wait_for_words(&mut self, words: &str) {
        while !self.screen().concat().contains(words) {
            assert!(self.see(), "no {words:?} in {:#?}", self.screen());
        }
    }

    /// Waits until two lines of the screen have this.
    pub fn wait_to_show_twice(&mut self, text: &str) {
        let shown = |screen: &[String]| screen.iter().filter(|line| line.contains(text)).count();
        while shown(&self.screen()) < 2 {
            assert!(self.see(), "{text:?} twice and not {:#?}", self.screen());
        }
    }

    /// The lines of the screen.
    pub fn screen(&self) -> Vec<String> {
        let rows = self.screen.screen().rows(0, COLUMNS.get());
        let mut lines: Vec<String> = rows.map(|row| row.trim_end().to_string()).collect();
        while lines.pop_if(|line| line.is_empty()).is_some() {}
        lines
    }

    /// Where the cursor stands: its row and column, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.screen.screen().cursor_position()
    }

    /// Takes in what is shown next. False at the end, or when nothing comes.
    fn see(&mut self) -> bool {
        let Ok(more) = self.shown.recv_timeout(DEADLINE) else {
            return false;
        };
        self.screen.process(&more);
        self.seen.extend(more);
        true
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Waits for the end; gives the exit code, and all that was shown.
    pub fn finish(mut self) -> (Option<i32>, String) {
        let code = self.wait_for_end();
        (code, self.seen())
    }

    /// Waits for the end; gives the exit code.
    pub fn wait_for_end(&mut self) -> Option<i32> {
        let over = Instant::now() + DEADLINE;
        while self.see() {}
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(
                Instant::now() < over,
                "it does not end: {:#?}",
                self.screen()
            );
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
