//! What Python's `subprocess` promises, kept by `std::process` and a named thread for time-outs.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use lariat_sync::thread;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// `communicate`: writes all input and reads all output at the same time, so neither waits for
/// the other.
fn communicate(mut child: Child, input: &[u8]) -> Output {
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

#[test]
fn output_is_captured_apart_and_the_code_is_kept() {
    let output = shell("echo out; echo err >&2; exit 3").output().unwrap();
    assert_eq!(
        (text(&output.stdout), text(&output.stderr)),
        ("out\n", "err\n")
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn more_input_and_output_than_a_pipe_holds_go_through() {
    let input = vec![b'x'; 1 << 20];
    let mut command = Command::new("cat");
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(communicate(child, &input).stdout, input);
}

#[test]
fn a_child_that_takes_too_long_is_waited_for_with_a_time_out_and_killed() {
    let mut child = Command::new("sleep")
        .arg("1000")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let reading = thread::spawn(move || output.read_to_end(&mut Vec::new()));
    let reading = reading.join_timeout(Duration::from_millis(10)).unwrap_err();
    assert!(child.try_wait().unwrap().is_none(), "poll: it runs");
    child.kill().unwrap();
    let status = child.wait().unwrap();
    // What Python calls returncode -9.
    assert_eq!((status.code(), status.signal()), (None, Some(9)));
    reading.join().unwrap().unwrap();
}

#[test]
fn both_outputs_may_go_into_one_pipe_in_order() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = shell("echo one; echo two >&2; echo three");
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    // The command holds the writing ends too.
    drop(command);
    let mut both = String::new();
    reader.read_to_string(&mut both).unwrap();
    assert_eq!(both, "one\ntwo\nthree\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn nothing_is_read_from_and_written_to_the_null_device() {
    let mut command = shell("cat; echo lost");
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    assert!(status.unwrap().success());
}

#[test]
fn folder_environment_and_first_argument_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = shell("pwd -P; echo $GREETING; env | wc -l; echo $0");
    command
        .current_dir(&folder)
        .env_clear()
        .env("GREETING", "hello");
    let output = command.arg("zeroth").output().unwrap();
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let real = folder.path().canonicalize().unwrap();
    assert_eq!(lines[..2], [real.to_str().unwrap(), "hello"]);
    assert!(lines[2].trim().parse::<u32>().unwrap() <= 4, "{lines:?}");
    assert_eq!(lines[3], "zeroth");
}

#[test]
fn arguments_are_not_read_by_a_shell() {
    let output = Command::new("echo").arg("$HOME; exit 1").output().unwrap();
    assert_eq!(text(&output.stdout), "$HOME; exit 1\n");
}

#[test]
fn a_child_has_a_number_arguments_and_three_pipes() {
    let script = "echo $$; read line; echo \"$line\" >&2";
    let mut command = shell(script);
    assert!(command.get_args().eq(["-c", script]));
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let number = child.id();
    child.stdin.take().unwrap().write_all(b"a line\n").unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    stdout.read_to_string(&mut out).unwrap();
    stderr.read_to_string(&mut err).unwrap();
    assert_eq!((out, err), (format!("{number}\n"), "a line\n".to_owned()));
    assert!(child.wait().unwrap().success());
}

#[test]
fn programs_are_put_into_a_pipeline() {
    let mut first = shell("echo b; echo a")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = first.stdout.take().unwrap();
    let output = Command::new("sort").stdin(input).output().unwrap();
    assert_eq!(text(&output.stdout), "a\nb\n");
    assert!(first.wait().unwrap().success());
}

#[test]
fn a_program_that_does_not_exist_is_an_error_of_the_start() {
    let error = Command::new("/no/such/program").spawn().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_child_may_have_a_process_group_of_its_own() {
    let output = shell("ps -o pgid= -p $$; echo $$")
        .process_group(0)
        .output()
        .unwrap();
    let mut numbers = text(&output.stdout).split_whitespace();
    let (group, own) = (numbers.next().unwrap(), numbers.next().unwrap());
    assert_eq!(group, own);
}

#[test]
fn a_child_is_told_to_end_by_a_signal() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.signal(), status.code()), (Some(15), None));
}

#[test]
fn output_is_bytes_and_lines_end_either_way() {
    let output = shell(r"printf 'one\r\ntwo\n\377'").output().unwrap();
    let mut lines = output.stdout.lines();
    assert_eq!(lines.next().unwrap().unwrap(), "one");
    assert_eq!(lines.next().unwrap().unwrap(), "two");
    assert!(lines.next().unwrap().is_err(), "this one is no text");
    assert_eq!(output.stdout.last(), Some(&0xff));
}

#[test]
fn a_pair_of_sockets_is_a_pipe_with_two_ends() {
    let (mut here, mut there) = UnixStream::pair().unwrap();
    let echo = thread::spawn(move || {
        let mut length = [0; 4];
        while there.read_exact(&mut length).is_ok() {
            let mut message = vec![0; u32::from_be_bytes(length) as usize];
            there.read_exact(&mut message).unwrap();
            message.reverse();
            there.write_all(&message).unwrap();
        }
    });
    // Nothing has come, and nothing will by then.
    here.set_read_timeout(Some(Duration::from_millis(5)))
        .unwrap();
    assert_eq!(
        here.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
    here.set_read_timeout(None).unwrap();
    for message in ["strands", "of", "rope"] {
        let length = u32::try_from(message.len()).unwrap();
        here.write_all(&length.to_be_bytes()).unwrap();
        here.write_all(message.as_bytes()).unwrap();
        let mut back = vec![0; message.len()];
        here.read_exact(&mut back).unwrap();
        assert!(back.iter().rev().eq(message.as_bytes()));
    }
    drop(here);
    echo.join().unwrap();
}
