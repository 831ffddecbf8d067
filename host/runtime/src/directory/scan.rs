//! One look at the folder: what is there, what of it is new, and what becomes of that.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::slot::Mark;
use super::{Contents, Generation};
use crate::Runtime;
use crate::config::RuntimeConfig;
use crate::failure::{DIRECTORY, Failure, FailureKind, Identity, Refusal};
use crate::load::{Settings, Source, load, read};
use crate::plugin::Plugin;

/// What a rescan found and did.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The new generation; `None` if the plugins in service stay as they are.
    pub generation: Option<Arc<Generation>>,
    /// Plugins of files that had none in service.
    pub added: Vec<Arc<Plugin>>,
    /// Plugins whose file or settings changed.
    pub swapped: Vec<Swap>,
    /// Plugins whose file is gone or disabled.
    pub removed: Vec<Arc<Plugin>>,
    /// Plugins that serve on, with the instance they have.
    pub kept: Vec<Arc<Plugin>>,
    /// What could not be put to work, newly in this scan.
    pub failures: Vec<Failure>,
}

impl Scan {
    /// Logs what came and went, and hands each failure to `failed`.
    pub fn tell(&self, mut failed: impl FnMut(&Failure)) {
        for plugin in &self.added {
            let info = plugin.info();
            tracing::info!(plugin = %info.name, version = %info.version, compile_ms = info.compile_ms, "plugin loaded");
        }
        for swap in &self.swapped {
            let (from, to) = (swap.from.info(), swap.to.info());
            tracing::info!(plugin = %to.name, from = %from.version, to = %to.version, "plugin replaced");
        }
        for plugin in &self.removed {
            tracing::info!(plugin = %plugin.info().name, "plugin removed");
        }
        self.failures.iter().for_each(&mut failed);
    }
}

/// One plugin in place of another, from the same file.
#[derive(Clone, Debug)]
pub struct Swap {
    /// The plugin that served.
    pub from: Arc<Plugin>,
    /// The plugin that serves.
    pub to: Arc<Plugin>,
}

/// What is to become of a file's place.
enum Outcome {
    Serve(Arc<Plugin>),
    Vacate,
    Fail(Mark, Box<Failure>),
}

/// A file that was read or could not be.
type Found = (OsString, Mark, Option<Source>);

pub(super) fn scan(
    contents: &mut Contents,
    path: &Path,
    runtime: &Arc<Runtime>,
    current: &Generation,
) -> Scan {
    let mut scan = Scan::default();
    let names = match list(path) {
        Ok(names) => names,
        Err(failure) => {
            // A folder in the middle of being replaced is no reason to stop what runs.
            if contents.unreadable.as_ref() != Some(&failure) {
                scan.failures.push(failure.clone());
            }
            contents.unreadable = Some(failure);
            scan.kept = current.plugins().to_vec();
            return scan;
        }
    };
    contents.unreadable = None;
    let found = look(contents, path, names, runtime.config());
    let outcomes = decide(contents, runtime, path, found);
    if outcomes.iter().any(|(_, outcome)| !matches!(outcome, Outcome::Fail(..))) {
        contents.slots.values_mut().for_each(super::Slot::settle);
    }
    let mut changed = false;
    for (name, outcome) in outcomes {
        let slot = contents.slots.entry(name).or_default();
        match outcome {
            Outcome::Fail(mark, failure) => {
                scan.failures.push(failure.as_ref().clone());
                slot.fail(mark, *failure);
            }
            Outcome::Serve(plugin) => {
                match slot.serving() {
                    Some(from) => scan.swapped.push(Swap { from: from.clone(), to: plugin.clone() }),
                    None => scan.added.push(plugin.clone()),
                }
                slot.replace(Some(plugin));
                changed = true;
            }
            Outcome::Vacate => {
                scan.removed.extend(slot.serving().cloned());
                slot.replace(None);
                changed = true;
            }
        }
    }
    contents.slots.retain(|_, slot| !slot.vacant());
    let kept = |plugin: &&Arc<Plugin>| current.plugins().iter().any(|before| Arc::ptr_eq(before, plugin));
    scan.kept = contents.slots.values().filter_map(super::Slot::serving).filter(kept).cloned().collect();
    if changed {
        scan.generation = Some(contents.next_generation());
    }
    scan
}

