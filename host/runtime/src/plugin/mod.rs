//! A plugin in service: one instance, replaced after a trap, asked through the engine's [`View`] trait.

mod state;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmeter_engine::{View, ViewFault};
use wasmeter_model::{Attributes, Instrument, StreamSpec};

use crate::Runtime;
use crate::answer::{Info, check_attributes, check_streams, invalid, lower_attributes, lower_instrument};
use crate::failure::{Failure, Identity, Refusal};
use crate::instance::{Grants, Instance};
use crate::load::{Compiled, Fingerprint, configure};
use crate::log::PluginLog;
pub use state::{PluginInfo, PluginState, PluginStats};

/// What a plugin is made of.
pub(crate) struct Parts {
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) file: PathBuf,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) info: Info,
    pub(crate) grants: Grants,
    pub(crate) log: Arc<PluginLog>,
    /// Instantiated and configured.
    pub(crate) instance: Instance,
}

/// A loaded plugin. Answers one question at a time; callers wait for each other.
pub struct Plugin {
    runtime: Arc<Runtime>,
    file: PathBuf,
    label: String,
    fingerprint: Fingerprint,
    digest: Arc<str>,
    compiled: Arc<Compiled>,
    info: Info,
    grants: Grants,
    log: Arc<PluginLog>,
    service: Mutex<Service>,
    questions: AtomicU64,
    faults: AtomicU64,
    memory_bytes: AtomicUsize,
}

/// What changes while a plugin is in service.
struct Service {
    /// `None` after a trap, until the next question.
    instance: Option<Instance>,
    /// Instances lost in this generation.
    traps: u32,
    last_fault: Option<Refusal>,
}

