use beacon_shared::ipc::Notice;
use tokio::sync::broadcast;

/// Notices that a slow listener may be behind before it misses some.
const CAPACITY: usize = 256;

/// Carries notices from the core to its listeners, such as the window.
#[derive(Clone, Debug)]
pub struct Bus {
    sender: broadcast::Sender<Notice>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0 }
    }
}

impl Bus {
    /// Sends a notice to all listeners. Without a listener it is dropped.
    pub fn notify(&self, notice: Notice) {
        let _ = self.sender.send(notice);
    }

    /// Listens to all notices from now on.
    pub fn subscribe(&self) -> Notices {
        Notices { receiver: self.sender.subscribe() }
    }
}

/// The notices of one listener, in order.
#[derive(Debug)]
pub struct Notices {
    receiver: broadcast::Receiver<Notice>,
}

impl Notices {
    /// Waits for the next notice. A listener that missed notices gets one [`Notice::Resync`] in their place.
    /// Returns `None` when the app is gone.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.receiver.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "A listener missed notices.");
                Some(Notice::Resync)
            }
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Returns the next notice if one is there.
    pub fn next_now(&mut self) -> Option<Notice> {
        match self.receiver.try_recv() {
            Ok(notice) => Some(notice),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Notice::Resync),
            Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_listener_that_missed_notices_gets_one_resync_and_then_the_newest() {
        let bus = Bus::default();
        let mut notices = bus.subscribe();
        for _ in 0..CAPACITY * 3 {
            bus.notify(Notice::Events);
        }
        assert_eq!(notices.next().await, Some(Notice::Resync));
        for _ in 0..CAPACITY {
            assert_eq!(notices.next().await, Some(Notice::Events));
        }
        assert_eq!(notices.next_now(), None);
        drop(bus);
        assert_eq!(notices.next().await, None);
    }
}
