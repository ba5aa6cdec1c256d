//! One URL: it is asked for, and its answer goes where it is to go.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode};
use lariat_client::http::{Body, Client, Download, DownloadError, Retries, Step};
use lariat_client::part::path_of;

use super::args::Args;
use super::content::Content;
use super::exit::{bad_status, cannot_write, too_late, unwritable};
use super::heads::Seen;
use super::plan::{Job, Place};
use super::reporting::Report;
use super::showing::{copy, show};
use super::write_out::Format;
use crate::failure::Failure;
use crate::output::{note, print, shown};
use crate::progress::{Bars, Progress};

/// How often what is saved is tried again, if nothing else is said.
const RETRIES: u32 = 3;

/// The most of a body that is shown within a line of JSON.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// What all URLs have in common.
pub struct Fetch {
    pub args: Args,
    pub content: Content,
    pub headers: HeaderMap,
    pub client: Client,
    pub bars: Bars,
    /// What is written when a URL is done.
    pub format: Option<Format>,
}

impl Fetch {
    /// Fetches a URL, and reports it if that is wished for.
    ///
    /// # Errors
    ///
    /// Whatever kept it from coming whole; also an answer that says no.
    pub async fn fetch(&self, job: &Job) -> Result<(), Failure> {
        let mut report = Report::of(&job.uri.to_string());
        let seen = Seen::begin(&self.args, &self.bars, job);
        let outcome = match self.args.max_time {
            None => self.answer(job, &seen, &mut report).await,
            Some(most) => {
                let answering = tokio::time::timeout(most, self.answer(job, &seen, &mut report));
                answering.await.unwrap_or_else(|_| {
                    let failure = too_late(format!(
                        "{}: it was not done within {} s",
                        job.uri,
                        most.as_secs_f64()
                    ));
                    Err(with_rest(failure, job))
                })
            }
        };
        report.took(seen.elapsed());
        report.led(seen.way());
        if let Err(failure) = &outcome {
            report.failed(failure);
        }
        if let Some(format) = &self.format {
            let written = format.of(&report);
            let mut printed = Ok(());
            self.bars
                .above(|| printed = print(shown(written.as_bytes())));
            printed?;
        }
        if self.args.json {
            report.show()?;
        }
        outcome
    }

    /// Has the answer go where it is to go.
    async fn answer(
        &self,
        job: &Job,
        seen: &Arc<Seen>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let sending = self.sending(job);
        let mut request = self.request(job, sending.clone())?;
        request.extensions_mut().insert(seen.witness());
        let outcome = match &job.place {
            Place::Output { even_binary } => {
                let place = (None, *even_binary);
                self.show(job, request, sending, place, seen, report).await
            }
            Place::Device(path) => {
                let place = (Some(path.as_path()), true);
                self.show(job, request, sending, place, seen, report).await
            }
            Place::Heads(path) => {
                let place = (None, true);
                self.show(job, request, sending, place, seen, report)
                    .await?;
                seen.save_heads(path)?;
                report.set("file", path.display().to_string());
                Ok(())
            }
            Place::File(path) => {
                let download = Download::answer_to(request, path);
                let name = path.display().to_string();
                self.save(job, name, download, sending, seen, report).await
            }
            Place::Named(folder) => {
                let download = Download::answer_named_by_server(request, folder);
                let name = job.uri.to_string();
                self.save(job, name, download, sending, seen, report).await
            }
        };
        outcome.and(seen.check())
    }