/// The components of the folder: regular names ending in `.wasm`. Hidden files are someone's half-written ones.
fn list(path: &Path) -> Result<Vec<OsString>, Failure> {
    let mut names = Vec::new();
    let entries = std::fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let entries = entries.map_err(|error| {
        let identity = Identity { name: DIRECTORY.into(), version: None };
        let refusal = Refusal::new(
            FailureKind::Unreadable,
            format!("the plugin directory could not be read: {error}"),
            "create it, or correct its path or permissions; plugins in service stay there",
        );
        Failure::new(&identity, path, refusal)
    })?;
    for entry in entries {
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        if !hidden && Path::new(&name).extension().is_some_and(|extension| extension == "wasm") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Reads all files, and keeps the content of those that may be new.
fn look(contents: &mut Contents, path: &Path, names: Vec<OsString>, config: &RuntimeConfig) -> Vec<Found> {
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let (mark, source) = match read(&path.join(&name), config) {
            Ok(source) => (Mark::Read(source.fingerprint.clone()), Some(source)),
            // Gone since the folder was listed.
            Err(refusal) if refusal.kind == FailureKind::Unreadable && !path.join(&name).exists() => continue,
            Err(refusal) => (Mark::Unreadable(refusal), None),
        };
        let new = contents.slots.get(&name).is_none_or(|slot| slot.wants(&mark, true));
        found.push((name, mark, source.filter(|_| new)));
    }
    for (name, slot) in &mut contents.slots {
        match found.iter().find(|(found, ..)| found == name) {
            Some((_, mark, _)) => slot.found(mark),
            None => slot.found(&Mark::Absent),
        }
    }
    let absent: Vec<OsString> = contents
        .slots
        .keys()
        .filter(|name| !found.iter().any(|(found, ..)| found == *name))
        .cloned()
        .collect();
    found.extend(absent.into_iter().map(|name| (name, Mark::Absent, None)));
    found
}

/// Loads what is new. Nothing of the folder's state changes yet, but for what was seen.
fn decide(
    contents: &mut Contents,
    runtime: &Arc<Runtime>,
    path: &Path,
    found: Vec<Found>,
) -> Vec<(OsString, Outcome)> {
    let seen: BTreeMap<OsString, Mark> =
        found.iter().map(|(name, mark, _)| (name.clone(), mark.clone())).collect();
    let retry_held = seen != contents.seen;
    contents.seen = seen;
    let mut outcomes = Vec::new();
    for (name, mark, source) in found {
        let slot = contents.slots.get(&name);
        let serving = slot.and_then(super::Slot::serving);
        if slot.is_some_and(|slot| !slot.wants(&mark, retry_held)) {
            continue;
        }
        let outcome = match (mark, source) {
            (mark @ Mark::Read(_), Some(source)) => match attempt(runtime, &source, serving) {
                Ok(Some(plugin)) => Outcome::Serve(plugin),
                Ok(None) if serving.is_some() => Outcome::Vacate,
                Ok(None) => continue,
                Err(failure) => Outcome::Fail(mark, Box::new(failure)),
            },
            (Mark::Unreadable(refusal), _) => {
                let file = path.join(&name);
                let failure = Failure::new(&Identity::of_file(&file), &file, refusal.clone());
                Outcome::Fail(Mark::Unreadable(refusal), Box::new(failure))
            }
            (Mark::Absent, _) if serving.is_some() => Outcome::Vacate,
            (Mark::Absent | Mark::Read(_), _) => continue,
        };
        outcomes.push((name, outcome));
    }
    outcomes
}

/// Takes a component to where it can serve; `None` if its settings say that it shall not.
fn attempt(
    runtime: &Arc<Runtime>,
    source: &Source,
    serving: Option<&Arc<Plugin>>,
) -> Result<Option<Arc<Plugin>>, Failure> {
    let mut identity = Identity::of_file(&source.file);
    let mut attempt = || {
        let settings = Settings::of(source)?;
        if !settings.enabled {
            return Ok(None);
        }
        // Where only the settings changed, the code is already there.
        let compiled = serving
            .filter(|plugin| plugin.fingerprint().component == source.fingerprint.component)
            .map(|plugin| plugin.compiled().clone());
        load(runtime, source, &settings, compiled, &mut identity).map(Some)
    };
    attempt().map_err(|refusal| Failure::new(&identity, &source.file, refusal))
}
