//! The waiting of every queue: for an item, and for room.

use std::mem::forget;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::core::Core;
use super::error::{GetError, PutError};
use crate::waiting::{Line, Patience, Place, block_on, block_until, deadline};

/// A core with a line of those who wait for an item and one of those who wait for room.
///
/// Each item that is put wakes one who waits for an item, and each that is taken wakes one who
/// waits for room. A wake-up hands over nothing: whoever is quicker may take the item, since
/// handing each item to a sleeping thread would cost a switch of threads for each. So nothing is
/// ever on its way, and a wait that is given up cannot lose an item.
pub(crate) struct Channel<C: Core> {
    core: C,
    /// Those who wait for an item.
    getters: Line,
    /// Those who wait for room.
    putters: Line,
}

impl<C: Core> Channel<C> {
    pub(crate) fn new(core: C) -> Self {
        Channel {
            core,
            getters: Line::new(),
            putters: Line::new(),
        }
    }

    pub(crate) fn core(&self) -> &C {
        &self.core
    }

    #[inline]
    pub(crate) fn try_put(&self, item: C::Item) -> Result<(), PutError<C::Item>> {
        let notify = Notify(&self.getters);
        if let Err(error) = self.core.push(item) {
            forget(notify);
            return Err(error);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn try_get(&self) -> Result<C::Item, GetError> {
        match self.take() {
            Some(item) => Ok(item),
            None => self.pop(),
        }
    }

    /// The next item if there is one.
    #[inline]
    fn take(&self) -> Option<C::Item> {
        let notify = Notify(&self.putters);
        let item = self.core.take();
        if item.is_none() || self.core.limit().is_none() {
            forget(notify);
        }
        item
    }

    /// The next item, or why there is none.
    fn pop(&self) -> Result<C::Item, GetError> {
        let notify = Notify(&self.putters);
        let got = self.core.pop();
        if got.is_err() || self.core.limit().is_none() {
            forget(notify);
        }
        got
    }

    /// How many wait for an item.
    pub(crate) fn waiting_to_get(&self) -> usize {
        self.getters.waiting()
    }

    /// How many wait for room.
    pub(crate) fn waiting_to_put(&self) -> usize {
        self.putters.waiting()
    }

    #[inline]
    pub(crate) fn put(&self, item: C::Item) -> Result<(), PutError<C::Item>> {
        match self.try_put(item) {
            Err(PutError::Full(item)) => self.wait_to_put(item),
            done => done,
        }
    }

    #[cold]
    fn wait_to_put(&self, item: C::Item) -> Result<(), PutError<C::Item>> {
        block_on(self.putting(item, Patience::of_a_thread))
    }

    pub(crate) fn put_timeout(
        &self,
        item: C::Item,
        timeout: Duration,
    ) -> Result<(), PutError<C::Item>> {
        let deadline = deadline(timeout);
        let item = match self.try_put(item) {
            Err(PutError::Full(item)) => item,
            done => return done,
        };
        let mut put = self.put_async(item);
        match block_until(&mut put, deadline) {
            Some(done) => done,
            None => match put.into_item() {
                Some(item) => Err(PutError::Timeout(item)),
                None => unreachable!("an item that was not put is still there"),
            },
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> Result<C::Item, GetError> {
        match self.take() {
            Some(item) => Ok(item),
            None => self.wait_to_get(),
        }
    }

    #[cold]
    fn wait_to_get(&self) -> Result<C::Item, GetError> {
        block_on(self.getting(Patience::of_a_thread))
    }

    pub(crate) fn get_timeout(&self, timeout: Duration) -> Result<C::Item, GetError> {
        match self.take() {
            Some(item) => Ok(item),
            None => {
                let waited = block_until(self.get_async(), deadline(timeout));
                waited.unwrap_or(Err(GetError::Timeout))
            }
        }
    }

    pub(crate) fn put_async(&self, item: C::Item) -> Putting<'_, C> {
        self.putting(item, Patience::none)
    }

    pub(crate) fn get_async(&self) -> Getting<'_, C> {
        self.getting(Patience::none)
    }

    fn putting(&self, item: C::Item, patience: fn() -> Patience) -> Putting<'_, C> {
        Putting {
            channel: self,
            item: Some(item),
            place: Place::default(),
            patience,
        }
    }

    fn getting(&self, patience: fn() -> Patience) -> Getting<'_, C> {
        Getting {
            channel: self,
            place: Place::default(),
            patience,
        }
    }

    /// Takes nothing from now on, and tells everybody who waits.
    pub(crate) fn close(&self) {
        self.core.close();
        self.wake_everybody();
    }

    /// For what closed the core itself.
    pub(crate) fn wake_everybody(&self) {
        self.getters.notify_all();
        self.putters.notify_all();
    }
}

/// Notifies one of a line when it is dropped: also when a comparison has panicked, since the item
/// that was put is in the queue by then, and the one that was to be given is not any more.
struct Notify<'a>(&'a Line);

impl Drop for Notify<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// A put that waits for room.
pub(crate) struct Putting<'a, C: Core> {
    channel: &'a Channel<C>,
    /// None when it has been put or handed back.
    item: Option<C::Item>,
    place: Place,
    /// What it has each time it is polled.
    patience: fn() -> Patience,
}

/// The item is moved whenever it is tried, and so never pinned.
impl<C: Core> Unpin for Putting<'_, C> {}

impl<C: Core> Putting<'_, C> {
    /// The item, if it has not been put.
    pub(crate) fn into_item(mut self) -> Option<C::Item> {
        self.item.take()
    }
}

impl<C: Core> Future for Putting<'_, C> {
    type Output = Result<(), PutError<C::Item>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Putting {
            channel,
            item: left,
            place,
            patience,
        } = &mut *self;
        let attempt = || {
            let Some(item) = left.take() else {
                panic!("the put was polled after it was done");
            };
            match channel.try_put(item) {
                Err(PutError::Full(item)) => {
                    *left = Some(item);
                    Poll::Pending
                }
                done => Poll::Ready(done),
            }
        };
        let is_more = || !channel.core.is_full();
        let patience = patience();
        channel
            .putters
            .poll(place, context, patience, attempt, is_more)
    }
}

impl<C: Core> Drop for Putting<'_, C> {
    fn drop(&mut self) {
        let Channel { core, putters, .. } = self.channel;
        putters.give_up(&mut self.place, || !core.is_full());
    }
}

/// A get that waits for an item.
pub(crate) struct Getting<'a, C: Core> {
    channel: &'a Channel<C>,
    place: Place,
    /// What it has each time it is polled.
    patience: fn() -> Patience,
}

impl<C: Core> Future for Getting<'_, C> {
    type Output = Result<C::Item, GetError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Getting {
            channel,
            place,
            patience,
        } = &mut *self;
        let attempt = || match channel.pop() {
            Err(GetError::Empty) => Poll::Pending,
            done => Poll::Ready(done),
        };
        let is_more = || !channel.core.is_empty();
        let patience = patience();
        channel
            .getters
            .poll(place, context, patience, attempt, is_more)
    }
}

impl<C: Core> Drop for Getting<'_, C> {
    fn drop(&mut self) {
        let Channel { core, getters, .. } = self.channel;
        getters.give_up(&mut self.place, || !core.is_empty());
    }
}
