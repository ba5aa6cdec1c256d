//! Watching descriptors and files, with the system's own events.
#![allow(clippy::unwrap_used)]

mod log;

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lariat_net::{FileEvent, Handle, Reactor, Watch};

/// Longer than anything here takes; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(20);

fn reactor() -> Reactor {
    Reactor::builder().threads(1).build().unwrap()
}

fn wait_for_end(handle: &Handle, watch: &Watch) {
    let watch = watch.clone();
    let ended = handle.wait(async move { tokio::time::timeout(LONG, watch.ended()).await });
    ended.expect("the watch has ended");
}

fn watched(handle: &Handle, path: &Path) -> (Watch, Receiver<FileEvent>) {
    let (sender, events) = channel();
    let tell = move |event| sender.send(event).unwrap();
    (handle.watch_file(path, tell).unwrap(), events)
}

#[track_caller]
fn expect(events: &Receiver<FileEvent>, event: FileEvent) {
    // A change may be told twice, when it falls into the moment of the look.
    loop {
        match events.recv_timeout(LONG).expect("an event") {
            FileEvent::Changed if event != FileEvent::Changed => {}
            told => break assert_eq!(told, event),
        }
    }
}

#[test]
fn a_file_that_does_not_exist_yet_is_followed_through_its_life() {
    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let path = folder.path().join("later");
    let (_, events) = watched(&reactor.handle(), &path);
    for _ in 0..2 {
        std::fs::write(&path, "one").unwrap();
        expect(&events, FileEvent::Created);
        std::fs::write(&path, "two").unwrap();
        expect(&events, FileEvent::Changed);
        std::fs::remove_file(&path).unwrap();
        expect(&events, FileEvent::Removed);
    }
}

#[test]
fn a_file_that_is_replaced_by_renaming_has_changed() {
    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let path = folder.path().join("server.pem");
    std::fs::write(&path, "old").unwrap();
    let (_, events) = watched(&reactor.handle(), &path);
    // More than once: what is watched must not stay with the first file.
    for _ in 0..3 {
        let new = folder.path().join("server.pem.new");
        std::fs::write(&new, "new").unwrap();
        std::fs::rename(&new, &path).unwrap();
        assert_eq!(events.recv_timeout(LONG), Ok(FileEvent::Changed));
    }
    std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
    expect(&events, FileEvent::Removed);
}

#[test]
fn a_file_that_is_written_in_pieces_is_told_of_once() {
    use std::io::Write;

    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let path = folder.path().join("pieces");
    let (_, events) = watched(&reactor.handle(), &path);
    let mut file = std::fs::File::create(&path).unwrap();
    let begun = Instant::now();
    let (mut written, mut pauses) = (begun, 0);
    for _ in 0..30 {
        file.write_all(b"piece").unwrap();
        pauses += usize::from(written.elapsed() >= Duration::from_millis(45));
        written = Instant::now();
        // The pause is what is tested: each piece is an event of its own to the system.
        std::thread::sleep(Duration::from_millis(3));
    }
    // One is told of when it is still being written after some time, too.
    let told_meanwhile = (begun.elapsed().as_millis() / 500) as usize;
    let mut told = vec![events.recv_timeout(LONG).unwrap()];
    std::fs::remove_file(&path).unwrap();
    let more = std::iter::from_fn(|| events.recv_timeout(LONG).ok());
    told.extend(more.take_while(|event| *event != FileEvent::Removed));
    // One; but a busy machine may make pauses of its own between the pieces.
    assert!(told.len() <= 3 + pauses + told_meanwhile, "{told:?}");
}

#[test]
fn neighbours_and_readers_of_a_file_are_not_told_of() {
    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let path = folder.path().join("file");
    std::fs::write(&path, "one").unwrap();
    let (_, events) = watched(&reactor.handle(), &path);
    let neighbour = folder.path().join("neighbour");
    let (_, neighbours) = watched(&reactor.handle(), &neighbour);
    std::fs::write(&neighbour, "two").unwrap();
    std::fs::read(&path).unwrap();
    expect(&neighbours, FileEvent::Created);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(events.recv_timeout(LONG), Ok(FileEvent::Removed));
}

#[test]
fn a_folder_that_is_removed_and_made_again_is_found() {
    let (reactor, outer) = (reactor(), tempfile::tempdir().unwrap());
    let folder = outer.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("file");
    std::fs::write(&path, "one").unwrap();
    let (_, events) = watched(&reactor.handle(), &path);
    std::fs::remove_dir_all(&folder).unwrap();
    expect(&events, FileEvent::Removed);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&path, "two").unwrap();
    expect(&events, FileEvent::Created);
    std::fs::write(&path, "three").unwrap();
    expect(&events, FileEvent::Changed);
}

