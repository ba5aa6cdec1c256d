//! A folder that holds a private authority and what it issued.
//!
//! | file | what |
//! |---|---|
//! | `ca.pem`, `ca.key` | the authority, made once |
//! | `server.pem`, `server.key` | the server's certificate, issued again when it must be |
//! | `NAME.pem`, `NAME.key` | a client's |
//! | `.lock` | held while any of these is read or written |
//!
//! A key is always written before its certificate, and a certificate can be
//! made again from its key, so a start that was cut short is finished by the
//! next one and no key is ever written over. Files that are broken are an
//! error: nothing is repaired by guessing.
//!
//! All of this blocks on files; an async program calls it on a blocking thread.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::UnixTime;

use crate::authority::{Authority, generate_key, host_names, self_signed};
use crate::error::{Problem, TlsError};
use crate::identity::Identity;
use crate::names::HostName;
use crate::pem;
use crate::platform;
use crate::provider::provider;

/// A certificate that ends within this time is issued again, so that a
/// server that is restarted now and then never serves an expired one.
const RENEWAL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The files of a client's certificate, as [`Directory::issue_client`] wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A folder with an authority in it.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("state");
/// use lariat_tls::Directory;
///
/// let directory = Directory::open(path)?;
/// let identity = directory.server_identity(&["localhost", "127.0.0.1"])?;
/// assert!(directory.authority_certificate().exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Opens a folder, which is made with mode 0700 if it is not there. The
    /// mode of one that is there is left alone.
    ///
    /// # Errors
    ///
    /// [`TlsError::Io`] if the folder cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let path = path.into();
        platform::create_private_folder(&path)
            .map_err(|error| TlsError::io("make the folder", &path, error))?;
        Ok(Self { path })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the authority's certificate is, which peers need in order to trust it.
    pub fn authority_certificate(&self) -> PathBuf {
        self.path.join("ca.pem")
    }

    /// Where the authority's private key is.
    pub fn authority_key(&self) -> PathBuf {
        self.path.join("ca.key")
    }

    /// Where the server's certificate is.
    pub fn server_certificate(&self) -> PathBuf {
        self.path.join("server.pem")
    }

    /// Where the server's private key is.
    pub fn server_key(&self) -> PathBuf {
        self.path.join("server.key")
    }

    /// The authority: loaded, or made when there is none.
    ///
    /// Of several processes that start at once, one makes it and all have it.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] names a file that cannot be used, and why.
    pub fn authority(&self) -> Result<Authority, TlsError> {
        let _lock = self.lock()?;
        self.load_or_make_authority()
    }

    /// A server's identity for these names: loaded, or issued when there is
    /// none, or issued again (for the key that is there) when the one that is
    /// there is not from this authority, lacks a name, or ends within seven days.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] names a file that cannot be used, or a name that
    /// cannot be in a certificate.
    pub fn server_identity<N: AsRef<str>>(&self, names: &[N]) -> Result<Identity, TlsError> {
        let names = host_names(names)?;
        let _lock = self.lock()?;
        let authority = self.load_or_make_authority()?;
        let (certificate, key) = (self.server_certificate(), self.server_key());
        if exists(&certificate)? {
            require_key(&certificate, &key)?;
            let identity = Identity::from_files(&certificate, &key)?;
            match shortcoming(&authority, &identity, &names)? {
                None => return Ok(identity),
                Some(reason) => {
                    tracing::info!(file = %certificate.display(), reason, "issuing the server's certificate again");
                }
            }
        }
        let key_pair = self.load_or_make_key(&key)?;
        let issued = authority.certify_server(&names, &key_pair)?;
        self.write(&certificate, issued.as_bytes(), Secrecy::Public)?;
        Identity::from_files(&certificate, &key)
    }

    /// Issues a certificate to a client, as `NAME.pem` and `NAME.key`.
    ///
    /// # Errors
    ///
    /// [`TlsError::Misuse`] if the name cannot be a file's, or if either file
    /// is there already.
    pub fn issue_client(&self, name: &str) -> Result<ClientFiles, TlsError> {
        if !is_client_name(name) {
            return Err(TlsError::misuse(
                format!("the client name \"{}\"", name.escape_debug()),
                Problem::BadClientName,
            ));
        }
        let _lock = self.lock()?;
        let files = ClientFiles {
            certificate: self.path.join(format!("{name}.pem")),
            key: self.path.join(format!("{name}.key")),
        };
        for path in [&files.certificate, &files.key] {
            if exists(path)? {
                let subject = path.display().to_string();
                return Err(TlsError::misuse(subject, Problem::AlreadyThere));
            }
        }
        let issued = self.load_or_make_authority()?.issue_client(name)?;
        self.write(&files.key, issued.key_pem.as_bytes(), Secrecy::Private)?;
        self.write(
            &files.certificate,
            issued.certificate_pem.as_bytes(),
            Secrecy::Public,
        )?;
        Ok(files)
    }

    /// Waits until no other process or thread is at these files. The system
    /// gives the lock back when the file is closed, however that comes about.
    fn lock(&self) -> Result<File, TlsError> {
        let path = self.path.join(".lock");
        let opened = match platform::create_private_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                File::options().write(true).open(&path)
            }
            result => result,
        };
        let file = opened.map_err(|error| TlsError::io("open", &path, error))?;
        file.lock()
            .map_err(|error| TlsError::io("lock", &path, error))?;
        Ok(file)
    }

    /// Under the lock.
    fn load_or_make_authority(&self) -> Result<Authority, TlsError> {
        let (certificate, key) = (self.authority_certificate(), self.authority_key());
        if exists(&certificate)? {
            require_key(&certificate, &key)?;
        } else {
            let key_pair = self.load_or_make_key(&key)?;
            let made = self_signed(&authority_name(&key_pair), &key_pair)?;
            self.write(&certificate, made.as_bytes(), Secrecy::Public)?;
        }
        Authority::read(
            &pem::read_file(&certificate)?,
            &certificate.display().to_string(),
            &pem::read_file(&key)?,
            &key.display().to_string(),
        )
    }

    /// Under the lock.
    fn load_or_make_key(&self, path: &Path) -> Result<KeyPair, TlsError> {
        if exists(path)? {
            let subject = path.display().to_string();
            let key = pem::private_key(&pem::read_file(path)?, &subject)?;
            return KeyPair::try_from(&key)
                .map_err(|_| TlsError::misuse(subject, Problem::UnusableKey));
        }
        let key = generate_key()?;
        self.write(path, key.serialize_pem().as_bytes(), Secrecy::Private)?;
        Ok(key)
    }

    /// Puts a whole file in place or none: a temporary file beside it is
    /// written, made to last, and renamed. Under the lock, so that the
    /// temporary file is nobody else's and one that is there is a leftover.
    fn write(&self, path: &Path, content: &[u8], secrecy: Secrecy) -> Result<(), TlsError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = self.path.join(format!(".{name}.new"));
        let written = remove_leftover(&temporary)
            .and_then(|()| match secrecy {
                Secrecy::Private => platform::create_private_file(&temporary),
                Secrecy::Public => File::create_new(&temporary),
            })
            .and_then(|mut file| {
                file.write_all(content)?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&temporary, path))
            .and_then(|()| platform::sync_folder(&self.path));
        written.map_err(|error| {
            // What is left of it is in nobody's way, so that this may fail too.
            let _ = fs::remove_file(&temporary);
            TlsError::io("write", path, error)
        })
    }
}

