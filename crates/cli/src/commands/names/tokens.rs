//! The tokens of what was registered from here: a file each in the state directory, so that it
//! can be changed and removed later.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lariat_client::names::{Name, Token, new_token};
use lariat_protocol::Endpoint;

use crate::failure::{Failure, in_words};
use crate::platform;
use crate::serve::state;

/// No file of a token is longer.
const LONGEST: u64 = 1024;

/// The tokens for one name server.
pub struct Tokens {
    folder: PathBuf,
}

impl Tokens {
    /// Those for this server, in the state directory that is said or else the usual one.
    ///
    /// # Errors
    ///
    /// When nothing says where the state directory is.
    pub fn of(server: &Endpoint, said: Option<PathBuf>) -> Result<Self, Failure> {
        let state = state::path(said)?;
        // A path has no room for all that an endpoint may be written with.
        let folder: String = server
            .to_string()
            .chars()
            .map(|character| match character {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => character,
                _ => '_',
            })
            .collect();
        Ok(Tokens {
            folder: state.join("tokens").join(folder),
        })
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(name.as_str())
    }

    /// The token for this name, if one is kept.
    ///
    /// # Errors
    ///
    /// When its file cannot be read, or holds none.
    pub fn kept(&self, name: &Name) -> Result<Option<Token>, Failure> {
        let path = self.path(name);
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&path, &in_words(&error))),
        };
        let token = text.trim().parse();
        token
            .map(Some)
            .map_err(|_| unusable(&path, "there is no token in it"))
    }

    /// The token for this name: the one that is kept, else a new one, which is kept before it is
    /// shown to anybody, so that no answer that is lost makes the name nobody's.
    ///
    /// # Errors
    ///
    /// When its file cannot be read or written.
    pub fn kept_or_new(&self, name: &Name) -> Result<Token, Failure> {
        if let Some(kept) = self.kept(name)? {
            return Ok(kept);
        }
        let token = new_token()?;
        match self.keep(name, &token) {
            Ok(()) => Ok(token),
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Ok(self.kept(name)?.unwrap_or(token))
            }
            Err(error) => {
                let failure = unusable(&self.path(name), &in_words(&error));
                Err(failure.with_advice("--state DIR chooses another folder, and --token none"))
            }
        }
    }

    fn keep(&self, name: &Name, token: &Token) -> io::Result<()> {
        platform::create_private_folder(&self.folder)?;
        // Whole before it has its name, so that nobody reads half of it.
        let path = self.path(name);
        let fresh = self.folder.join(format!(".{name}.{}", std::process::id()));
        let mut file = platform::create_private_file(&fresh)?;
        let written = writeln!(file, "{}", token.as_str())
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::hard_link(&fresh, &path));
        fs::remove_file(&fresh)?;
        written
    }

    /// Forgets the token of a name, which is nobody's any more.
    pub fn forget(&self, name: &Name) {
        // If it stays, it is only a token that no name has.
        let _ = fs::remove_file(self.path(name));
    }
}

fn read(path: &Path) -> io::Result<String> {
    use std::io::Read;

    let mut text = String::new();
    fs::File::open(path)?
        .take(LONGEST)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn unusable(path: &Path, reason: &str) -> Failure {
    Failure::new(format!("the token in {}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(state: &Path) -> Tokens {
        let server = "tcp://[::1]:21579".parse().expect("an endpoint");
        Tokens::of(&server, Some(state.to_owned())).expect("a folder")
    }

    #[test]
    fn a_token_is_kept_and_found_again() {
        let state = tempfile::tempdir().expect("a folder");
        let tokens = tokens(&state.path().join("new"));
        let name: Name = "print".parse().expect("a name");
        assert_eq!(tokens.kept(&name), Ok(None));
        let token = tokens.kept_or_new(&name).expect("made");
        assert_eq!(tokens.kept(&name), Ok(Some(token.clone())));
        assert_eq!(tokens.kept_or_new(&name), Ok(token));
        let files = fs::read_dir(&tokens.folder).expect("a folder");
        assert_eq!(files.count(), 1);
        tokens.forget(&name);
        assert_eq!(tokens.kept(&name), Ok(None));
    }

    #[test]
    fn what_is_no_token_is_told_with_its_file() {
        let state = tempfile::tempdir().expect("a folder");
        let tokens = tokens(state.path());
        let name: Name = "print".parse().expect("a name");
        fs::create_dir_all(&tokens.folder).expect("made");
        fs::write(tokens.path(&name), "short\n").expect("written");
        let failure = tokens.kept_or_new(&name).expect_err("no token");
        let said = failure.message().unwrap_or_default().to_owned();
        assert!(said.ends_with("print: there is no token in it"), "{said}");
    }
}
