//! What the parts of the engine share.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use wasmeter_model::limits::{BUCKETS_MAX, Limits};
use wasmeter_model::{ExemplarFilter, Instrument, Timestamp};

use super::EngineConfig;
use crate::ReaderConfig;
use crate::instrument::{Entry, Form, Key, Plan, Rerouted, State};
use crate::intake::Callbacks;
use crate::lock;
use crate::pipeline::{self, Pipeline, Pipelines};
use crate::report::{Counters, Notice, Rejection};
use crate::stream::Collection;
use crate::summaries::Summaries;
use crate::sync::{Mutex, RwLock};
use crate::views::{Aggregator, Composition, Fault, Views, are_bounds};

/// How many notices wait to be fetched.
const NOTICES_MAX: usize = 256;

/// One immutable set of Views in service.
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) composition: Composition,
    /// The swap as a point in the sequence of collections; its time is when new series start.
    pub(crate) swap: Collection,
    /// What is read by whom. A place has one reader for as long as it has any, and keeps none for at least a generation before it
    /// has another: so an instrument that still has the routes of the generation before is never taken for one of another reader.
    pub(crate) pipelines: Pipelines,
    /// The answers for instruments that were known before the swap, taken out one by one.
    pub(crate) plans: Mutex<HashMap<u64, Plan>>,
}

/// What a collection or swap holds alone.
#[derive(Debug)]
pub(crate) struct Control {
    /// Counts collections and swaps, so that each has a number.
    pub(crate) sequence: u64,
    /// The number of the next reader to come. None is given twice: whoever still collects for a reader that is gone must not take
    /// what is another's.
    pub(super) next_reader: usize,
}

#[derive(Debug, Default)]
struct Registry {
    entries: HashTable<Arc<Entry>>,
    hasher: RandomState,
    next_id: u64,
}

impl Registry {
    fn get(&self, key: &Key<'_>) -> Option<&Arc<Entry>> {
        self.entries.find(self.hasher.hash_one(key), |entry| entry.key() == *key)
    }

    fn insert(&mut self, entry: Arc<Entry>) {
        let Self { entries, hasher, .. } = self;
        entries.insert_unique(hasher.hash_one(entry.key()), entry, |entry| hasher.hash_one(entry.key()));
    }

    fn remove(&mut self, entry: &Entry) {
        let hash = self.hasher.hash_one(entry.key());
        if let Ok(known) = self.entries.find_entry(hash, |known| known.id == entry.id) {
            known.remove();
        }
    }
}

/// Everything behind an [`super::Engine`].
pub(crate) struct Inner {
    pub(crate) limits: Limits,
    pub(crate) exemplar_filter: ExemplarFilter,
    pub(crate) control: Mutex<Control>,
    /// The latest time of a collection or swap, see [`Inner::not_before_latest`].
    latest: AtomicU64,
    pub(crate) generation: RwLock<Arc<Generation>>,
    registry: RwLock<Registry>,
    /// How many sources all instruments have.
    pub(crate) sources: AtomicUsize,
    pub(crate) callbacks: Mutex<Callbacks>,
    /// Held while callbacks run on the thread of a collection and what they observed is taken in: each ends before it begins
    /// for the next collection. Locked before all others.
    pub(crate) callback_round: Mutex<()>,
    /// The engine it is, for callbacks, which must not hold it.
    pub(crate) identity: Arc<()>,
    pub(crate) summaries: Mutex<Summaries>,
    pub(crate) counters: Counters,
    pub(crate) notices: Mutex<VecDeque<Notice>>,
    /// What a test has come in between, see [`Inner::between_chunks`].
    #[cfg(all(test, not(loom)))]
    pub(super) between_chunks: Mutex<Option<Box<dyn FnMut() + Send>>>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("readers", &self.current_generation().pipelines.len())
            .finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn new(config: EngineConfig, views: Views, now: Timestamp) -> Self {
        crate::record::prepare();
        let swap = Collection { number: 0, now };
        let readers = config.readers.iter().enumerate();
        let notices = readers.flat_map(|(number, reader)| faults_of_reader(number, reader));
        let notices = Mutex::new(notices.take(NOTICES_MAX).collect());
        let readers = config.readers.into_iter().enumerate();
        let pipelines: Pipelines =
            readers.map(|(number, reader)| Arc::new(Pipeline::new(number, swap.number, reader))).collect();
        let control = Control { sequence: 0, next_reader: pipelines.len() };
        let generation = Generation {
            number: 1,
            composition: Composition::new(views),
            swap,
            pipelines,
            plans: Mutex::default(),
        };
        Self {
            limits: config.limits,
            exemplar_filter: config.exemplar_filter,
            control: Mutex::new(control),
            latest: AtomicU64::new(now.0),
            generation: RwLock::new(Arc::new(generation)),
            registry: RwLock::default(),
            sources: AtomicUsize::new(0),
            callbacks: Mutex::default(),
            callback_round: Mutex::default(),
            identity: Arc::default(),
            summaries: Mutex::default(),
            counters: Counters::default(),
            notices,
            #[cfg(all(test, not(loom)))]
            between_chunks: Mutex::default(),
        }
    }

