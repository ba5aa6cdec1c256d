//! Named threads and the end of the program, as Python's `threading` and `atexit` promise them.

#![allow(clippy::unwrap_used)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use lariat_sync::thread::{self, Builder, Thread};

const LONG: Duration = Duration::from_secs(60);

fn held(builder: Builder) -> (Sender<()>, Thread<()>) {
    let (go, wait): (_, Receiver<()>) = channel();
    let thread = builder.spawn(move || {
        let _ = wait.recv();
    });
    (go, thread.unwrap())
}

#[test]
fn a_thread_keeps_its_result() {
    let thread = thread::spawn(|| vec![1, 2]);
    assert_eq!(thread.join().unwrap(), [1, 2]);
}

#[test]
fn a_thread_keeps_its_panic() {
    let thread = thread::spawn(|| -> u8 { panic!("no {}", "luck") });
    let panic = thread.join().unwrap_err();
    assert_eq!(panic.to_string(), "panicked: no luck");
}

#[test]
fn join_with_a_time_out_gives_the_thread_back_while_it_runs() {
    let (go, thread) = held(Builder::new());
    let thread = thread.join_timeout(Duration::from_millis(1)).unwrap_err();
    assert!(thread.is_alive());
    go.send(()).unwrap();
    thread.join_timeout(LONG).unwrap().unwrap();
}

#[test]
fn a_thread_is_alive_and_listed_until_its_end() {
    let (go, thread) = held(Builder::new().name("listed once"));
    let listed = || {
        let all = thread::alive();
        all.iter()
            .filter(|other| other.name() == "listed once")
            .count()
    };
    assert!(thread.is_alive() && listed() == 1 && thread::active_count() >= 1);
    assert_eq!(thread.name(), "listed once");
    go.send(()).unwrap();
    thread.join().unwrap();
    assert_eq!(listed(), 0);
}

#[test]
fn whoever_joins_finds_it_off_the_list() {
    for _ in 0..200 {
        let thread = thread::spawn(|| ());
        let number = thread.identity().number();
        thread.join().unwrap();
        assert!(thread::alive().iter().all(|other| other.number() != number));
    }
}

#[test]
fn numbers_are_never_given_again() {
    let numbers = (0..50).map(|_| thread::spawn(|| thread::current().number()));
    let mut numbers: Vec<u64> = numbers.map(|thread| thread.join().unwrap()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 50);
}

#[test]
fn threads_without_a_name_are_numbered() {
    let names = [0, 1].map(|_| thread::spawn(|| thread::current().name().to_owned()));
    let [one, other] = names.map(|thread| thread.join().unwrap());
    assert!(one.starts_with("Thread-") && other.starts_with("Thread-") && one != other);
}

