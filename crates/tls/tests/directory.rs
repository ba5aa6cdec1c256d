//! The files of a state directory: made once, loaded again, never written over by guessing.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Barrier};

use common::{client, handshake, issue_with_validity};
use lariat_tls::{Authority, Directory, Identity, Problem, ServerOptions, ServerTls, TlsError};

const DAY: i64 = 24 * 3600;

fn open(folder: &Path) -> Directory {
    Directory::open(folder.join("state")).unwrap()
}

fn chain(identity: &Identity) -> Vec<Vec<u8>> {
    identity.certificates().map(<[u8]>::to_vec).collect()
}

/// The problem, after a look at whether the error names the file.
fn problem_of(error: TlsError, file: &Path) -> Problem {
    assert!(
        error.to_string().starts_with(&file.display().to_string()),
        "{error}"
    );
    match error {
        TlsError::Misuse { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_empty_directory_serves_at_once_and_again_with_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path())
        .server_identity(&["localhost", "::1"])
        .unwrap();
    let directory = open(folder.path());
    let second = directory.server_identity(&["localhost", "::1"]).unwrap();
    assert_eq!(chain(&first), chain(&second));
    assert_eq!(
        names_in(directory.path()),
        [".lock", "ca.key", "ca.pem", "server.key", "server.pem"]
    );

    let authority = directory.authority().unwrap();
    let server = ServerTls::new(ServerOptions::new(second)).unwrap();
    let (accepted, connected) = handshake(&server, &client(&authority), "::1").await;
    accepted.unwrap();
    connected.unwrap();
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["localhost"]).unwrap();
    let client = directory.issue_client("alice").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(directory.path()), 0o700);
    for key in [
        &directory.authority_key(),
        &directory.server_key(),
        &client.key,
    ] {
        assert_eq!(mode(key), 0o600, "{}", key.display());
    }
}

#[test]
fn many_starts_at_once_end_with_one_authority() {
    const STARTS: usize = 8;

    let folder = tempfile::tempdir().unwrap();
    let barrier = Arc::new(Barrier::new(STARTS));
    let starts: Vec<_> = (0..STARTS)
        .map(|_| {
            let (barrier, path) = (Arc::clone(&barrier), folder.path().to_path_buf());
            std::thread::spawn(move || {
                barrier.wait();
                let directory = open(&path);
                let identity = directory.server_identity(&["localhost"]).unwrap();
                let authority = directory.authority().unwrap();
                (String::from(authority.certificate_pem()), chain(&identity))
            })
        })
        .collect();
    let ends: Vec<_> = starts
        .into_iter()
        .map(|start| start.join().unwrap())
        .collect();
    for end in &ends {
        assert_eq!(end, &ends[0]);
    }
}

#[test]
fn a_name_that_is_lacking_has_it_issued_again_for_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    let before = directory
        .server_identity(&["localhost", "a.example"])
        .unwrap();
    let key = fs::read(directory.server_key()).unwrap();
    // Fewer names, and the same in other letters, are covered.
    let fewer = directory.server_identity(&["LOCALHOST."]).unwrap();
    assert_eq!(chain(&before), chain(&fewer));
    let after = directory
        .server_identity(&["localhost", "b.example"])
        .unwrap();
    assert_ne!(chain(&before), chain(&after));
    assert_eq!(fs::read(directory.server_key()).unwrap(), key);
    let wildcard = directory.server_identity(&["*.c.example"]).unwrap();
    let again = directory.server_identity(&["*.c.example"]).unwrap();
    assert_eq!(chain(&wildcard), chain(&again));
}

#[test]
fn one_that_ends_soon_is_issued_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    let authority = directory.authority().unwrap();
    for (days, kept) in [(6, false), (8, true)] {
        let (certificate, key) = issue_with_validity(&authority, -DAY, days * DAY);
        fs::write(directory.server_certificate(), &certificate).unwrap();
        fs::write(directory.server_key(), &key).unwrap();
        directory.server_identity(&["localhost"]).unwrap();
        let now = fs::read_to_string(directory.server_certificate()).unwrap();
        assert_eq!(now == certificate, kept, "{days} days");
        assert_eq!(fs::read_to_string(directory.server_key()).unwrap(), key);
    }
}

#[test]
fn one_from_another_authority_is_issued_again() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    let before = directory.server_identity(&["localhost"]).unwrap();
    fs::remove_file(directory.authority_certificate()).unwrap();
    fs::remove_file(directory.authority_key()).unwrap();
    let after = directory.server_identity(&["localhost"]).unwrap();
    assert_ne!(chain(&before), chain(&after));
}

