//! Certificates and keys that are given as files, and what the private authority issues.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::authority;
use lariat_tls::{Authority, Identity, Problem, TlsError};
use x509_parser::extensions::ParsedExtension;
use x509_parser::pem::parse_x509_pem;

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

fn problem(error: TlsError, file: &Path) -> Problem {
    match error {
        TlsError::Misuse { subject, problem } => {
            assert_eq!(subject, file.display().to_string());
            problem
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_chain_and_a_key_may_share_a_file() {
    let (files, authority) = (Files::new(), authority());
    let issued = authority.issue_server(&["localhost"]).unwrap();
    let both = [
        issued.key_pem.as_str(),
        issued.certificate_pem.as_str(),
        authority.certificate_pem(),
    ]
    .concat();
    let path = files.put("both.pem", both);
    let identity = Identity::from_files(&path, &path).unwrap();
    assert_eq!(identity.certificates().count(), 2);
}

#[test]
fn each_fault_of_a_file_is_named() {
    let (files, authority) = (Files::new(), authority());
    let issued = authority.issue_server(&["localhost"]).unwrap();
    let other = authority.issue_server(&["localhost"]).unwrap();
    let certificate = files.put("good.pem", &issued.certificate_pem);
    let key = files.put("good.key", &issued.key_pem);
    let fault = |certificate: &Path, key: &Path, at: &Path| {
        problem(Identity::from_files(certificate, key).unwrap_err(), at)
    };

    let missing = files.folder.path().join("missing.pem");
    assert_eq!(fault(&missing, &key, &missing), Problem::NoSuchFile);
    assert_eq!(fault(&certificate, &missing, &missing), Problem::NoSuchFile);

    let text = files.put("text", "hello\n");
    assert_eq!(fault(&text, &key, &text), Problem::NoCertificate(None));
    assert_eq!(fault(&certificate, &text, &text), Problem::NoKey(None));

    assert!(matches!(
        fault(&key, &key, &key),
        Problem::NoCertificate(Some(_))
    ));
    assert!(matches!(
        fault(&certificate, &certificate, &certificate),
        Problem::NoKey(Some(_))
    ));

    let foreign = files.put("other.key", &other.key_pem);
    assert_eq!(
        fault(&certificate, &foreign, &foreign),
        Problem::KeyMismatch(certificate.display().to_string())
    );

    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let garbage = files.put("garbage.pem", garbage);
    assert_eq!(fault(&garbage, &key, &garbage), Problem::BrokenCertificate);
    let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let garbage = files.put("garbage.key", garbage);
    assert_eq!(
        fault(&certificate, &garbage, &garbage),
        Problem::UnusableKey
    );

    let folder = files.folder.path();
    let error = Identity::from_files(folder, &key).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot read {}", folder.display())
    );
}

#[test]
fn no_debug_form_shows_a_key() {
    let authority = authority();
    let issued = authority.issue_server(&["localhost"]).unwrap();
    let identity = common::identity(&issued);
    for shown in [
        format!("{authority:?}"),
        format!("{issued:?}"),
        format!("{identity:?}"),
    ] {
        assert!(!shown.contains("PRIVATE KEY"), "{shown}");
    }
}

#[test]
fn an_authority_is_read_back_and_issues_in_its_own_name() {
    let made = authority();
    let read =
        Authority::from_pem(made.certificate_pem().as_bytes(), made.key_pem().as_bytes()).unwrap();
    let issued = read.issue_server(&["localhost"]).unwrap();
    let (_, pem) = parse_x509_pem(issued.certificate_pem.as_bytes()).unwrap();
    let leaf = pem.parse_x509().unwrap();
    assert_eq!(leaf.issuer().to_string(), "CN=Test authority");

    let other = Authority::create("Other").unwrap();
    Authority::from_pem(
        made.certificate_pem().as_bytes(),
        other.key_pem().as_bytes(),
    )
    .unwrap_err();
}

#[test]
fn certificates_have_what_strict_verifiers_ask_for() {
    let authority = authority();
    let (_, pem) = parse_x509_pem(authority.certificate_pem().as_bytes()).unwrap();
    let root = pem.parse_x509().unwrap();
    let constraints = root.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical && constraints.value.ca);
    let usage = root.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.key_cert_sign());
    let root_identifier = root
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0.to_vec()),
            _ => None,
        })
        .unwrap();

    let server = authority.issue_server(&["localhost", "::1"]).unwrap();
    let again = authority.issue_server(&["localhost", "::1"]).unwrap();
    let (_, pem) = parse_x509_pem(server.certificate_pem.as_bytes()).unwrap();
    let leaf = pem.parse_x509().unwrap();
    let (_, pem) = parse_x509_pem(again.certificate_pem.as_bytes()).unwrap();
    assert_ne!(leaf.raw_serial(), pem.parse_x509().unwrap().raw_serial());
    let authority_identifier = leaf
        .extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(identifier) => {
                identifier.key_identifier.as_ref().map(|key| key.0.to_vec())
            }
            _ => None,
        })
        .unwrap();
    assert_eq!(authority_identifier, root_identifier);
    let usage = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(usage.server_auth && !usage.client_auth);
    assert!(!leaf.is_ca());
    assert_eq!(
        leaf.subject_alternative_name()
            .unwrap()
            .unwrap()
            .value
            .general_names
            .len(),
        2
    );

    let days = |certificate: &x509_parser::certificate::X509Certificate<'_>| {
        let validity = certificate.validity();
        (validity.not_after.timestamp() - validity.not_before.timestamp()) / (24 * 3600)
    };
    assert!((800..=825).contains(&days(&leaf)), "{}", days(&leaf));
    assert!((3650..=3653).contains(&days(&root)), "{}", days(&root));
}

#[test]
fn a_leaf_does_not_outlive_its_authority() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(30 * 24 * 3600);
    let soon = soon.duration_since(std::time::UNIX_EPOCH).unwrap();
    parameters.not_after =
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(soon.as_secs());
    let certificate = parameters.self_signed(&key).unwrap().pem();
    let authority =
        Authority::from_pem(certificate.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    let issued = authority.issue_client("alice").unwrap();
    let (_, pem) = parse_x509_pem(issued.certificate_pem.as_bytes()).unwrap();
    let leaf = pem.parse_x509().unwrap();
    assert_eq!(
        u64::try_from(leaf.validity().not_after.timestamp()).unwrap(),
        soon.as_secs()
    );
    assert!(
        leaf.extended_key_usage()
            .unwrap()
            .unwrap()
            .value
            .client_auth
    );
}