#[test]
fn a_name_with_a_zero_byte_is_refused() {
    let error = Builder::new().name("a\0b").spawn(|| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"the thread's name "a\0b" has a zero byte in it"#
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_the_system_does_not_give_is_an_error() {
    // No machine has so much room for its stack.
    let builder = Builder::new().name("too large").stack_size(usize::MAX / 16);
    assert!(builder.spawn(|| ()).is_err());
    let alive = thread::alive();
    assert!(alive.iter().all(|other| other.name() != "too large"));
}

#[test]
fn the_threads_of_a_pool_are_daemons_always() {
    use lariat_sync::executor::ThreadPool;
    for daemon in [true, false] {
        let parent = Builder::new().daemon(daemon).spawn(|| {
            let pool = ThreadPool::new(1).unwrap();
            let of_pool = pool.submit(|| thread::current().is_daemon());
            of_pool.unwrap().result().unwrap()
        });
        assert!(parent.unwrap().join().unwrap());
    }
}

#[test]
fn the_daemon_mark_is_inherited_unless_it_is_said() {
    let children = || {
        let inherited = thread::spawn(|| thread::current().is_daemon());
        let said = Builder::new()
            .daemon(false)
            .spawn(|| thread::current().is_daemon());
        (inherited.join().unwrap(), said.unwrap().join().unwrap())
    };
    for daemon in [true, false] {
        let parent = Builder::new().daemon(daemon).spawn(children).unwrap();
        assert_eq!(parent.identity().is_daemon(), daemon);
        assert_eq!(parent.join().unwrap(), (daemon, false));
    }
}

#[test]
fn a_thread_of_std_has_an_identity_while_it_lives() {
    let named = std::thread::Builder::new().name("from std".to_owned());
    let foreign = named.spawn(|| (thread::current(), thread::current(), thread::alive()));
    let (first, second, alive) = foreign.unwrap().join().unwrap();
    assert_eq!(first, second);
    assert!(first.name() == "from std" && first.is_daemon() && alive.contains(&first));
    assert!(!thread::alive().contains(&first));
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_of_std_that_calls_itself_main_is_not_the_main_thread() {
    let named = std::thread::Builder::new().name("main".to_owned());
    let pretender = named.spawn(thread::current).unwrap().join().unwrap();
    assert!(pretender.name() == "main" && pretender.is_daemon());
    assert_ne!(thread::main(), Some(pretender));
}

#[test]
fn each_thread_has_a_value_of_its_own() {
    use std::cell::Cell;
    thread_local!(static OWN: Cell<u32> = const { Cell::new(1) });
    OWN.set(2);
    let (theirs, again) = thread::spawn(|| (OWN.replace(3), OWN.get()))
        .join()
        .unwrap();
    assert_eq!((theirs, again, OWN.get()), (1, 3, 2));
}

#[test]
fn a_thread_ends_early_where_its_closure_returns() {
    let (told, hears) = channel();
    let thread = thread::spawn(move || {
        for number in 0.. {
            if number == 3 {
                return number;
            }
            told.send(number).unwrap();
        }
        unreachable!()
    });
    assert_eq!(thread.join().unwrap(), 3);
    assert!(hears.iter().eq(0..3));
}

#[test]
fn a_thread_that_joins_itself_is_told() {
    let (sender, receiver) = channel::<Thread<()>>();
    let (told, hears) = channel();
    let builder = Builder::new().name("own");
    let thread = builder.spawn(move || {
        let own = receiver.recv().unwrap();
        let joined = catch_unwind(AssertUnwindSafe(|| own.join()));
        told.send(*joined.unwrap_err().downcast::<String>().unwrap())
            .unwrap();
    });
    sender.send(thread.unwrap()).unwrap();
    let message = hears.recv_timeout(LONG).unwrap();
    assert_eq!(message, "thread \"own\" cannot join itself");
}

#[cfg(target_os = "linux")]
#[test]
fn the_number_of_the_system_is_that_of_proc() {
    let thread = thread::spawn(|| {
        let own = std::fs::read_link("/proc/thread-self").unwrap();
        (own, thread::current().native_id().unwrap())
    });
    let (own, native) = thread.join().unwrap();
    assert_eq!(
        own.file_name().unwrap().to_str().unwrap(),
        native.to_string()
    );
}

#[test]
fn a_deep_recursion_fits_a_stack_that_is_large_enough() {
    fn depth(of: usize) -> usize {
        let frame = std::hint::black_box([of; 16]);
        if of == 0 { 0 } else { 1 + depth(frame[0] - 1) }
    }
    let builder = Builder::new().stack_size(64 << 20);
    let thread = builder.spawn(|| depth(100_000)).unwrap();
    assert_eq!(thread.join().unwrap(), 100_000);
    let before = thread::set_stack_size(64 << 20);
    let thread = thread::spawn(|| depth(100_000));
    assert_eq!(thread::set_stack_size(before), 64 << 20);
    assert_eq!(thread.join().unwrap(), 100_000);
}

#[tokio::test]
async fn the_end_of_a_thread_is_awaited() {
    assert_eq!(thread::spawn(|| 5).await.unwrap(), 5);
    assert!(
        thread::spawn(|| panic!("awaited"))
            .await
            .is_err_and(|panic| panic.message() == "awaited")
    );
}

#[test]
fn a_thread_that_is_dropped_runs_on() {
    let (told, hears) = channel();
    drop(thread::spawn(move || told.send(1).unwrap()));
    assert_eq!(hears.recv_timeout(LONG).unwrap(), 1);
}

#[test]
fn a_pool_has_as_many_threads_as_pythons_unless_it_is_told() {
    use lariat_sync::executor::ThreadPool;
    let processors = std::thread::available_parallelism().unwrap().get();
    let pool = ThreadPool::builder().build().unwrap();
    assert_eq!(pool.threads(), (processors + 4).min(32));
    assert_eq!(ThreadPool::new(3).unwrap().threads(), 3);
}
