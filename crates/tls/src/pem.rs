//! PEM text to certificates and keys.
//!
//! Reads what OpenSSL, Let's Encrypt and our own authority write; knows
//! nothing of what a certificate says. Every error names where the text came
//! from, which the caller gives as `subject`.

use std::fs;
use std::io;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Problem, TlsError};

/// Reads a whole file; that it is not there is an error of its own.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            TlsError::misuse(path.display().to_string(), Problem::NoSuchFile)
        }
        _ => TlsError::io("read", path, error),
    })
}

/// All certificates in a PEM text, at least one.
pub(crate) fn certificates(
    text: &[u8],
    subject: &str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut found = Vec::new();
    let mut saw_key = false;
    for section in sections(text, subject)? {
        match section {
            (SectionKind::Certificate, der) => found.push(CertificateDer::from(der)),
            (kind, _) => saw_key |= is_key(kind),
        }
    }
    if found.is_empty() {
        let hint = saw_key.then_some("a private key; the two may have been mixed up");
        return Err(TlsError::misuse(subject, Problem::NoCertificate(hint)));
    }
    Ok(found)
}

/// The first private key in a PEM text.
pub(crate) fn private_key(text: &[u8], subject: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    // Two forms of encryption: PKCS #8's own label, and the headers of OpenSSL's older form.
    if contains(text, b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(text, b"Proc-Type: 4,ENCRYPTED")
    {
        return Err(TlsError::misuse(subject, Problem::EncryptedKey));
    }
    let mut saw_certificate = false;
    for (kind, der) in sections(text, subject)? {
        if let Some(key) = PrivateKeyDer::from_pem(kind, der) {
            return Ok(key);
        }
        saw_certificate |= matches!(kind, SectionKind::Certificate);
    }
    let hint = saw_certificate.then_some("a certificate; the two may have been mixed up");
    Err(TlsError::misuse(subject, Problem::NoKey(hint)))
}

fn sections(text: &[u8], subject: &str) -> Result<Vec<(SectionKind, Vec<u8>)>, TlsError> {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::misuse(subject, Problem::BrokenPem(in_words(&error))))
}

fn in_words(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            String::from("a section that begins does not end (no -----END line)")
        }
        pem::Error::IllegalSectionStart { .. } => {
            String::from("a -----BEGIN line does not end in five dashes")
        }
        pem::Error::Base64Decode(_) => String::from("what stands in it is not base64"),
        other => other.to_string(),
    }
}

fn is_key(kind: SectionKind) -> bool {
    matches!(
        kind,
        SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey
    )
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn problem(error: TlsError) -> Problem {
        match error {
            TlsError::Misuse { problem, subject } => {
                assert_eq!(subject, "here");
                problem
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_text_holds_neither() {
        assert_eq!(
            problem(certificates(b"", "here").unwrap_err()),
            Problem::NoCertificate(None)
        );
        assert_eq!(
            problem(private_key(b"nothing\n", "here").unwrap_err()),
            Problem::NoKey(None)
        );
    }

    #[test]
    fn a_text_that_is_cut_short_is_told_apart_from_an_empty_one() {
        let cut = b"-----BEGIN CERTIFICATE-----\nMIIB\n";
        assert!(matches!(
            problem(certificates(cut, "here").unwrap_err()),
            Problem::BrokenPem(_)
        ));
        let cut = b"-----BEGIN PRIVATE KEY-----\nMIIB\n";
        assert!(matches!(
            problem(private_key(cut, "here").unwrap_err()),
            Problem::BrokenPem(_)
        ));
    }

    #[test]
    fn both_forms_of_an_encrypted_key_are_recognised() {
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n",
        ] {
            assert_eq!(
                problem(private_key(text.as_bytes(), "here").unwrap_err()),
                Problem::EncryptedKey
            );
        }
    }

    #[test]
    fn a_key_where_a_certificate_should_be_is_said_to_be_one() {
        let key = b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
        let said = certificates(key, "here").unwrap_err().to_string();
        assert!(said.contains("but a private key"), "{said}");
    }
}
