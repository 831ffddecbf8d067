//! A plugin in service: one instance, replaced after a trap, asked through the engine's [`View`](wasmeter_engine::View) trait if it is one.

mod deadly;
mod export;
mod held;
mod observe;
mod revival;
mod state;
mod supervisor;
mod view;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use wasmeter_model::frame::Frame;
use wasmeter_model::{Attributes, Instrument, StreamSpec};

use crate::Runtime;
use crate::answer::{Info, check_attributes, check_streams, invalid, lower_attributes, lower_instrument};
use crate::bindings::processor::exports::wasmeter::plugin::processors;
use crate::bindings::types;
use crate::failure::{Failure, FailureKind, Identity, Refusal};
use crate::frame::{keep_entities, lift, lower};
use crate::instance::{Grants, Instance};
use crate::load::{Compiled, Fingerprint, configure};
use crate::log::PluginLog;
use crate::observers::Turns;
use crate::processors::{OnFailure, Outcome};
use crate::totals::Totals;
use crate::world::World;
use deadly::Deadly;
pub(crate) use export::{ExportTerms, ask_preference};
use held::Held;
pub use state::{PluginInfo, PluginState, PluginStats};
pub use supervisor::RestartPolicy;
use supervisor::{Supervisor, Verdict};

/// What a plugin is made of.
pub(crate) struct Parts {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) file: PathBuf,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) info: Info,
    pub(crate) grants: Grants,
    /// Whether its last answers hold while it cannot answer.
    pub(crate) holds_answers: bool,
    /// As in [`StreamSpec::approximate_buckets`], of all its streams.
    pub(crate) approximate_buckets: bool,
    pub(crate) on_failure: OnFailure,
    /// Of an exporter.
    pub(crate) export_terms: Option<ExportTerms>,
    pub(crate) log: Arc<PluginLog>,
    /// Instantiated and configured.
    pub(crate) instance: Instance,
}

/// A loaded plugin. Answers one question at a time; callers wait for each other.
pub struct Plugin {
    runtime: Arc<Runtime>,
    file: PathBuf,
    label: String,
    /// What it does is counted under this: its file's name, as it could claim another's for its own.
    counted_as: Arc<str>,
    fingerprint: Fingerprint,
    digest: Arc<str>,
    compiled: Arc<Compiled>,
    info: Info,
    grants: Grants,
    approximate_buckets: bool,
    on_failure: OnFailure,
    export_terms: Option<ExportTerms>,
    log: Arc<PluginLog>,
    service: Mutex<Service>,
    /// Its last answers, if they are to hold.
    held: Option<Mutex<Held>>,
    deadly: Mutex<Deadly>,
    /// Whether it was asked something in this generation while it waited to be started again.
    owes: AtomicBool,
    /// Whether a generation has begun since its service was last looked at.
    forgiven: AtomicBool,
    /// The generation it serves in; 0 before it does, and for a plugin of no directory.
    generation: AtomicU64,
    /// Whether it is past its probation, so that nothing is taken back if it fails.
    settled: AtomicBool,
    probing: AtomicBool,
    retired: AtomicBool,
    questions: AtomicU64,
    /// Of an observer: when it was last asked, so that collections share what it says.
    turns: Turns,
    totals: Arc<Totals>,
    faults: AtomicU64,
    memory_bytes: AtomicUsize,
}

/// What changes while a plugin is in service.
struct Service {
    /// `None` after a trap, until the next question.
    instance: Option<Instance>,
    supervisor: Supervisor,
    /// Questions without an answer in this generation, because an instance was lost or there was none.
    unanswered: u32,
    last_fault: Option<Refusal>,
}

