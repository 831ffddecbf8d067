//! Places for pages that are held while they are sent.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How long a page may take to be read while others wait for its place: as long as Prometheus waits for a whole scrape by default.
const PATIENCE: Duration = Duration::from_secs(10);

/// A number of places. Whoever reads slowly keeps one as long as nobody else wants it.
pub(super) struct Places<T> {
    free: Arc<Semaphore>,
    /// What is being sent, oldest first.
    sending: Mutex<Vec<Weak<Sending<T>>>>,
}

/// A place, given back on drop.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

/// Something that is sent bit by bit, and its place.
pub(super) struct Sending<T> {
    since: Instant,
    held: Mutex<Option<(T, Place)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Places<T> {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), sending: Mutex::default() }
    }

    /// Waits for a place. Meanwhile what has been sent for too long is let go of, the oldest first.
    pub(super) async fn take(&self) -> Option<Place> {
        // The same all the time, so that nobody who comes later is first.
        let mut free = pin!(self.free.clone().acquire_owned());
        loop {
            let oldest = self.sending().first().map(|sending| sending.since);
            let until = oldest.unwrap_or_else(Instant::now) + PATIENCE;
            match tokio::time::timeout_at(until, free.as_mut()).await {
                Ok(permit) => return permit.ok().map(|permit| Place { _permit: permit }),
                Err(_) => self.let_go(),
            }
        }
    }

    /// Sends something that has a place.
    pub(super) fn send(&self, what: T, place: Place) -> Arc<Sending<T>> {
        let sending = Arc::new(Sending { since: Instant::now(), held: Mutex::new(Some((what, place))) });
        let mut all = lock(&self.sending);
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(&sending));
        sending
    }

    fn sending(&self) -> Vec<Arc<Sending<T>>> {
        let is_held = |one: &Arc<Sending<T>>| one.held.try_lock().map_or(true, |held| held.is_some());
        lock(&self.sending).iter().filter_map(Weak::upgrade).filter(is_held).collect()
    }

    fn let_go(&self) {
        let now = Instant::now();
        let is_slow = |one: &Arc<Sending<T>>| one.since + PATIENCE <= now;
        for one in self.sending().into_iter().take_while(is_slow) {
            // One that is locked is read just now.
            if let Ok(mut held) = one.held.try_lock()
                && held.take().is_some()
            {
                return tracing::warn!(
                    secs = PATIENCE.as_secs(),
                    "a page is let go of, since it is read so slowly and others wait"
                );
            }
        }
    }
}

impl<T> Sending<T> {
    /// The next bit; `None` if it was let go of.
    pub(super) fn next<R>(&self, next: impl FnOnce(&mut T) -> R) -> Option<R> {
        lock(&self.held).as_mut().map(|(what, _place)| next(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long whoever wants a place waits for it; `None` for a minute and more.
    async fn wait(places: &Places<&str>) -> Option<(Duration, Place)> {
        let asked = Instant::now();
        let place = tokio::time::timeout(60 * SECOND, places.take()).await.ok()??;
        Some((asked.elapsed(), place))
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_slowly_keeps_a_place_until_another_wants_it() {
        let places = Places::new(2);
        let (_, one) = wait(&places).await.unwrap();
        let one = places.send("one", one);
        tokio::time::sleep(4 * SECOND).await;
        let (_, other) = wait(&places).await.unwrap();
        let other = places.send("other", other);
        assert_eq!((one.next(|what| *what), other.next(|what| *what)), (Some("one"), Some("other")));

        let (waited, third) = wait(&places).await.unwrap();
        assert_eq!(waited, 6 * SECOND, "ten after the oldest began");
        assert_eq!((one.next(|what| *what), other.next(|what| *what)), (None, Some("other")));
        let third = places.send("third", third);

        tokio::time::sleep(100 * SECOND).await;
        assert_eq!(other.next(|what| *what), Some("other"), "nobody has waited");
        drop(third);
        let (waited, _third) = wait(&places).await.unwrap();
        assert_eq!(waited, Duration::ZERO, "one was read");
        let (waited, _fourth) = wait(&places).await.unwrap();
        assert_eq!((waited, other.next(|what| *what)), (Duration::ZERO, None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_sent_yet_is_waited_for() {
        let places = Places::new(1);
        let (_, place) = wait(&places).await.unwrap();
        assert!(wait(&places).await.is_none());
        drop(place);
        assert!(wait(&places).await.is_some());
    }
}
