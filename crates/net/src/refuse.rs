//! Telling who is not taken why, in the protocol's own words, without waiting for them.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use lariat_protocol::{ConnectionInfo, Refusal};
use tokio::io::AsyncWriteExt;

use crate::admission::Lingering;
use crate::carrier::Carrier;
use crate::driver::closing::Closing;
use crate::reactor::{Visitor, Worker};
use crate::state::ServiceState;

/// How long a refusal may be: what fits into one segment on every path.
pub(crate) const LONGEST: usize = 512;

/// How long the system may take to accept the words.
const MOMENT: Duration = Duration::from_secs(1);

/// What is said; nothing where a handshake would have to come first.
pub(crate) fn words(
    service: &ServiceState,
    info: &ConnectionInfo,
    why: Refusal,
) -> Option<Cow<'static, [u8]>> {
    match service.layers.shake_hands() {
        true => None,
        false => service.factory.refusal(info, why),
    }
}

/// Says it in one go and closes in order, for which a place is needed.
pub(crate) async fn say_and_close(
    mut carrier: Carrier,
    words: Option<Cow<'static, [u8]>>,
    place: Option<Lingering>,
) {
    let (Some(words), Some(_place)) = (words, place) else {
        return;
    };
    let words = &words[..words.len().min(LONGEST)];
    // Into an empty buffer it goes whole and at once; whoever cannot take even that has no
    // use for words.
    let said = tokio::time::timeout(MOMENT, carrier.write(words)).await;
    if matches!(said, Ok(Ok(_))) {
        let mut closing = Closing::new(false);
        poll_fn(|context| closing.poll(context, &mut carrier)).await;
    }
}

/// Refuses one that was accepted, on a thread that has little to do.
pub(crate) fn refuse(
    worker: &Worker,
    service: &Arc<ServiceState>,
    visitor: impl Visitor,
    why: Refusal,
) {
    service.counters(worker.hub.thread()).refused(why);
    tracing::debug!(service = service.name(), peer = %visitor.peer(), %why, "refused");
    // Only proxies have business here; who is none is not even told what is served.
    if why == Refusal::Proxy {
        return;
    }
    let Some(words) = words(service, &visitor.info(), why) else {
        return;
    };
    let Some(place) = service.linger() else {
        return;
    };
    let _inside = worker.runtime.enter();
    if let Ok((carrier, _)) = visitor.open(None) {
        let saying = say_and_close(carrier, Some(words), Some(place));
        worker.runtime.spawn(saying);
    }
}
