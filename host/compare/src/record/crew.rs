//! Threads that live for the whole run: what an engine keeps for each thread stays warm between rounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::subject::Work;

struct Order {
    work: Arc<Work>,
    times: u64,
    /// How many threads have not come to the start yet.
    missing: Arc<AtomicUsize>,
}

struct Member {
    orders: Sender<Order>,
    _thread: JoinHandle<()>,
}

/// Some threads that do the same thing at the same time.
pub(super) struct Crew {
    members: Vec<Member>,
    spans: Receiver<Span>,
}

/// When a thread began and ended.
struct Span {
    start: Instant,
    end: Instant,
}

impl Crew {
    pub(super) fn new(threads: usize) -> Self {
        let (done, spans) = channel();
        let members = (0..threads).map(|number| Member::new(number, done.clone())).collect();
        Self { members, spans }
    }

    /// Has each thread do the work so many times, all starting together; how long it took from the first one's start to the
    /// last one's end, so that threads which had to share a processor do not look as if they had not.
    pub(super) fn run(&self, work: &Arc<Work>, times: u64) -> Duration {
        let missing = Arc::new(AtomicUsize::new(self.members.len()));
        for member in &self.members {
            let order = Order { work: work.clone(), times, missing: missing.clone() };
            assert!(member.orders.send(order).is_ok(), "a thread of the crew is gone");
        }
        let mut spans = self.spans.iter().take(self.members.len());
        let Some(Span { mut start, mut end }) = spans.next() else { return Duration::ZERO };
        for span in spans {
            start = start.min(span.start);
            end = end.max(span.end);
        }
        end - start
    }
}

impl Member {
    fn new(number: usize, done: Sender<Span>) -> Self {
        let (orders, received) = channel::<Order>();
        let thread = std::thread::spawn(move || {
            for Order { work, times, missing } in received {
                missing.fetch_sub(1, Ordering::AcqRel);
                while missing.load(Ordering::Acquire) > 0 {
                    std::hint::spin_loop();
                }
                let start = Instant::now();
                work(number, times);
                let end = Instant::now();
                // Released before the report: whoever waits for it may want the subject gone.
                drop(work);
                if done.send(Span { start, end }).is_err() {
                    return;
                }
            }
        });
        Self { orders, _thread: thread }
    }
}
