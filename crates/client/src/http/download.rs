//! A whole file from a server to this machine, however many attempts that takes.

use std::mem;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT_ENCODING, CONTENT_DISPOSITION, CONTENT_ENCODING, IF_RANGE, RANGE};
use http::{HeaderValue, Method, Request, StatusCode, Uri, response};

use super::kept::{Kept, whole_file};
use super::range::{ContentRange, Version};
use super::{Body, Client, DownloadError, Retries, name_in_disposition, name_in_path};
use crate::part::check_place;

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
    /// What the last answer was: 200, or 206 for the rest of a file, or 416 if no rest was missing.
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
    /// [made harmless](name_in_disposition). It cannot be [resumed](Self::resume), since its name is not known before
    /// the server has answered.
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
    /// that could not be reached in the first place is not tried again.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// How many bytes the file may have. Default any number.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.most = Some(bytes);
        self
    }

    /// Whether an answer that says no is the file as well. Default no.
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
        let may_pass = error.may_pass() && (was_answered || !error.is_connecting());
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
                (status, _) if status.is_success() || self.any_status => {
                    Some(state.anew(self, &answer, &body)?)
                }
                _ => return Err(DownloadError::status(self.request.uri(), &answer)),
            };
            if let Some((kept, arrived)) = kept {
                break (kept, arrived, answer, body);
            }
        };
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

    /// The request, for the rest alone if there is a beginning.
    fn request(&mut self, rest: Option<&Rest>) -> Request<Body> {
        let again = self.request.body().again();
        let body = again.unwrap_or_else(|| mem::take(self.request.body_mut()));
        let mut request = Request::new(body);
        *request.method_mut() = self.request.method().clone();
        *request.uri_mut() = self.request.uri().clone();
        *request.version_mut() = self.request.version();
        *request.extensions_mut() = self.request.extensions().clone();
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

/// What is there of a file, and what the rest of it must fit.
struct Rest {
    first: u64,
    version: Version,
    condition: HeaderValue,
}

/// Where what comes ends in the file, and how long the file is; as far as they are known.
struct Arrived {
    end: Option<u64>,
    all: Option<u64>,
}

/// What a body is of, and how much may be in the file.
struct Source<'a> {
    uri: &'a Uri,
    most: u64,
}

impl Source<'_> {
    /// Writes down what comes.
    async fn receive(
        self,
        mut body: Body,
        kept: &mut Kept,
        arrived: Arrived,
        watch: &mut impl FnMut(Step<'_>),
    ) -> Result<(), DownloadError> {
        let Source { uri, most } = self;
        let Arrived { end, all } = arrived;
        if all.is_some_and(|all| all > most) {
            kept.restart(Version::default())?;
            return Err(DownloadError::too_large(uri, most));
        }
        let said = all.or(end).unwrap_or_default();
        let wrong_length = |sent| DownloadError::wrong_length(uri, said, sent);
        let bytes = kept.there();
        watch(Step::There { bytes, all });
        while let Some(piece) = body.data().await? {
            let bytes = kept.there() + piece.len() as u64;
            let is_too_long = end.is_some_and(|end| bytes > end);
            if bytes > most || is_too_long {
                // It is no beginning of anything.
                kept.restart(Version::default())?;
                return Err(match is_too_long {
                    true => wrong_length(bytes),
                    false => DownloadError::too_large(uri, most),
                });
            }
            kept.write(&piece)?;
            watch(Step::There { bytes, all });
        }
        let is_short = |said: Option<u64>| said.is_some_and(|said| kept.there() < said);
        match is_short(end) || is_short(all) {
            true => Err(wrong_length(kept.there())),
            false => Ok(()),
        }
    }
}

impl Rest {
    /// What an answer brings of the rest; nothing if it does not fit.
    fn continued_by(&self, answer: &response::Parts) -> Option<Arrived> {
        let Some(ContentRange::Part { first, last, all }) = ContentRange::of(&answer.headers)
        else {
            return None;
        };
        let is_other = self.version.is_other(&Version::of(&answer.headers));
        let fits =
            first == self.first && !is_other && !answer.headers.contains_key(CONTENT_ENCODING);
        fits.then_some(Arrived {
            end: Some(last + 1),
            all,
        })
    }

