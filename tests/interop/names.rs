//! The name server: used by nc and by a program in Python, and kept on a disk whose power is cut.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tempfile::TempDir;

use crate::lariat::{Server, lariat, text};
use crate::peer::{DEADLINE, Peer, program, python};

#[test]
fn nc_registers_finds_and_removes() {
    let server = Server::with(&["names=tcp://127.0.0.1:0"]);
    let port = server.port("tcp");
    let mut nc = program("nc", ["127.0.0.1", &port]);
    nc.say("register print printer:9100 tags=laser probe=none token=0123456789abcdef\n");
    assert_eq!(nc.line(), "ok 0 token=0123456789abcdef ttl=60");
    nc.say("find tag=laser\r\n");
    assert_eq!(nc.line(), "ok 1");
    let entry = nc.line();
    assert!(
        entry.starts_with("print tcp://printer:9100 ttl="),
        "{entry}"
    );
    nc.say("find scan\n");
    assert!(nc.line().starts_with("error unknown "));
    nc.say("remove print token=0123456789abcdef\nquit\n");
    assert_eq!(nc.succeed(), ["ok 0", "ok 0"]);
}

#[test]
fn a_program_in_python_asks_much_at_once_and_watches() {
    let server = Server::with(&["names=tcp://127.0.0.1:0"]);
    let client = python("names_client.py", ["127.0.0.1", &server.port("tcp")]);
    assert_eq!(client.succeed(), ["asked", "watched"]);
}

/// A folder on a disk whose power can be cut.
struct Disk {
    power: Option<Peer>,
    mounted: TempDir,
    /// What the disk holds when the power is off.
    kept: TempDir,
}

impl Disk {
    fn mount() -> Self {
        let folder = || tempfile::tempdir().expect("a folder can be made");
        let (mounted, kept) = (folder(), folder());
        let folders = [mounted.path(), kept.path()];
        let mut power = python("power_cut.py", folders);
        assert_eq!(power.line(), "mounted");
        Disk {
            power: Some(power),
            mounted,
            kept,
        }
    }

    fn path(&self) -> &Path {
        self.mounted.path()
    }

    /// Cuts the power: what was not written for good is gone, but for a part that chance chooses,
    /// unless the seed is 0. Whoever still runs has no disk any more.
    fn cut(&mut self, seed: u32) {
        let mut power = self.power.take().expect("it is on");
        power.say(&format!("cut {seed}\n"));
        assert_eq!(power.line(), "cut");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.power = None;
        // Nobody answers there any more, so it is only taken out of the tree.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Registers as fast as it is answered, and notes what was acknowledged, until nobody answers.
fn register(address: &str, client: usize, told: Arc<Mutex<Vec<String>>>, count: Arc<AtomicUsize>) {
    let stream = TcpStream::connect(address).expect("connected");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    let mut answers = BufReader::new(stream.try_clone().expect("cloned"));
    let mut requests = stream;
    for number in 0.. {
        let name = format!("s{client}.{number}");
        let request = format!(
            "register {name} 127.0.0.1:{} probe=none ttl=86400\n",
            number % 60_000 + 1
        );
        if requests.write_all(request.as_bytes()).is_err() {
            return;
        }
        let mut answer = String::new();
        if !answers
            .read_line(&mut answer)
            .is_ok_and(|length| length > 0)
        {
            return;
        }
        if !answer.starts_with("ok ") {
            // What could not be written any more is refused, and not lost.
            assert!(answer.starts_with("error "), "{answer}");
            return;
        }
        told.lock().expect("no panic").push(name);
        count.fetch_add(1, Ordering::SeqCst);
    }
}

/// `lariat names serve` with its state there.
fn name_server(state: &Path) -> (Peer, String) {
    let fixed = ["names", "serve", "tcp://127.0.0.1:0", "--json", "--state"];
    let mut running = lariat(
        fixed
            .into_iter()
            .map(PathBuf::from)
            .chain([state.to_owned()]),
    );
    let line = running.line();
    let served: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let endpoint = served["endpoint"].as_str().expect("an endpoint");
    let address = endpoint.trim_start_matches("tcp://").to_owned();
    (running, address)
}

#[test]
fn what_was_acknowledged_is_there_after_the_power_was_cut() {
    const CLIENTS: usize = 4;
    for seed in 0..6 {
        let mut disk = Disk::mount();
        let (running, address) = name_server(disk.path());
        let told = Arc::new(Mutex::new(Vec::new()));
        let count = Arc::new(AtomicUsize::new(0));
        let begin = |client| -> JoinHandle<()> {
            let (address, told, count) = (address.clone(), Arc::clone(&told), Arc::clone(&count));
            thread::spawn(move || register(&address, client, told, count))
        };
        let clients: Vec<JoinHandle<()>> = (0..CLIENTS).map(begin).collect();
        let mut power = disk.power.take().expect("it is on");
        let enough = 50 + 7 * seed as usize;
        power.wait_until("registered", || count.load(Ordering::SeqCst) >= enough);
        disk.power = Some(power);
        disk.cut(seed);
        drop(running);
        for client in clients {
            client.join().expect("no panic");
        }
        let told = std::mem::take(&mut *told.lock().expect("no panic"));
        assert!(told.len() >= enough);
        let (_running, address) = name_server(disk.kept.path());
        let server = format!("tcp://{address}");
        let listed = lariat(["names", "list", "--json", "--names", &server]).succeed();
        let there: HashSet<String> = listed
            .iter()
            .map(|line| {
                let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
                entry["name"].as_str().expect("a name").to_owned()
            })
            .collect();
        let lost: Vec<&String> = told.iter().filter(|name| !there.contains(*name)).collect();
        assert!(
            lost.is_empty(),
            "seed {seed}: of {} are lost {lost:?}",
            told.len()
        );
    }
}

/// The same disk under a database that does not wait for it, and under one that waits for the file
/// but not for the folder: both lose what they said was written. Otherwise the test above could not fail.
#[test]
fn a_database_that_does_not_wait_loses_what_it_said_was_written() {
    const WRITE: &str = "\
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1] + '/rows.db', isolation_level=None)
rows.execute('pragma synchronous=' + sys.argv[2])
rows.execute('create table rows (number)')
for number in range(20):
    rows.execute('insert into rows values (?)', (number,))
print('written')
sys.stdin.readline()
";
    const READ: &str = "\
import sqlite3, sys
try:
    rows = sqlite3.connect(sys.argv[1] + '/rows.db')
    print(rows.execute('select count(*) from rows').fetchone()[0])
except sqlite3.DatabaseError:
    print(0)
";
    for (synchronous, kept) in [("off", 0..20), ("full", 19..20), ("extra", 20..21)] {
        let mut disk = Disk::mount();
        let folder = text(disk.path());
        let mut writing = program("python3", ["-c", WRITE, &folder, synchronous]);
        assert_eq!(writing.line(), "written");
        disk.cut(0);
        drop(writing);
        let read = program("python3", ["-c", READ, &text(disk.kept.path())]).succeed();
        let rows: u32 = read[0].parse().expect("a number");
        assert!(kept.contains(&rows), "{synchronous}: {rows}");
    }
}
