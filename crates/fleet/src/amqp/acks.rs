//! The acknowledgements of one channel. What is done at the same time is told together: up to the first delivery that is
//! still held one frame speaks for all, and the queue writes one entry into its log instead of many. While there is room
//! for more deliveries, the broker is told a little later, so that more can be told with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapin::options::{BasicAckOptions, BasicRejectOptions};
use lapin::types::DeliveryTag;
use lapin::{Acker, Channel};
use tokio::sync::Notify;
use tokio::time::timeout;
use tracing::debug;

use super::facts::Counters;
use super::failure::within;

/// How long a delivery that is done may wait for others. Losing it meanwhile is harmless.
const LINGER: Duration = Duration::from_millis(10);

/// What was delivered on a channel and is not settled.
pub(super) struct Acks {
    /// Kept open for what is still to be told.
    _channel: Channel,
    counters: Arc<Counters>,
    /// Most unsettled deliveries that do not keep others away: half of what may be delivered ahead.
    spare: usize,
    unsettled: Mutex<Unsettled>,
    /// There are more.
    pressed: Notify,
}

#[derive(Default)]
struct Unsettled {
    /// Somebody works on them, or may begin to. No frame may speak for these.
    held: BTreeSet<DeliveryTag>,
    /// Done, and the broker does not know it yet.
    done: BTreeMap<DeliveryTag, Acker>,
    /// Someone is telling, until nothing is left.
    is_telling: bool,
}

/// One frame to send.
struct Frame {
    acker: Acker,
    /// Whether it speaks for everything before it as well.
    multiple: bool,
    deliveries: u64,
}

impl Acks {
    pub(super) fn new(channel: Channel, prefetch: u16, counters: Arc<Counters>) -> Self {
        let spare = usize::from(prefetch / 2);
        Self { _channel: channel, counters, spare, unsettled: Mutex::default(), pressed: Notify::new() }
    }

    /// A delivery arrived. To be called for each, in their order.
    pub(super) fn hold(&self, tag: DeliveryTag) {
        let mut unsettled = self.unsettled();
        unsettled.held.insert(tag);
        if unsettled.len() > self.spare {
            self.pressed.notify_one();
        }
    }

    /// A delivery is done. The broker is told soon, together with what is done until then.
    pub(super) fn done(self: &Arc<Self>, tag: DeliveryTag, acker: Acker) {
        if self.unsettled().is_to_tell(tag, acker) {
            tokio::spawn(Arc::clone(self).tell());
        }
    }

    /// One at a time: two frames for one delivery would cost the channel.
    async fn tell(self: Arc<Self>) {
        if self.has_room() {
            // Running out of time is as good as being pressed.
            let _ = timeout(LINGER, self.pressed.notified()).await;
        }
        while let Some(frame) = self.next_frame() {
            self.send(frame).await;
        }
    }

    /// Gives a delivery back. The broker counts it as a delivery, like a lost connection; after too many the message is a
    /// dead letter, and the sweep publishes the operation anew.
    pub(super) async fn give_back(&self, tag: DeliveryTag, acker: &Acker) {
        if let Err(why) = acker.reject(BasicRejectOptions { requeue: true }).await {
            debug!(%why, "not given back by us; the closing channel does it");
        }
        // Not before: a frame for later deliveries, sent first, would have spoken for this one too.
        self.unsettled().held.remove(&tag);
    }

    /// The library answers `Ok(false)` where the channel is gone: nobody was told.
    async fn send(&self, Frame { acker, multiple, deliveries }: Frame) {
        match within("acknowledge", acker.ack(BasicAckOptions { multiple })).await {
            Ok(true) => {}
            lost => {
                self.counters.acks_lost.fetch_add(deliveries, Ordering::Relaxed);
                debug!(?lost, deliveries, "acknowledgements were lost; the next claims find the work done");
            }
        }
    }

    /// That nothing is left to tell is seen and noted in one step: whoever comes next tells again.
    fn next_frame(&self) -> Option<Frame> {
        let mut unsettled = self.unsettled();
        let frame = unsettled.next_frame();
        unsettled.is_telling = frame.is_some();
        frame
    }

    fn has_room(&self) -> bool {
        self.unsettled().len() <= self.spare
    }

    fn unsettled(&self) -> MutexGuard<'_, Unsettled> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Unsettled {
    fn len(&self) -> usize {
        self.held.len() + self.done.len()
    }

    /// Notes that a delivery is done. Whether nobody is telling yet.
    fn is_to_tell(&mut self, tag: DeliveryTag, acker: Acker) -> bool {
        self.held.remove(&tag);
        self.done.insert(tag, acker);
        !std::mem::replace(&mut self.is_telling, true)
    }

    /// For everything before the first that is held; where there is nothing, for the oldest of the others.
    fn next_frame(&mut self) -> Option<Frame> {
        let later = self.held.first().map(|held| self.done.split_off(held)).unwrap_or_default();
        let mut together = std::mem::replace(&mut self.done, later);
        let deliveries = together.len() as u64;
        if let Some((_, acker)) = together.pop_last() {
            return Some(Frame { acker, multiple: true, deliveries });
        }
        let (_, acker) = self.done.pop_first()?;
        Some(Frame { acker, multiple: false, deliveries: 1 })
    }
}