impl Plugin {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { runtime, file, fingerprint, compiled, info, grants, log, instance } = parts;
        Self {
            label: label(&info, &file),
            digest: fingerprint.component.to_string().into(),
            memory_bytes: AtomicUsize::new(instance.memory_bytes()),
            service: Mutex::new(Service { instance: Some(instance), traps: 0, last_fault: None }),
            questions: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            runtime,
            file,
            fingerprint,
            compiled,
            info,
            grants,
            log,
        }
    }

    /// The component's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Who the plugin is and how it does. Does not wait for a question in progress.
    pub fn info(&self) -> PluginInfo {
        PluginInfo {
            name: self.info.name.clone(),
            version: self.info.version.clone(),
            description: self.info.description.clone(),
            config_schema: self.info.config_schema.clone(),
            digest: self.digest.clone(),
            file: self.file.clone(),
            compile_ms: self.compiled.compile_time.as_secs_f64() * 1e3,
            memory_bytes: self.memory_bytes.load(Ordering::Relaxed),
            memory_limit_bytes: self.grants.memory_limit_bytes,
            state: self.state(),
            stats: PluginStats {
                questions: self.questions.load(Ordering::Relaxed),
                faults: self.faults.load(Ordering::Relaxed),
                log_lines_dropped: self.log.dropped(),
            },
        }
    }

    /// What the plugin was last unable to do in this generation, if anything.
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

    /// A new generation asks everything anew, so a plugin that was stopped gets another chance.
    pub(crate) fn begin_generation(&self) {
        let mut service = self.lock();
        service.traps = 0;
        service.last_fault = None;
    }

    fn state(&self) -> PluginState {
        // A question in progress holds the lock, and then there is an instance.
        let Ok(service) = self.service.try_lock() else { return PluginState::Ready };
        match (&service.instance, &service.last_fault) {
            (Some(_), _) => PluginState::Ready,
            (None, fault) => {
                let reason = fault.as_ref().map_or_else(String::new, |refusal| refusal.reason.clone());
                if service.traps >= self.runtime.config().traps_max {
                    PluginState::Stopped { reason }
                } else {
                    PluginState::Restarting { reason }
                }
            }
        }
    }

    /// Asks for an instrument's streams and checks the answer.
    pub(crate) fn ask_streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, Refusal> {
        let config = self.runtime.config();
        let question = lower_instrument(instrument, config.question_bytes_max)?;
        let answer = self.ask(|instance| instance.streams(&question))?;
        answer
            .map(|streams| check_streams(streams, config.answer))
            .transpose()
            .map_err(|wrong| invalid("streams", &wrong))
    }

    /// Asks what becomes of an attribute set and checks the answer.
    pub(crate) fn ask_map(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, Refusal> {
        let config = self.runtime.config();
        let question = lower_attributes(attributes, config.question_bytes_max)?;
        let answer = self.ask(|instance| instance.map_attributes(tag, &question))?;
        answer
            .map(|answer| check_attributes(answer, attributes, config.answer))
            .transpose()
            .map_err(|wrong| invalid("map-attributes", &wrong))
    }

    /// Asks the instance, or a fresh one after a trap; a plugin that trapped too often is not asked any more.
    fn ask<R>(&self, question: impl FnOnce(&mut Instance) -> Result<R, Refusal>) -> Result<R, Refusal> {
        let mut service = self.lock();
        let traps_max = self.runtime.config().traps_max;
        let mut instance = match service.instance.take() {
            Some(instance) => instance,
            None if service.traps >= traps_max => return Err(stopped(&service, traps_max)),
            None => match self.instantiate() {
                Ok(instance) => instance,
                Err(refusal) => return Err(service.lost(refusal)),
            },
        };
        self.questions.fetch_add(1, Ordering::Relaxed);
        match question(&mut instance) {
            Ok(answer) => {
                self.memory_bytes.store(instance.memory_bytes(), Ordering::Relaxed);
                service.instance = Some(instance);
                Ok(answer)
            }
            // Whatever went wrong in there, the instance is not entered again: it is dropped here.
            Err(refusal) => {
                self.memory_bytes.store(0, Ordering::Relaxed);
                Err(service.lost(refusal))
            }
        }
    }

    fn instantiate(&self) -> Result<Instance, Refusal> {
        let mut instance = Instance::new(&self.compiled.pre, &self.grants, &self.log)?;
        // The contract promises guests that `info` is called before `configure`; its answer is known.
        instance.info()?;
        configure(&mut instance)?;
        Ok(instance)
    }

    fn lock(&self) -> MutexGuard<'_, Service> {
        // After a panic of the host in the middle of a question there is no instance, which is the safe state.
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a question that got no answer, and words it for the engine.
    fn fault(&self, refusal: Refusal) -> ViewFault {
        self.faults.fetch_add(1, Ordering::Relaxed);
        self.runtime.counts().add(&self.info.name, refusal.kind);
        ViewFault { view: self.label.as_str().into(), reason: refusal.to_string() }
    }
}

impl Service {
    /// Notes that an instance was lost, and why.
    fn lost(&mut self, refusal: Refusal) -> Refusal {
        self.traps = self.traps.saturating_add(1);
        self.last_fault = Some(refusal.clone());
        refusal
    }
}

/// The quick answer of a plugin that is not asked any more.
fn stopped(service: &Service, traps_max: u32) -> Refusal {
    match &service.last_fault {
        Some(last) => Refusal::new(
            last.kind,
            format!("stopped after {traps_max} failures in this generation, the last one: {}", last.reason),
            last.help.clone(),
        ),
        None => Refusal::new(
            crate::FailureKind::Trap,
            format!("stopped after {traps_max} failures in this generation"),
            "report it to the plugin's author",
        ),
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

impl View for Plugin {
    fn name(&self) -> &str {
        &self.label
    }

    fn streams(&self, instrument: &Instrument) -> Result<Option<Vec<StreamSpec>>, ViewFault> {
        self.ask_streams(instrument).map_err(|refusal| self.fault(refusal))
    }

    fn map_attributes(&self, tag: u32, attributes: &Attributes) -> Result<Option<Attributes>, ViewFault> {
        self.ask_map(tag, attributes).map_err(|refusal| self.fault(refusal))
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