#[test]
fn what_cannot_be_watched_is_a_clear_error() {
    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let error = |path: &Path| {
        let error = reactor.handle().watch_file(path, |_| {}).unwrap_err();
        error.to_string()
    };
    let missing = folder.join("missing");
    let path = missing.join("file");
    assert_eq!(
        error(&path),
        format!(
            "cannot watch {}: its folder {} does not exist; the file itself may come later",
            path.display(),
            missing.display()
        )
    );
    assert_eq!(
        error(folder),
        format!(
            "cannot watch {}: it is a folder; name a file in it",
            folder.display()
        )
    );
    let nameless = "it has no file's name at its end";
    assert_eq!(error(Path::new("")), format!("cannot watch : {nameless}"));
    assert_eq!(
        error(Path::new("..")),
        format!("cannot watch ..: {nameless}")
    );
    let file = folder.join("file");
    std::fs::write(&file, "").unwrap();
    let below = error(&file.join("below"));
    assert!(below.ends_with("is not a folder"), "{below}");
}

#[test]
fn a_cancelled_watch_of_a_file_lets_go_of_its_callback() {
    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let path = folder.path().join("file");
    let (watch, events) = watched(&reactor.handle(), &path);
    assert!(!watch.is_ended());
    watch.cancel();
    wait_for_end(&reactor.handle(), &watch);
    std::fs::write(&path, "one").unwrap();
    // The sender went with the callback.
    assert!(events.recv().is_err());
}

#[test]
fn a_panic_at_a_file_ends_that_watch_only_and_is_logged() {
    log::keep();
    let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
    let path = folder.path().join("file");
    let handle = reactor.handle();
    let panicking = handle
        .watch_file(&path, |event| panic!("{event:?}"))
        .unwrap();
    let (other, events) = watched(&handle, &path);
    std::fs::write(&path, "one").unwrap();
    wait_for_end(&handle, &panicking);
    assert!(log::has(&["panicked", &path.display().to_string()]));
    expect(&events, FileEvent::Created);
    assert!(!other.is_ended());
}

#[cfg(unix)]
mod unix {
    use std::io::{self, ErrorKind, Read, Write};
    use std::ops::ControlFlow::{Break, Continue};
    use std::os::fd::{AsFd, AsRawFd};
    use std::os::unix::net::UnixStream;

    use nix::fcntl::{FcntlArg, OFlag, fcntl};

    use super::*;

    fn pair() -> (UnixStream, UnixStream) {
        let (one, other) = UnixStream::pair().unwrap();
        one.set_nonblocking(true).unwrap();
        other.set_read_timeout(Some(LONG)).unwrap();
        (one, other)
    }