#[derive(Clone, Copy)]
enum Secrecy {
    Private,
    Public,
}

/// Why an identity will not do, if it will not: it is asked for each name, now
/// and at the end of the renewal time, as a client would ask.
fn shortcoming(
    authority: &Authority,
    identity: &Identity,
    names: &[HostName],
) -> Result<Option<String>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots
        .add(authority.certificate().clone())
        .map_err(|error| TlsError::library("use the authority's certificate", error))?;
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .map_err(|error| TlsError::library("use the authority's certificate", error))?;
    let Some((leaf, rest)) = identity.certified.cert.split_first() else {
        return Ok(Some(String::from("it has no certificate")));
    };
    let now = UnixTime::now();
    let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + RENEWAL);
    for name in names {
        let asked = name.asked_for()?;
        for time in [now, later] {
            if let Err(error) = verifier.verify_server_cert(leaf, rest, &asked, &[], time) {
                return Ok(Some(error.to_string()));
            }
        }
    }
    Ok(None)
}

/// Tells authorities of different folders apart in a list of trusted ones;
/// the same key always gives the same name.
fn authority_name(key: &KeyPair) -> String {
    let identifier = CertificateParams::default().key_identifier(key);
    let mark: String = identifier
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("Lariat private authority {mark}")
}

fn is_client_name(name: &str) -> bool {
    let reserved = ["ca", "server"];
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte))
        && !name.starts_with(['.', '-'])
        // Some file systems hold that CA.pem is ca.pem.
        && !reserved.iter().any(|word| name.eq_ignore_ascii_case(word))
}

fn require_key(certificate: &Path, key: &Path) -> Result<(), TlsError> {
    if exists(key)? {
        return Ok(());
    }
    let problem = Problem::KeyMissing(key.display().to_string());
    Err(TlsError::misuse(certificate.display().to_string(), problem))
}

fn exists(path: &Path) -> Result<bool, TlsError> {
    path.try_exists()
        .map_err(|error| TlsError::io("look for", path, error))
}

fn remove_leftover(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_name_is_a_harmless_file_name() {
        for name in ["alice", "a", "alice@example.org", "build-7", "x.y"] {
            assert!(is_client_name(name), "{name:?}");
        }
        let long = "a".repeat(65);
        for name in [
            "", "ca", "Server", "../x", "a/b", ".hidden", "-n", "a b", "ä", "a\n", &long,
        ] {
            assert!(!is_client_name(name), "{name:?}");
        }
    }
}