    pub(crate) fn current_generation(&self) -> Arc<Generation> {
        self.generation.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// A reader of the generation in service and its place there, by its number.
    pub(super) fn reader(&self, number: usize) -> Option<(usize, Arc<Pipeline>)> {
        let generation = self.current_generation();
        let place = generation.pipelines.iter().position(|pipeline| pipeline.is(number))?;
        Some((place, generation.pipelines.get(place)?.clone()))
    }

    /// What collections and swaps take for the time: it never goes back for readers, even if a clock does. What is received has the
    /// same, or it would seem to have come long before the collection that follows it.
    pub(crate) fn not_before_latest(&self, now: Timestamp) -> Timestamp {
        now.max(Timestamp(self.latest.load(Ordering::Relaxed)))
    }

    /// The collection or swap that begins now, for whoever holds `control`.
    pub(super) fn next(&self, control: &mut Control, now: Timestamp) -> Collection {
        control.sequence += 1;
        let now = self.not_before_latest(now);
        self.latest.store(now.0, Ordering::Relaxed);
        Collection { number: control.sequence, now }
    }

    /// The instrument, if it is known.
    pub(crate) fn known(&self, instrument: &Instrument, form: Form) -> Option<Arc<Entry>> {
        let registry = self.registry.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        registry.get(&Key::of(instrument, form)).cloned()
    }

    /// The instrument, made if it is not known.
    pub(crate) fn entry(&self, instrument: &Instrument, form: Form) -> Result<Arc<Entry>, Rejection> {
        if instrument.name.is_empty() {
            return Err(Rejection::NoName);
        }
        let key = Key::of(instrument, form);
        let read = self.registry.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(entry) = read.get(&key) {
            return Ok(entry.clone());
        }
        drop(read);
        let mut registry = self.registry.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(entry) = registry.get(&key) {
            return Ok(entry.clone());
        }
        if registry.entries.len() >= self.limits.instruments_max {
            return Err(Rejection::InstrumentLimit);
        }
        registry.next_id += 1;
        let mut instrument = instrument.clone();
        let has_bad_advice = instrument.advisory.boundaries.take_if(|bounds| !are_bounds(bounds)).is_some();
        let entry = Arc::new(Entry::new(registry.next_id, instrument, form));
        registry.insert(entry.clone());
        drop(registry);
        if has_bad_advice {
            // Advice that makes no histogram counts as none (metrics SDK, "Instrument advisory parameters").
            let notice = format!(
                "the boundaries it advises are passed over; advise fewer than {BUCKETS_MAX}, finite and strictly ascending"
            );
            self.notice(&entry.instrument.name, notice);
        }
        Ok(entry)
    }

    /// Every instrument, in the order they were made.
    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        let registry = self.registry.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut entries: Vec<_> = registry.entries.iter().cloned().collect();
        drop(registry);
        entries.sort_unstable_by_key(|entry| entry.id);
        entries
    }