    /// Sends each byte that can be read, one a call, and ends at the end.
    fn watch_bytes<D: AsFd + Read + Send + 'static>(
        handle: &Handle,
        descriptor: D,
    ) -> (Watch, Receiver<u8>) {
        let (sender, bytes) = channel();
        let watch = handle.watch_readable(descriptor, move |descriptor| {
            let mut byte = [0];
            if descriptor.read(&mut byte)? == 0 {
                return Ok(Break(()));
            }
            sender.send(byte[0]).unwrap();
            Ok(Continue(()))
        });
        (watch.unwrap(), bytes)
    }

    #[track_caller]
    fn expect_bytes(bytes: &Receiver<u8>, expected: &[u8]) {
        for byte in expected {
            assert_eq!(bytes.recv_timeout(LONG), Ok(*byte));
        }
    }

    #[test]
    fn what_is_left_to_read_is_offered_again_and_what_comes_later_too() {
        let reactor = reactor();
        let (stream, mut peer) = pair();
        let (watch, bytes) = watch_bytes(&reactor.handle(), stream);
        for _ in 0..100 {
            peer.write_all(b"hello").unwrap();
            expect_bytes(&bytes, b"hello");
        }
        peer.write_all(b"last").unwrap();
        drop(peer);
        expect_bytes(&bytes, b"last");
        wait_for_end(&reactor.handle(), &watch);
        assert!(bytes.recv().is_err(), "the callback is dropped");
    }

    #[test]
    fn a_pipe_is_watched_for_reading_and_for_writing() {
        let reactor = reactor();
        let (reader, mut writer) = io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&reader, true).unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        // Until the pipe is full: then nothing can be written before something is read.
        let mut filled = 0;
        while let Ok(count) = writer.write(&[b'x'; 4096]) {
            filled += count;
        }
        let (sender, written) = channel();
        let writing = reactor.handle().watch_writable(writer, move |writer| {
            sender.send(writer.write(b"end")?).unwrap();
            Ok(Break(()))
        });
        let writing = writing.unwrap();
        assert!(written.try_recv().is_err(), "the pipe is full");
        let (reading, bytes) = watch_bytes(&reactor.handle(), reader);
        for _ in 0..filled {
            assert_eq!(bytes.recv_timeout(LONG), Ok(b'x'));
        }
        assert_eq!(written.recv_timeout(LONG), Ok(3));
        expect_bytes(&bytes, b"end");
        wait_for_end(&reactor.handle(), &writing);
        wait_for_end(&reactor.handle(), &reading);
    }

    #[test]
    fn cancelling_closes_the_descriptor_and_may_come_from_the_callback() {
        let reactor = reactor();
        let handle = reactor.handle();
        let (stream, mut peer) = pair();
        let (watch, _bytes) = watch_bytes(&handle, stream);
        watch.cancel();
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        wait_for_end(&handle, &watch);

        let (stream, mut peer) = pair();
        let (give, take) = channel::<Watch>();
        let (count, counted) = channel();
        let watch = handle.watch_writable(stream, move |_| {
            count.send(()).unwrap();
            take.recv_timeout(LONG).unwrap().cancel();
            Ok(Continue(()))
        });
        give.send(watch.unwrap()).unwrap();
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        assert_eq!(counted.iter().count(), 1);
    }

    #[test]
    fn a_panic_ends_that_watch_only_and_is_logged() {
        log::keep();
        let reactor = reactor();
        let handle = reactor.handle();
        let (stream, mut peer) = pair();
        let name = format!("\"descriptor {}\"", stream.as_raw_fd());
        let (other, mut other_peer) = pair();
        let (other, bytes) = watch_bytes(&handle, other);
        let panicking = handle.watch_readable(stream, |_| panic!("on purpose"));
        let panicking = panicking.unwrap();
        peer.write_all(b"x").unwrap();
        wait_for_end(&handle, &panicking);
        assert!(log::has(&["panicked", &name]));
        other_peer.write_all(b"still").unwrap();
        expect_bytes(&bytes, b"still");
        assert!(!other.is_ended());
    }

    #[test]
    fn an_error_ends_the_watch_and_an_interruption_does_not() {
        log::keep();
        let reactor = reactor();
        let (stream, _peer) = pair();
        let mut answers = [ErrorKind::Interrupted, ErrorKind::InvalidData].into_iter();
        let watch = reactor.handle().watch_writable(stream, move |_| {
            let kind = answers.next().expect("called twice");
            Err(io::Error::new(kind, "not what was expected"))
        });
        wait_for_end(&reactor.handle(), &watch.unwrap());
        assert!(log::has(&["watch ended: not what was expected"]));
    }

    #[test]
    fn what_is_always_ready_leaves_others_their_turn() {
        let reactor = reactor();
        let (stream, _peer) = pair();
        let busy = reactor
            .handle()
            .watch_writable(stream, |_| Ok(Continue(())));
        let (stream, mut peer) = pair();
        let (_, bytes) = watch_bytes(&reactor.handle(), stream);
        peer.write_all(b"turn").unwrap();
        expect_bytes(&bytes, b"turn");
        assert!(!busy.unwrap().is_ended());
    }

    #[test]
    fn a_callback_may_replace_what_is_lent_to_it() {
        let reactor = reactor();
        let (stream, mut peer) = pair();
        let (mut second, mut second_peer) = pair();
        let (sender, got) = channel();
        let watch = reactor.handle().watch_readable(stream, move |stream| {
            let mut byte = [0];
            let _ = stream.read(&mut byte)?;
            sender.send(byte[0]).unwrap();
            std::mem::swap(stream, &mut second);
            Ok(Continue(()))
        });
        peer.write_all(b"a").unwrap();
        second_peer.write_all(b"b").unwrap();
        assert_eq!(got.recv_timeout(LONG), Ok(b'a'));
        drop(watch.unwrap());
    }

    #[test]
    fn what_would_block_is_refused_and_stays_as_it_is() {
        let reactor = reactor();
        let (stream, _peer) = UnixStream::pair().unwrap();
        let kept = stream.try_clone().unwrap();
        let number = stream.as_raw_fd();
        let watch = reactor.handle().watch_readable(stream, |_| Ok(Break(())));
        let error = watch.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let start = format!("cannot watch descriptor {number}: it is in blocking mode");
        assert!(error.to_string().starts_with(&start), "{error}");
        let flags = fcntl(&kept, FcntlArg::F_GETFL).unwrap();
        assert_eq!(flags & OFlag::O_NONBLOCK.bits(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_regular_file_is_always_ready_and_refused() {
        let file = tempfile::tempfile().unwrap();
        rustix::io::ioctl_fionbio(&file, true).unwrap();
        let watch = reactor().handle().watch_readable(file, |_| Ok(Break(())));
        let error = watch.unwrap_err().to_string();
        assert!(
            error.contains("it is of a kind that is always ready"),
            "{error}"
        );
    }

    #[test]
    fn a_link_that_comes_to_lead_elsewhere_is_a_change() {
        use std::os::unix::fs::symlink;

        // As certificates are mounted into containers: file -> data/file, data -> first.
        let (reactor, folder) = (reactor(), tempfile::tempdir().unwrap());
        let at = |name: &str| folder.path().join(name);
        for version in ["first", "second"] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("file"), version).unwrap();
        }
        symlink("first", at("data")).unwrap();
        symlink("data/file", at("file")).unwrap();
        let (_, events) = watched(&reactor.handle(), &at("file"));
        symlink("second", at("data.new")).unwrap();
        std::fs::rename(at("data.new"), at("data")).unwrap();
        assert_eq!(events.recv_timeout(LONG), Ok(FileEvent::Changed));
    }
}