impl Plugin {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { runtime, file, fingerprint, compiled, info, grants, log, instance, .. } = parts;
        let Parts { holds_answers, approximate_buckets, on_failure, export_terms, .. } = parts;
        let counted_as = Identity::of_file(&file).name;
        let totals = runtime.totals_of(&counted_as);
        log.count_with(&totals);
        if let Some(quota) = &grants.prepared.quota {
            quota.count_with(&totals);
        }
        let supervisor = Supervisor::new(runtime.config().restart, fingerprint.component.seed());
        Self {
            label: label(&info, &file),
            counted_as,
            digest: fingerprint.component.to_string().into(),
            memory_bytes: AtomicUsize::new(instance.memory_bytes()),
            service: Mutex::new(Service {
                instance: Some(instance),
                supervisor,
                unanswered: 0,
                last_fault: None,
            }),
            held: holds_answers.then(Mutex::default),
            deadly: Mutex::default(),
            owes: AtomicBool::new(false),
            forgiven: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            settled: AtomicBool::new(false),
            probing: AtomicBool::new(true),
            retired: AtomicBool::new(false),
            questions: AtomicU64::new(0),
            turns: Turns::default(),
            totals,
            faults: AtomicU64::new(0),
            runtime,
            file,
            fingerprint,
            compiled,
            info,
            grants,
            approximate_buckets,
            on_failure,
            export_terms,
            log,
        }
    }

    /// What it is for.
    pub fn world(&self) -> World {
        self.compiled.world
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    pub(crate) fn on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// The component's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Who the plugin is and how it does. Does not wait for a question in progress.
    pub fn info(&self) -> PluginInfo {
        PluginInfo {
            name: self.info.name.clone(),
            counted_as: self.counted_as.clone(),
            world: self.world(),
            version: self.info.version.clone(),
            description: self.info.description.clone(),
            config_schema: self.info.config_schema.clone(),
            digest: self.digest.clone(),
            file: self.file.clone(),
            compile_ms: self.compiled.compile_time.as_secs_f64() * 1e3,
            is_cached: self.compiled.is_cached,
            memory_bytes: self.memory_bytes.load(Ordering::Relaxed),
            memory_limit_bytes: self.grants.limits.memory_limit_bytes,
            generation: self.generation.load(Ordering::Relaxed),
            state: self.state(),
            stats: PluginStats {
                questions: self.questions.load(Ordering::Relaxed),
                faults: self.faults.load(Ordering::Relaxed),
                log_lines_dropped: self.log.dropped(),
            },
        }
    }

    /// What the plugin was last unable to do, if anything.
    pub fn last_failure(&self) -> Option<Failure> {
        self.lock().last_fault.clone().map(|refusal| self.failure(refusal))
    }

    pub(crate) fn failure(&self, refusal: Refusal) -> Failure {
        Failure::new(&self.identity(), &self.file, refusal)
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { name: self.info.name.clone(), version: Some(self.info.version.clone()) }
    }

    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    pub(crate) fn compiled(&self) -> &Arc<Compiled> {
        &self.compiled
    }

    /// It serves from now on, in this generation, which asks everything anew: so a plugin that waits to be started again
    /// gets its chance now. `settled` says that it served before.
    pub(crate) fn begin_generation(&self, number: u64, settled: bool) {
        self.forget_deadly();
        // Everything is asked anew.
        self.owes.store(false, Ordering::Relaxed);
        // No change in the directory waits for a question in progress: whoever comes next forgives.
        self.forgiven.store(true, Ordering::Release);
        drop(self.try_lock());
        self.generation.store(number, Ordering::Relaxed);
        self.settled.store(settled, Ordering::Relaxed);
        self.probing.store(false, Ordering::Relaxed);
        self.retired.store(false, Ordering::Relaxed);
    }

    /// Its probation is over.
    pub(crate) fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }

    /// It does not serve any more, unless it is taken back.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Why it should not stay, if it is a newcomer that left too many questions unanswered. One that has settled is never taken
    /// back: that would take others' changes back with it.
    pub(crate) fn gives_up(&self) -> Option<String> {
        if self.settled.load(Ordering::Relaxed) {
            return None;
        }
        // While it is asked nothing is decided yet.
        let service = self.try_lock()?;
        let is_over = matches!(service.supervisor.verdict(), Verdict::Quarantine)
            || service.unanswered >= self.runtime.config().traps_max;
        let reason = || service.last_fault.as_ref().map_or_else(String::new, |fault| fault.reason.clone());
        is_over.then(reason)
    }

    fn state(&self) -> PluginState {
        let is_retired = self.retired.load(Ordering::Relaxed);
        // A question in progress holds the lock, and then there is an instance.
        let Some(service) = self.try_lock() else {
            let is_probing = self.probing.load(Ordering::Relaxed);
            return match is_retired {
                true => PluginState::Draining,
                false if is_probing => PluginState::Probing,
                false => PluginState::Active,
            };
        };
        let reason = || service.last_fault.as_ref().map_or_else(String::new, |fault| fault.reason.clone());
        match (&service.instance, service.supervisor.verdict()) {
            _ if is_retired => PluginState::Retired,
            (None, Verdict::Quarantine) => PluginState::Quarantined { reason: reason() },
            (None, Verdict::Wait { .. }) => PluginState::Backoff { reason: reason() },
            (Some(_), _) if self.probing.load(Ordering::Relaxed) => PluginState::Probing,
            (Some(_), _) => PluginState::Active,
        }
    }

    /// Asks for an instrument's streams and checks the answer.
    pub(crate) fn ask_streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, Refusal> {
        let config = self.runtime.config();
        let question = lower_instrument(instrument, config.question_bytes_max)?;
        let answer = self.ask(|instance| instance.streams(&question))?;
        let checked = answer
            .map(|streams| check_streams(streams, config.answer, self.grants.limits.answer_bytes_max))
            .transpose();
        let mut streams = checked.map_err(|wrong| invalid("streams", &wrong))?;
        for stream in streams.iter_mut().flatten() {
            stream.approximate_buckets = self.approximate_buckets;
        }
        Ok(streams)
    }

    /// Asks what becomes of an attribute set and checks the answer.
    pub(crate) fn ask_map(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, Refusal> {
        let config = self.runtime.config();
        let question = lower_attributes(attributes, config.question_bytes_max)?;
        let answer = self.ask(|instance| instance.map_attributes(tag, &question))?;
        answer
            .map(|answer| {
                check_attributes(answer, attributes, config.answer, self.grants.limits.answer_bytes_max)
            })
            .transpose()
            .map_err(|wrong| invalid("map-attributes", &wrong))
    }

    /// Has a frame processed and checks what comes back.
    pub(crate) fn ask_process(&self, frame: &Frame) -> Result<Outcome, Refusal> {
        let question = lower(frame, self.grants.limits.frame_bytes_max)?;
        match self.ask(|instance| instance.process(&question))? {
            Ok(processors::Outcome::Unchanged) => Ok(Outcome::Unchanged),
            Ok(processors::Outcome::Dropped) => Ok(Outcome::Dropped),
            Ok(processors::Outcome::Replaced(answer)) => match lift(answer, frame) {
                Ok(mut returned) => {
                    self.totals.lost_entities(keep_entities(&mut returned, frame));
                    Ok(Outcome::Replaced(Box::new(returned)))
                }
                Err(wrong) => Err(invalid("process", &wrong)),
            },
            Err(types::Fault { reason }) => Err(self.gave_up("process", &reason)),
        }
    }

    /// A plugin's own reason, without its secrets.
    fn gave_up(&self, call: &str, reason: &str) -> Refusal {
        Refusal::new(
            FailureKind::Fault,
            format!("`{call}` gave up: {}", self.log.words(reason)),
            "see what the plugin's documentation says about it",
        )
    }

    /// Asks the instance, or a fresh one if the one before was lost and the supervisor allows another.
    fn ask<R>(&self, question: impl FnOnce(&mut Instance) -> Result<R, Refusal>) -> Result<R, Refusal> {
        let mut service = self.lock();
        let mut instance = match service.instance.take() {
            Some(instance) => instance,
            None if !service.supervisor.may_start(self.runtime.now()) => {
                self.owes.store(true, Ordering::Relaxed);
                return Err(service.resting());
            }
            None => match self.instantiate() {
                Ok(instance) => instance,
                Err(refusal) => return Err(self.lost(&mut service, refusal)),
            },
        };
        self.questions.fetch_add(1, Ordering::Relaxed);
        let asked = Instant::now();
        let answer = question(&mut instance);
        self.totals.called(asked.elapsed());
        match answer {
            Ok(answer) => {
                self.memory_bytes.store(instance.memory_bytes(), Ordering::Relaxed);
                service.instance = Some(instance);
                Ok(answer)
            }
            // Whatever went wrong in there, the instance is not entered again: it is dropped here.
            Err(refusal) => {
                self.memory_bytes.store(0, Ordering::Relaxed);
                Err(Refusal { ended_instance: true, ..self.lost(&mut service, refusal) })
            }
        }
    }

    /// Notes that an instance was lost, and why.
    fn lost(&self, service: &mut Service, refusal: Refusal) -> Refusal {
        service.unanswered = service.unanswered.saturating_add(1);
        service.last_fault = Some(refusal.clone());
        tracing::warn!(plugin = %self.label, reason = %refusal.reason, "plugin lost its instance");
        if service.supervisor.failed(self.runtime.now()) == Verdict::Quarantine {
            self.runtime.quarantine().add(&self.fingerprint, &refusal.reason);
            tracing::error!(plugin = %self.label, reason = %refusal.reason, "plugin quarantined: it failed too often in a row");
        }
        refusal
    }

    fn instantiate(&self) -> Result<Instance, Refusal> {
        let mut instance = Instance::new(&self.compiled.pre, self.compiled.world, &self.grants, &self.log)?;
        // The contract promises guests that `info` is called before `configure`; its answer is known.
        instance.info()?;
        configure(&mut instance, &self.log)?;
        self.hold_to_preference(&mut instance)?;
        Ok(instance)
    }

    fn lock(&self) -> MutexGuard<'_, Service> {
        // After a panic of the host in the middle of a question there is no instance, which is the safe state.
        self.begun(self.service.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// `None` while a question is in progress.
    fn try_lock(&self) -> Option<MutexGuard<'_, Service>> {
        match self.service.try_lock() {
            Ok(service) => Some(self.begun(service)),
            Err(TryLockError::Poisoned(service)) => Some(self.begun(service.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// With what a generation that began since has forgiven.
    fn begun<'a>(&self, mut service: MutexGuard<'a, Service>) -> MutexGuard<'a, Service> {
        if self.forgiven.swap(false, Ordering::AcqRel) {
            service.unanswered = 0;
            if service.supervisor.failures() > 0 {
                service.supervisor.forgive();
            }
        }
        service
    }

    /// Counts a question that got no answer.
    pub(crate) fn count_fault(&self, refusal: &Refusal) {
        self.faults.fetch_add(1, Ordering::Relaxed);
        self.runtime.counts().add(&self.counted_as, refusal.kind);
    }
}

impl Service {
    /// The quick answer of a plugin that is not asked now.
    fn resting(&mut self) -> Refusal {
        self.unanswered = self.unanswered.saturating_add(1);
        let failures = self.supervisor.failures();
        let what = match self.supervisor.verdict() {
            Verdict::Quarantine => "quarantined",
            Verdict::Wait { .. } => "waiting to be started again",
        };
        match &self.last_fault {
            Some(last) => Refusal::new(
                last.kind,
                format!("{what} after {failures} failures in a row, the last one: {}", last.reason),
                last.help.clone(),
            ),
            None => Refusal::new(
                FailureKind::Trap,
                format!("{what} after {failures} failures in a row"),
                "report it to the plugin's author",
            ),
        }
    }
}

/// Name and version, and the file where it does not follow from the name, so that labels are unique in a directory.
fn label(info: &Info, file: &Path) -> String {
    let Info { name, version, .. } = info;
    match file.file_stem() {
        Some(stem) if stem.as_encoded_bytes() == name.as_bytes() => format!("{name} {version}"),
        _ => {
            let file = file.file_name().map_or_else(String::new, |name| name.display().to_string());
            format!("{name} {version} ({file})")
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("label", &self.label)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