    /// The whole file that was there, and is the server's still.
    fn there_already(self, download: &Download, status: StatusCode) -> Downloaded {
        let path = match &download.place {
            Place::File(path) | Place::Named { folder: path } => path.clone(),
        };
        Downloaded {
            path,
            bytes: self.first,
            transferred: 0,
            status,
            changed: self.version.changed,
        }
    }

    /// Whether an answer says that there is no more than what is there.
    fn is_all(&self, answer: &response::Parts) -> bool {
        let all = ContentRange::of(&answer.headers);
        let is_other = self.version.is_other(&Version::of(&answer.headers));
        all == Some(ContentRange::Nothing { all: self.first }) && !is_other
    }
}

/// How far it is.
struct State {
    /// What is kept of the file; nothing before its name is known, or before there is something to keep.
    kept: Option<Kept>,
    /// A whole file of an earlier time, which may be the server's still: how long it is, and its version.
    earlier: Option<(u64, Version)>,
    can_continue: bool,
    was_answered: bool,
    transferred: u64,
}

impl State {
    fn new(download: &Download) -> Result<Self, DownloadError> {
        let mut state = State {
            kept: None,
            earlier: None,
            can_continue: download.is_of_a_file(),
            was_answered: false,
            transferred: 0,
        };
        let Place::File(whole) = &download.place else {
            return Ok(state);
        };
        check_place(whole)?;
        if download.resume && state.can_continue {
            state.kept = Kept::left(whole)?;
            if state.kept.is_none() {
                state.earlier = whole_file(whole);
            }
        }
        Ok(state)
    }

    /// What to ask for the rest of, if there is a beginning of which it can be said whose it is.
    fn rest(&self) -> Option<Rest> {
        let (first, version) = match (&self.kept, &self.earlier) {
            _ if !self.can_continue => return None,
            (Some(kept), _) => (kept.there(), kept.version()),
            (None, Some((length, version))) => (*length, version),
            (None, None) => return None,
        };
        let condition = version.condition().filter(|_| first > 0)?;
        Some(Rest {
            first,
            condition,
            version: version.clone(),
        })
    }

    /// What is there is of another file.
    fn forget(&mut self, kept: Option<Kept>) -> Result<Option<(Kept, Arrived)>, DownloadError> {
        self.earlier = None;
        self.kept = kept;
        if let Some(kept) = &mut self.kept {
            kept.restart(Version::default())?;
        }
        Ok(None)
    }

    /// The file comes from its beginning on.
    fn anew(
        &mut self,
        download: &Download,
        answer: &response::Parts,
        body: &Body,
    ) -> Result<(Kept, Arrived), DownloadError> {
        self.earlier = None;
        // What was unpacked on its way has other places than the server's file.
        let is_packed = answer.headers.contains_key(CONTENT_ENCODING);
        let mut version = Version::of(&answer.headers);
        if !self.can_continue || is_packed {
            (version.tag, version.is_settled) = (None, false);
        }
        let kept = match (self.kept.take(), &download.place) {
            (Some(mut kept), _) => {
                kept.restart(version)?;
                kept
            }
            (None, Place::File(whole)) => Kept::begin(whole, version)?,
            (None, Place::Named { folder }) => {
                let name = name_of(answer, download.request.uri());
                Kept::begin(&folder.join(name), version)?
            }
        };
        let length = body.length();
        let arrived = Arrived {
            end: length,
            all: length,
        };
        Ok((kept, arrived))
    }

    fn done(&self, kept: Kept, status: StatusCode) -> Result<Downloaded, DownloadError> {
        let done = Downloaded {
            path: kept.whole().to_owned(),
            bytes: kept.there(),
            transferred: self.transferred,
            status,
            changed: kept.version().changed,
        };
        kept.keep()?;
        Ok(done)
    }
}

/// What the server calls the file, or else its URL.
fn name_of(answer: &response::Parts, uri: &Uri) -> String {
    let said = answer.headers.get(CONTENT_DISPOSITION);
    let said = said.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let named = said.and_then(|value| name_in_disposition(&value));
    named.unwrap_or_else(|| name_in_path(uri.path()))
}