    /// Forgets an instrument without sources.
    pub(crate) fn retire(&self, entry: &Entry, state: &mut State) {
        state.retired = true;
        state.routing.leave_streams();
        let mut registry = self.registry.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        registry.remove(entry);
    }

    /// Gives the instrument the routes of the generation in service, if it has not got them.
    pub(crate) fn bring_up_to_date(&self, entry: &Entry, state: &mut State, now: Timestamp) -> Rerouted {
        let generation = self.current_generation();
        if state.generation == generation.number {
            return Rerouted::default();
        }
        let is_new = state.generation == 0;
        let mut on_fault = |fault: Fault| {
            self.fault(&entry.instrument, &fault);
            Ok(())
        };
        let plan = lock(&generation.plans).remove(&entry.id).unwrap_or_else(|| Plan {
            resolved: generation
                .composition
                .resolve(&entry.instrument, entry.form, &mut on_fault)
                .unwrap_or_default(),
            mapped: HashMap::default(),
        });
        let at = if is_new { Collection { now, ..generation.swap } } else { generation.swap };
        let rerouted =
            state.reroute(entry, &generation.pipelines, plan, at, self.limits.current_expiry, &mut on_fault);
        state.generation = generation.number;
        let is_enabled = state.routing.streams.iter().any(|stream| stream.key.aggregator != Aggregator::Drop);
        entry.is_enabled.store(is_enabled, Ordering::Relaxed);
        self.counters.accepted.fetch_add(rerouted.fetched, Ordering::Relaxed);
        self.tell(entry, state);
        rerouted
    }

    /// Takes the measurements that threads have left for an instrument into its series.
    pub(crate) fn fetch(&self, entry: &Entry, state: &mut State, now: Timestamp) {
        let fetched = state.fetch(entry, now);
        self.counters.accepted.fetch_add(fetched, Ordering::Relaxed);
    }

    /// Takes the measurements that threads have left for the next sources of a walk into their series, so many sources at most.
    pub(crate) fn fetch_next(&self, entry: &Entry, state: &mut State, now: Timestamp, most: usize) {
        let fetched = state.fetch_next(entry, now, most);
        self.counters.accepted.fetch_add(fetched, Ordering::Relaxed);
    }

    /// Counts a value that its instrument cannot take, and tells it once for each instrument and reason.
    #[cold]
    pub(crate) fn refuse(&self, entry: &Entry, reason: Rejection) {
        self.counters.reject(reason, 1);
        if entry.is_first_refusal(reason) {
            let advice = match reason {
                Rejection::Negative => "; record increments of 0 or more, or use an up-down-counter",
                Rejection::NotFinite => "; look for a division by zero, or use a gauge",
                _ => "",
            };
            self.notice(&entry.instrument.name, format!("a value was not counted: {reason}{advice}"));
        }
    }

    /// Counts a View's fault and keeps it for the operator.
    pub(crate) fn fault(&self, instrument: &Instrument, Fault { fault, passed_over }: &Fault) {
        self.counters.view_faults.fetch_add(1, Ordering::Relaxed);
        self.notice(&instrument.name, format!("{fault}; {passed_over}"));
    }

    /// Passes on what an instrument's routing has to tell.
    pub(crate) fn tell(&self, entry: &Entry, state: &mut State) {
        for message in state.routing.take_pending() {
            self.notice(&entry.instrument.name, message);
        }
    }

    pub(crate) fn notice(&self, instrument: &Arc<str>, message: String) {
        let mut notices = lock(&self.notices);
        if notices.len() >= NOTICES_MAX {
            notices.pop_front();
        }
        notices.push_back(Notice { instrument: instrument.clone(), message });
    }
}

/// What is wrong with the aggregations that a reader asks for.
pub(super) fn faults_of_reader(number: usize, reader: &ReaderConfig) -> impl Iterator<Item = Notice> + use<> {
    pipeline::faults(reader).into_iter().map(move |(kind, fault)| Notice {
        instrument: kind.name().into(),
        message: format!("the default aggregation of reader {number} for this kind is passed over: {fault}"),
    })
}