    fn request(&self, job: &Job, bar: Progress) -> Result<Request<Body>, Failure> {
        let args = &self.args;
        let sends = !args.get && !args.head;
        let body = match sends {
            true => self.content.body(bar)?,
            false => Body::empty(),
        };
        let usual = match &self.content {
            _ if args.head => Method::HEAD,
            Content::File(_) | Content::Input => Method::PUT,
            Content::Data { .. } | Content::Form(_) if sends => Method::POST,
            _ => Method::GET,
        };
        let method = match &args.method {
            Some(said) => said.parse().map_err(|_| {
                Failure::usage(format!("{said:?} is no method; write one such as PUT"))
            })?,
            None => usual,
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = job.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(asking) = &job.asking {
            request.headers_mut().insert(AUTHORIZATION, asking.header());
        }
        Ok(request)
    }

    /// The bar of what is sent, if it is something that takes a while.
    fn sending(&self, job: &Job) -> Progress {
        match &self.content {
            Content::Form(_) | Content::File(_) => {
                self.bars.of_file(&format!("sending to {}", job.uri))
            }
            Content::None | Content::Data { .. } | Content::Input => Progress::hidden(),
        }
    }

    /// Into a file, when it is whole.
    async fn save(
        &self,
        job: &Job,
        name: String,
        download: Download,
        sending: Progress,
        seen: &Seen,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let args = &self.args;
        let mut download = download
            .resume(args.resume)
            .any_status(args.any_status)
            .retries(Retries::times(args.retry.unwrap_or(RETRIES)))
            // Whoever says how often waits for who is not there as well.
            .retries_unreachable(args.retry.is_some());
        if let Some(most) = args.max_filesize {
            download = download.at_most(most);
        }
        let bar = self.bars.of_file(&name);
        let done = download.run(&self.client, |step| match step {
            Step::Answered(answer) => {
                sending.clear();
                report.answer(answer);
            }
            Step::Begun(path) => bar.rename(&path.display().to_string()),
            Step::There { bytes, all } => bar.show(bytes, all),
            Step::Again { error, after } => {
                seen.again();
                report.forget_answer();
                if !args.quiet {
                    let after = after.as_secs_f32().ceil();
                    self.bars
                        .above(|| note(&format!("{error}; again in {after} s")));
                }
            }
            _ => {}
        });
        let done = done.await;
        sending.clear();
        bar.clear();
        let done = done.map_err(|error| self.explained(error, job))?;
        let is_unchanged = done.status == StatusCode::NOT_MODIFIED;
        if !is_unchanged {
            report.set("file", done.path.display().to_string());
        }
        report.set("bytes", done.bytes);
        report.set("transferred", done.transferred);
        if !args.quiet && !args.json {
            let path = done.path.display();
            self.bars.above(|| {
                note(&match done.transferred {
                    _ if is_unchanged => format!("{}: it has not been changed", job.uri),
                    0 if done.bytes > 0 => format!("{} -> {path}: all of it was there", job.uri),
                    bytes => format!("{} -> {path}: {bytes} bytes", job.uri),
                });
            });
        }
        Ok(())
    }

    /// What went wrong with a file, and how to go on.
    fn explained(&self, error: DownloadError, job: &Job) -> Failure {
        let status = match &error {
            DownloadError::Status { status, .. } => Some(*status),
            _ => None,
        };
        with_rest(self.advised(error.into(), status), job)
    }

    /// To standard output, or what is like it.
    async fn show(
        &self,
        job: &Job,
        request: Request<Body>,
        sending: Progress,
        (device, even_binary): (Option<&Path>, bool),
        seen: &Seen,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let args = &self.args;
        let most = args.max_filesize.unwrap_or(u64::MAX);
        let answer = self.client.send(request).await;
        sending.clear();
        let (answer, body) = answer?.into_parts();
        report.answer(&answer);
        seen.check()?;
        match device {
            Some(device) if args.head => {
                into_device(seen.kept().into(), device, u64::MAX).await?;
            }
            _ if args.head => {}
            Some(device) => report.set("bytes", into_device(body, device, most).await?),
            None if args.json => {
                let most = usize::try_from(most).unwrap_or(usize::MAX);
                let bytes = body.bytes(most.min(LONGEST_BODY)).await?;
                report.set("bytes", bytes.len());
                let text = String::from_utf8(bytes.into());
                let text = text.map_err(|_| {
                    unwritable(format!(
                        "{}: what came is no text; save it by -o FILE",
                        job.uri
                    ))
                })?;
                report.set("body", text);
            }
            None => report.set("bytes", show(&answer, body, even_binary, most).await?),
        }
        match answer.status.as_u16() {
            400.. if !args.any_status => {
                let status = answer.status;
                let failure = bad_status(format!("{}: the server says {status}", job.uri));
                Err(self.advised(failure, Some(status)))
            }
            _ => Ok(()),
        }
    }

    /// Says what may help where somebody has to say who they are.
    fn advised(&self, failure: Failure, status: Option<StatusCode>) -> Failure {
        let is_anonymous = self.args.user.is_none() && !self.args.bearer;
        match status {
            Some(StatusCode::UNAUTHORIZED) if is_anonymous => {
                failure.with_advice("-u NAME logs in, and --bearer shows a token")
            }
            Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) if self.args.proxy_user.is_none() => {
                failure.with_advice("--proxy-user NAME logs in at the proxy")
            }
            _ => failure,
        }
    }
}

/// Writes into something that is there and no file.
async fn into_device(body: Body, path: &Path, most: u64) -> Result<u64, Failure> {
    let opened = OpenOptions::new().write(true).open(path);
    let opened = opened.map_err(|error| cannot_write(path, &error))?;
    copy(body, opened, most).await
}

/// Says how to go on, where there is anything to go on with.
fn with_rest(failure: Failure, job: &Job) -> Failure {
    match is_left(job) {
        true => failure.with_advice("what came is kept, and -C goes on with it"),
        false => failure,
    }
}

/// Whether anything is kept of a file that is not whole.
pub fn is_left(job: &Job) -> bool {
    matches!(&job.place, Place::File(path) if path_of(path).is_file())
}