#[test]
fn a_start_that_was_cut_short_after_a_key_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["localhost"]).unwrap();
    let keys = |directory: &Directory| {
        [directory.authority_key(), directory.server_key()].map(|path| fs::read(path).unwrap())
    };
    let before = keys(&directory);
    fs::remove_file(directory.authority_certificate()).unwrap();
    fs::remove_file(directory.server_certificate()).unwrap();
    // What a writer that was killed leaves behind is in nobody's way.
    fs::write(directory.path().join(".ca.pem.new"), "half").unwrap();
    directory.server_identity(&["localhost"]).unwrap();
    assert_eq!(keys(&directory), before);
    assert!(!names_in(directory.path()).contains(&String::from(".ca.pem.new")));
}

#[test]
fn broken_files_are_errors_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["localhost"]).unwrap();
    for path in [
        directory.authority_certificate(),
        directory.authority_key(),
        directory.server_certificate(),
        directory.server_key(),
    ] {
        let whole = fs::read(&path).unwrap();
        let half = &whole[..whole.len() / 2];
        for broken in [half, b"", b"-----BEGIN X-----\n-----END X-----\n"] {
            fs::write(&path, broken).unwrap();
            let problem = problem_of(
                directory.server_identity(&["localhost"]).unwrap_err(),
                &path,
            );
            assert!(
                matches!(
                    problem,
                    Problem::BrokenPem(_) | Problem::NoCertificate(_) | Problem::NoKey(_)
                ),
                "{problem:?}"
            );
            assert_eq!(fs::read(&path).unwrap(), broken);
        }
        fs::write(&path, &whole).unwrap();
    }
    directory.server_identity(&["localhost"]).unwrap();
}

#[test]
fn a_certificate_without_its_key_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["localhost"]).unwrap();
    for (certificate, key) in [
        (directory.server_certificate(), directory.server_key()),
        (directory.authority_certificate(), directory.authority_key()),
    ] {
        let whole = fs::read(&key).unwrap();
        fs::remove_file(&key).unwrap();
        let error = directory.server_identity(&["localhost"]).unwrap_err();
        assert_eq!(
            problem_of(error, &certificate),
            Problem::KeyMissing(key.display().to_string())
        );
        assert!(!key.exists());
        fs::write(&key, whole).unwrap();
    }
}

#[test]
fn a_key_of_another_certificate_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["localhost"]).unwrap();
    fs::copy(directory.authority_key(), directory.server_key()).unwrap();
    let error = directory.server_identity(&["localhost"]).unwrap_err();
    assert_eq!(
        problem_of(error, &directory.server_key()),
        Problem::KeyMismatch(directory.server_certificate().display().to_string())
    );
}

#[test]
fn a_certificate_that_is_no_authority_cannot_stand_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["localhost"]).unwrap();
    fs::copy(
        directory.server_certificate(),
        directory.authority_certificate(),
    )
    .unwrap();
    fs::copy(directory.server_key(), directory.authority_key()).unwrap();
    let error = directory.authority().unwrap_err();
    assert_eq!(
        problem_of(error, &directory.authority_certificate()),
        Problem::NotAuthority
    );
}

#[test]
fn an_authority_that_has_expired_is_an_error() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = parameters.self_signed(&key).unwrap().pem();
    let error = Authority::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes())
        .unwrap_err()
        .to_string();
    assert!(error.contains("expired on 2020-01-01 00:00 UTC"), "{error}");
}

#[test]
fn a_client_is_issued_to_once() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    let files = directory.issue_client("alice").unwrap();
    Identity::from_files(&files.certificate, &files.key).unwrap();
    let before = fs::read(&files.key).unwrap();
    let error = directory.issue_client("alice").unwrap_err();
    assert_eq!(problem_of(error, &files.certificate), Problem::AlreadyThere);
    assert_eq!(fs::read(&files.key).unwrap(), before);
    for name in ["../mallory", "ca", "server"] {
        let said = directory.issue_client(name).unwrap_err().to_string();
        assert!(
            said.contains("not a name for a client certificate"),
            "{said}"
        );
    }
}

#[test]
fn names_that_cannot_be_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let directory = open(folder.path());
    directory.server_identity(&["host:443"]).unwrap_err();
    directory.server_identity::<&str>(&[]).unwrap_err();
    assert!(names_in(directory.path()).is_empty());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "").unwrap();
    let error = Directory::open(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot make the folder {}", path.display())
    );
}
