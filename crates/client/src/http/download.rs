//! A whole file from a server to this machine, however many attempts that takes.

mod source;
mod state;

use std::fs::Metadata;
use std::mem;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT_ENCODING, IF_RANGE, RANGE};
use http::{HeaderValue, Method, Request, StatusCode, Uri, response};

use self::source::Source;
use self::state::{Rest, State, is_unasked_part};
use super::download_error::shown;
use super::range::{ContentRange, Version};
use super::{Body, Client, DownloadError, Error, Retries, name_in_path};

/// How often an attempt is followed by another one, if nothing else is said.
const RETRIES: u32 = 3;

/// A file that is to be fetched, and where it is to be.
///
/// It stands beside its place, with `.part` behind its name, until it is whole: as many bytes as the server says.
/// Then it gets its name, and the time that the server has for it. When a connection breaks in the middle, the next attempt asks for the rest,
/// on the condition that the server's file is still the same one (`If-Range`); if it is another one, or the
/// server knows no ranges, it begins anew. When all attempts have failed, or the future is dropped, what has come
/// stays for a later [`resume`](Download::resume), with the server's tag for it in `NAME.part.etag`.
///
/// ```no_run
/// use lariat_client::http::{Client, Download, Step, address};
///
/// # async fn f() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder().build()?;
/// let download = Download::into_folder(address("https://example.org/pub/large.iso")?, "isos").resume(true);
/// let done = download
///     .run(&client, |step| {
///         if let Step::There { bytes, all } = step {
///             println!("{bytes} of {all:?}");
///         }
///     })
///     .await?;
/// println!("{} has {} bytes", done.path.display(), done.bytes);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Download {
    request: Request<Body>,
    /// The request's body cannot be made again.
    is_once: bool,
    place: Place,
    resume: bool,
    retries: Retries,
    retries_unreachable: bool,
    most: Option<u64>,
    any_status: bool,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    /// Under the name that the server gives it, or else that of the URL.
    Named {
        folder: PathBuf,
    },
}

impl Place {
    /// The file, or the folder where its name is not known.
    fn path(&self) -> PathBuf {
        let (Place::File(path) | Place::Named { folder: path }) = self;
        path.clone()
    }
}

