//! What the workers of the tests can do, well and badly; both sides know it.

use std::io::Read;
use std::sync::Mutex;
use std::time::Duration;

use lariat_sync::process::{Function, Registered};

pub static DOUBLE: Function<u64, u64> = Function::new("double", |number| number * 2);
pub static LENGTH: Function<Vec<u8>, usize> = Function::new("length", |bytes| bytes.len());
pub static ZEROS: Function<usize, Vec<u8>> = Function::new("zeros", |count| vec![0; count]);
pub static PARSE: Function<String, Result<u8, String>> = Function::new("parse", |text| {
    text.parse().map_err(|_| format!("{text:?} is no number"))
});
pub static PANIC: Function<String, ()> = Function::new("panic", |text| panic!("{text}"));
pub static PROCESS: Function<(), u32> = Function::new("process", |()| std::process::id());
pub static EXIT: Function<i32, ()> = Function::new("exit", |code| std::process::exit(code));
pub static ABORT: Function<(), ()> = Function::new("abort", |()| std::process::abort());
pub static KILL: Function<(), ()> = Function::new("kill", |()| {
    let own = std::process::id().to_string();
    let mut command = std::process::Command::new("kill");
    command.args(["-9", &own]).status().unwrap();
});
pub static SLEEP: Function<Duration, ()> = Function::new("sleep", std::thread::sleep);
pub static ADD: Function<(u64, u64), u64> = Function::new("add", |(one, other)| one + other);
pub static PARENT: Function<(), u32> =
    Function::new("parent", |()| std::os::unix::process::parent_id());
pub static COMPLAIN: Function<(), ()> = Function::new("complain", |()| eprintln!("a complaint"));
/// Says by a file that it has begun, and has no end.
pub static ENDLESS: Function<String, ()> = Function::new("endless", |path| {
    std::fs::write(path, "begun").unwrap();
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
});
/// Runs as long as there is a folder.
pub static HOLD: Function<String, ()> = Function::new("hold", |folder| {
    while std::path::Path::new(&folder).exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
});
pub static SPIN: Function<(), ()> = Function::new("spin", |()| {
    loop {
        std::hint::spin_loop();
    }
});
/// Prints and reads as careless code does, and gives what was left of its standard input.
pub static CHATTER: Function<usize, String> = Function::new("chatter", |lines| {
    let mut read = String::new();
    for line in 0..lines {
        println!("line {line} of a task, with what looks like a frame: \0\0\0\u{4}");
    }
    let _ = std::io::stdin().read_to_string(&mut read);
    read
});
pub static ALLOCATE: Function<usize, usize> = Function::new("allocate", |bytes| {
    let mut memory = vec![0_u8; bytes];
    memory.iter_mut().for_each(|byte| *byte = 1);
    std::hint::black_box(&memory).len()
});
/// How many files could be opened, and why not one more.
pub static OPEN: Function<usize, (usize, String)> = Function::new("open", |count| {
    let mut open = Vec::new();
    for number in 0..count {
        match std::fs::File::open("/dev/null") {
            Ok(file) => open.push(file),
            Err(error) => return (number, error.to_string()),
        }
    }
    (open.len(), String::new())
});
/// Starts a process of its own, and says its number.
pub static GRANDCHILD: Function<(), u32> = Function::new("grandchild", |()| {
    let mut command = std::process::Command::new("sleep");
    command.arg("1000").spawn().unwrap().id()
});
/// A sum by a scope of so many threads with stacks of so many bytes.
pub static SCOPE: Function<(usize, usize), u64> = Function::new("scope", |(threads, stack)| {
    lariat_sync::thread::set_stack_size(stack);
    lariat_sync::executor::scope(threads, |pool| {
        let doubled = pool.map(0..1_000_u64, |number| number * 2);
        doubled.map(Result::unwrap).sum()
    })
});
/// Writes so many bytes to a file.
pub static WRITE: Function<(String, usize), ()> = Function::new("write", |(path, bytes)| {
    std::fs::write(path, vec![0; bytes]).unwrap();
});
/// What the initializer of this worker said.
static BEGUN: Mutex<Vec<String>> = Mutex::new(Vec::new());
pub static BEGIN: Function<String, ()> = Function::new("begin", |word| {
    assert_ne!(word, "badly", "it begins {word}");
    BEGUN.lock().unwrap().push(word);
});
pub static TELL: Function<(), Vec<String>> =
    Function::new("tell", |()| BEGUN.lock().unwrap().clone());
/// A number by itself, but for what each unlucky one does.
pub static UNLUCKY: Function<u32, u32> = Function::new("unlucky", |number| match number {
    13 => panic!("unlucky"),
    666 => std::process::abort(),
    number => number,
});
/// Only the program has it: the workers do not list it.
pub static UNLISTED: Function<(), ()> = Function::new("unlisted", |()| ());
/// Another function under a name that is taken, with another argument.
pub static IMPOSTOR: Function<String, u64> = Function::new("length", |_| 0);
/// Writes a line to a file when the worker ends.
pub static AT_EXIT: Function<String, ()> = Function::new("at exit", |path| {
    lariat_sync::exit::at_exit(move || std::fs::write(path, "ended").unwrap());
});

pub static ALL: [&dyn Registered; 26] = [
    &DOUBLE,
    &LENGTH,
    &ZEROS,
    &PARSE,
    &PANIC,
    &PROCESS,
    &EXIT,
    &ABORT,
    &KILL,
    &SLEEP,
    &HOLD,
    &SPIN,
    &CHATTER,
    &ALLOCATE,
    &OPEN,
    &GRANDCHILD,
    &AT_EXIT,
    &BEGIN,
    &TELL,
    &UNLUCKY,
    &SCOPE,
    &WRITE,
    &ADD,
    &PARENT,
    &COMPLAIN,
    &ENDLESS,
];
