//! The table by itself: tenants, queues and timers.

use std::task::Wake;
use std::time::Duration;

use super::*;

/// How often somebody was woken.
#[derive(Default)]
struct Turns(AtomicUsize);

impl Wake for Turns {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// By how much a timer may be late.
const TICK: Duration = Duration::from_millis(1);

#[test]
fn a_message_for_an_earlier_tenant_does_not_reach_a_later_one() {
    let hub = Arc::new(Hub::default());
    let first = hub.register();
    let id = first.id();
    drop(first);
    let second = hub.register();
    assert_eq!(second.id().slot, id.slot);
    assert!(matches!(
        hub.deliver(id, Message::new(1)),
        Err(SendError::Gone(_))
    ));
    assert!(second.take().is_none());
}

#[test]
fn a_full_queue_says_so_and_gives_the_message_back() {
    let hub = Arc::new(Hub::default());
    let place = hub.register();
    for number in 0..MOST_MESSAGES {
        hub.deliver(place.id(), Message::new(number)).expect("room");
    }
    let Err(SendError::Full(message)) = hub.deliver(place.id(), Message::new("late")) else {
        panic!("the queue is bounded");
    };
    assert_eq!(message.get(), Some(&"late"));
    let waiting = place.take().expect("messages wait");
    assert_eq!(
        waiting.messages.map(|queue| queue.len()),
        Some(MOST_MESSAGES)
    );
    assert!(place.take().is_none());
}

#[test]
fn a_connection_has_one_timer_entry_however_often_it_is_moved() {
    let hub = Arc::new(Hub::default());
    let place = hub.register();
    let start = Instant::now();
    for step in (1..100).chain((1..100).rev()) {
        place.set_deadline(Some(start + Duration::from_secs(step)));
        assert_eq!(hub.table().timers.len(), 1);
    }
    let due = start + Duration::from_secs(1);
    assert!(hub.fire_timers(start).is_some_and(|next| next >= due));
    assert!(place.take().is_none());
    assert_eq!(hub.fire_timers(due + TICK), None);
    assert!(
        place
            .take()
            .expect("it ran out")
            .signals
            .contains(Signals::TIMER)
    );
}

#[test]
fn a_deadline_that_moved_back_is_not_early() {
    let hub = Arc::new(Hub::default());
    let place = hub.register();
    let start = Instant::now();
    let (early, late) = (
        start + Duration::from_secs(1),
        start + Duration::from_secs(9),
    );
    place.set_deadline(Some(early));
    place.set_deadline(Some(late));
    assert!(
        hub.fire_timers(early + TICK)
            .is_some_and(|next| next >= late)
    );
    assert!(place.take().is_none());
    drop(place);
    assert_eq!(hub.fire_timers(late + TICK), None);
}

#[test]
fn a_goodbye_has_a_turn_before_the_force_that_came_with_it() {
    let hub = Arc::new(Hub::default());
    let place = hub.register();
    let turns = Arc::new(Turns::default());
    place.set_waker(&Waker::from(Arc::clone(&turns)));
    let signal = |signals: &[Signals]| {
        for signal in signals {
            assert!(hub.signal(place.id(), *signal));
        }
        turns.0.swap(0, Ordering::Relaxed);
    };
    let take = || place.take().map(|waiting| waiting.signals);
    signal(&[Signals::DRAIN, Signals::FORCE]);
    assert_eq!(take(), Some(Signals::DRAIN));
    assert_eq!(turns.0.load(Ordering::Relaxed), 1, "woken for the force");
    assert_eq!(take(), Some(Signals::FORCE));
    assert_eq!(take(), None);
    assert_eq!(turns.0.load(Ordering::Relaxed), 1);
    // Who is chosen to end at once is given no turn.
    signal(&[Signals::DRAIN, Signals::FORCE, Signals::KILL]);
    assert!(take().is_some_and(|signals| signals.contains(Signals::KILL)));
    assert_eq!(take(), None);
}
