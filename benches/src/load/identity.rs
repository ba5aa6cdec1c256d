//! The certificate of a run: made once, trusted by our client, and given to every server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lariat::tls::{Authority, Issued, TlsError};

/// The authority of this run and what it issued for `localhost`.
struct Made {
    authority: String,
    issued: Issued,
}

fn made() -> io::Result<&'static Made> {
    static MADE: OnceLock<Result<Made, String>> = OnceLock::new();
    let make = || -> Result<Made, TlsError> {
        let authority = Authority::create("Authority of the measurements")?;
        Ok(Made {
            issued: authority.issue_server(&["localhost"])?,
            authority: authority.certificate_pem().to_owned(),
        })
    };
    let made = MADE.get_or_init(|| make().map_err(|error| error.to_string()));
    made.as_ref()
        .map_err(|error| io::Error::other(error.clone()))
}

/// The authority's certificate, in PEM form.
pub fn authority() -> io::Result<&'static str> {
    Ok(&made()?.authority)
}

/// The certificate for `localhost` and its key, in PEM form.
pub fn pem() -> io::Result<(&'static str, &'static str)> {
    let issued = &made()?.issued;
    Ok((&issued.certificate_pem, &issued.key_pem))
}

/// Writes the certificate and its key into a folder; returns where they are.
pub fn write(folder: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let made = made()?;
    let (certificate, key) = paths(folder);
    fs::write(&certificate, &made.issued.certificate_pem)?;
    fs::write(&key, &made.issued.key_pem)?;
    Ok((certificate, key))
}

/// The same as an endpoint's options.
pub fn options(folder: &Path) -> String {
    let (certificate, key) = paths(folder);
    format!("cert={}&key={}", certificate.display(), key.display())
}

fn paths(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("server.pem"), folder.join("server.key"))
}
