//! `lariat fetch`: a web client; one URL, or several at once.

mod args;
mod asking;
mod content;
mod exit;
mod fetching;
mod fields;
mod headers;
mod heads;
mod plan;
mod readable;
mod reporting;
mod secrets;
mod showing;
mod watching;
mod way;
mod write_out;

use std::sync::Arc;

use tokio::task::JoinSet;

pub use self::args::Args;
use self::content::Content;
use self::fetching::{Fetch, is_left};
use self::plan::Job;
use self::write_out::Format;
use crate::failure::{Failure, INTERRUPTED};
use crate::output::complain;
use crate::progress::Bars;
use crate::signals;

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let content = Content::of(&args)?;
    let mut jobs = plan::jobs(&args, &content)?;
    if content.is_once() && jobs.len() > 1 {
        return Err(Failure::usage(
            "standard input, or another pipe, can be sent to one URL only",
        ));
    }
    let format = args.write_out.as_deref().map(Format::of_argument);
    let format = format.transpose()?;
    signals::endable(|interrupted| async move {
        tokio::pin!(interrupted);
        let (jar, said) = asking::cookies(&args)?;
        let headers = headers::headers(&args, &content, &said)?;
        let prepare = async {
            asking::log_in(&args, &headers, &mut jobs).await?;
            asking::make_client(&args, &headers, jar.clone()).await
        };
        let client = tokio::select! {
            biased;
            Ok(_) = &mut interrupted => return Err(Failure::quiet(INTERRUPTED)),
            client = prepare => client?,
        };
        let fetch = Arc::new(Fetch {
            headers,
            client,
            bars: Bars::new(!args.quiet && !args.json),
            content,
            format,
            args,
        });
        let mut running = JoinSet::new();
        let outcome = tokio::select! {
            biased;
            Ok(_) = &mut interrupted => None,
            outcome = all(&fetch, &jobs, &mut running) => Some(outcome),
        };
        // What is still running lets go of its files, so that it is seen what is left of them.
        running.shutdown().await;
        let kept = asking::keep_cookies(&fetch.args, jar.as_deref());
        match outcome {
            Some(outcome) => outcome.and(kept),
            None => Err(broken_off(&jobs)),
        }
    })
}

/// Fetches everything: files at once, and what is shown one after the other.
async fn all(
    fetch: &Arc<Fetch>,
    jobs: &[Job],
    running: &mut JoinSet<Result<(), Failure>>,
) -> Result<(), Failure> {
    if let [job] = jobs {
        return fetch.fetch(job).await;
    }
    let are_files = jobs.iter().all(|job| job.place.is_file());
    let at_once = match are_files {
        true => usize::from(fetch.args.parallel),
        false => 1,
    };
    let mut failed = None;
    let mut waiting = jobs.iter().cloned();
    loop {
        while running.len() < at_once
            && let Some(job) = waiting.next()
        {
            let fetch = Arc::clone(fetch);
            running.spawn(async move { fetch.fetch(&job).await });
        }
        let Some(done) = running.join_next().await else {
            break;
        };
        // A task that panicked has said so.
        let outcome = done.unwrap_or_else(|_| Err(Failure::new("a transfer ended by a fault")));
        if let Err(failure) = outcome {
            if let Some(message) = failure.message() {
                fetch.bars.above(|| complain(message));
            }
            failed.get_or_insert(failure.code());
        }
    }
    failed.map_or(Ok(()), |code| Err(Failure::quiet(code)))
}

/// What to say when a signal has ended it.
fn broken_off(jobs: &[Job]) -> Failure {
    match jobs.iter().any(is_left) {
        true => Failure::new("broken off; what came is kept, and the same with -C goes on with it")
            .with_code(INTERRUPTED),
        false => Failure::quiet(INTERRUPTED),
    }
}