/// What happens meanwhile.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// An answer came: its head.
    Answered(&'a response::Parts),
    /// Its body is the file, or belongs to it, that will have this path.
    Begun(&'a Path),
    /// So much is there, of so much, if that is known.
    There {
        /// How many bytes.
        bytes: u64,
        /// How many there will be.
        all: Option<u64>,
    },
    /// An attempt has failed, and there will be another one.
    Again {
        /// Why.
        error: &'a DownloadError,
        /// After how long.
        after: Duration,
    },
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many of them came now, and not in an earlier attempt to which this was the [`resume`](Download::resume).
    pub transferred: u64,
    /// What the last answer was: 200, or 206 for the rest of a file, or 416 if no rest was missing, or 304 if the caller
    /// asked for what has changed, and nothing has; then the file was left as it is.
    pub status: StatusCode,
    /// When it was changed, if the server says so.
    pub changed: Option<SystemTime>,
}

impl Download {
    /// Into this file.
    pub fn new(uri: Uri, file: impl Into<PathBuf>) -> Self {
        Download::answer_to(get(uri), file)
    }

    /// Into this folder, under the name that the URL ends with, [made harmless](name_in_path).
    pub fn into_folder(uri: Uri, folder: impl Into<PathBuf>) -> Self {
        let name = name_in_path(uri.path());
        Download::new(uri, folder.into().join(name))
    }

    /// Into this folder, under the name that the server gives it (`Content-Disposition`), else the URL,
    /// [made harmless](super::name_in_disposition). Nothing that is there is replaced. It cannot be [resumed](Self::resume), since its name is not known before
    /// the server has answered, and so nothing stays when all attempts have failed.
    pub fn named_by_server(uri: Uri, folder: impl Into<PathBuf>) -> Self {
        Download::of(
            get(uri),
            Place::Named {
                folder: folder.into(),
            },
        )
    }

    /// The answer to any request into this file. Only that to a `GET` without a body is continued.
    pub fn answer_to(request: Request<Body>, file: impl Into<PathBuf>) -> Self {
        Download::of(request, Place::File(file.into()))
    }

    /// As [`answer_to`](Self::answer_to), and [`named_by_server`](Self::named_by_server).
    pub fn answer_named_by_server(request: Request<Body>, folder: impl Into<PathBuf>) -> Self {
        Download::of(
            request,
            Place::Named {
                folder: folder.into(),
            },
        )
    }

    fn of(request: Request<Body>, place: Place) -> Self {
        Download {
            is_once: request.body().again().is_none(),
            request,
            place,
            resume: false,
            retries: Retries::times(RETRIES),
            retries_unreachable: false,
            most: None,
            any_status: false,
        }
    }

    /// Whether to go on with what an earlier attempt has left. Default no. A whole file that is there already counts as
    /// such a one, so it is fetched again only if the server's is another by now.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// How many attempts may follow the first one where that may help, and after how long: the connection broke,
    /// or the server was silent or says that it is busy. Default 3, after 1 s, 2 s and 4 s, or as long as the server asks for. A server
    /// that could not be reached in the first place is [another matter](Download::retries_unreachable).
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Whether a server that could not be reached in the first place is tried again as well. Default no.
    #[must_use]
    pub fn retries_unreachable(mut self, retries: bool) -> Self {
        self.retries_unreachable = retries;
        self
    }

    /// How many bytes the file may have. Default any number.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.most = Some(bytes);
        self
    }

    /// Whether an answer that says no is the file as well. Default no. Where some of the file is there already, it is not:
    /// it would take the place of that.
    #[must_use]
    pub fn any_status(mut self, any: bool) -> Self {
        self.any_status = any;
        self
    }

    /// Fetches it.
    ///
    /// # Errors
    ///
    /// The last attempt's: there was no answer, or none that is the file ([`DownloadError::Status`]), not all of it came,
    /// or it could not be written.
    pub async fn run(
        mut self,
        client: &Client,
        mut watch: impl FnMut(Step<'_>),
    ) -> Result<Downloaded, DownloadError> {
        let mut state = State::new(&self)?;
        let mut done = 0;
        loop {
            let error = match self.attempt(client, &mut state, &mut watch).await {
                Ok(downloaded) => return Ok(downloaded),
                Err(error) => error,
            };
            let Some(pause) = self.pause(done, &error, state.was_answered) else {
                return Err(error);
            };
            done += 1;
            watch(Step::Again {
                error: &error,
                after: pause,
            });
            tokio::time::sleep(pause).await;
        }
    }

    /// How long to wait before another attempt, if there is to be one after so many repetitions and this error.
    fn pause(&self, done: u32, error: &DownloadError, was_answered: bool) -> Option<Duration> {
        let is_covered = self.retries.covers(self.request.method());
        let can_repeat = is_covered && !self.is_once;
        // Nobody who was never there is waited for.
        let is_waited_for = self.retries_unreachable || was_answered || !error.is_connecting();
        let may_pass = error.may_pass() && is_waited_for;
        if !can_repeat || !may_pass {
            return None;
        }
        self.retries.before(done, error.retry_after())
    }

    async fn attempt(
        &mut self,
        client: &Client,
        state: &mut State,
        watch: &mut impl FnMut(Step<'_>),
    ) -> Result<Downloaded, DownloadError> {
        // What does not continue what is there is asked for a second time, as a whole.
        let (mut kept, arrived, answer, body) = loop {
            let asked = state.rest();
            let request = self.request(asked.as_ref());
            let (answer, body) = client.send(request).await?.into_parts();
            state.was_answered = true;
            watch(Step::Answered(&answer));
            let kept = match (answer.status, asked) {
                (StatusCode::PARTIAL_CONTENT, Some(rest)) => {
                    match (rest.continued_by(&answer), state.kept.take()) {
                        (Some(arrived), Some(mut kept)) => {
                            kept.learn(&Version::of(&answer.headers));
                            Some((kept, arrived))
                        }
                        (_, kept) => state.forget(kept)?,
                    }
                }
                (StatusCode::RANGE_NOT_SATISFIABLE, Some(rest)) => {
                    match (rest.is_all(&answer), state.kept.take()) {
                        (true, Some(kept)) => return state.done(kept, answer.status),
                        (true, None) => return Ok(rest.there_already(self, answer.status)),
                        (false, kept) => state.forget(kept)?,
                    }
                }
                (StatusCode::NOT_MODIFIED, None) => return Ok(self.unchanged(&answer)),
                (status, asked) if self.is_file(status, asked.is_some() || state.has_begun) => {
                    self.check_part(&answer)?;
                    Some(state.anew(self, &answer, &body)?)
                }
                _ => return Err(DownloadError::status(self.request.uri(), &answer)),
            };
            if let Some((kept, arrived)) = kept {
                break (kept, arrived, answer, body);
            }
        };
        state.has_begun |= answer.status.is_success();
        watch(Step::Begun(kept.whole()));
        let began = kept.there();
        let source = Source {
            uri: self.request.uri(),
            most: self.most.unwrap_or(u64::MAX),
        };
        let received = source.receive(body, &mut kept, arrived, watch).await;
        state.transferred += kept.there().saturating_sub(began);
        match received {
            Ok(()) => state.done(kept, answer.status),
            Err(error) => {
                state.kept = Some(kept);
                Err(error)
            }
        }
    }

    /// Whether an answer of this status is the file. One that says no, or points elsewhere, takes the place of nothing that
    /// has come.
    fn is_file(&self, status: StatusCode, has_begun: bool) -> bool {
        let is_anything = status.is_redirection() || self.any_status;
        status.is_success() || is_anything && !has_begun
    }

    /// A part that nobody has asked for is only the file's beginning where it says so.
    fn check_part(&self, answer: &response::Parts) -> Result<(), DownloadError> {
        let begins = matches!(
            ContentRange::of(&answer.headers),
            Some(ContentRange::Part { first: 0, .. })
        );
        if !is_unasked_part(self, answer) || begins {
            return Ok(());
        }
        Err(DownloadError::Http(Error::Invalid {
            server: shown(self.request.uri()),
            problem: "it sent a part of the file, which nobody had asked for".into(),
        }))
    }

    /// What the caller asked for on a condition, which does not hold: what is there stays.
    fn unchanged(&self, answer: &response::Parts) -> Downloaded {
        let path = self.place.path();
        let known = std::fs::metadata(&path).ok().filter(Metadata::is_file);
        Downloaded {
            bytes: known.map_or(0, |known| known.len()),
            path,
            transferred: 0,
            status: answer.status,
            changed: Version::of(&answer.headers).changed,
        }
    }

    /// The request, for the rest alone if there is a beginning.
    fn request(&mut self, rest: Option<&Rest>) -> Request<Body> {
        let again = self.request.body().again();
        let body = again.unwrap_or_else(|| mem::take(self.request.body_mut()));
        let mut request = Request::new(body);
        *request.method_mut() = self.request.method().clone();
        *request.uri_mut() = self.request.uri().clone();
        *request.version_mut() = self.request.version();
        *request.extensions_mut() = self.request.extensions().clone();
        // It is repeated here alone, where it is known how to go on.
        request.extensions_mut().insert(Retries::default());
        let headers = request.headers_mut();
        *headers = self.request.headers().clone();
        // What is kept are the bytes of the server's file, whose places ranges are about.
        let as_it_is = || HeaderValue::from_static("identity");
        headers.entry(ACCEPT_ENCODING).or_insert_with(as_it_is);
        if let Some(Rest {
            first, condition, ..
        }) = rest
        {
            let range = HeaderValue::from_str(&format!("bytes={first}-"));
            headers.insert(RANGE, range.unwrap_or(HeaderValue::from_static("bytes=0-")));
            headers.insert(IF_RANGE, condition.clone());
        }
        request
    }

    /// Whether what is fetched is a file of which a part may be asked for.
    fn is_of_a_file(&self) -> bool {
        let (method, headers) = (self.request.method(), self.request.headers());
        method == Method::GET
            && self.request.body().length() == Some(0)
            && !headers.contains_key(RANGE)
    }
}

fn get(uri: Uri) -> Request<Body> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    request
}
