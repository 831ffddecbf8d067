//! From a file to a plugin that answers: read, digest, settings, signature, contract, compile, instantiate, configure, probe.
//!
//! Each step refuses with a kind, a reason and what to do; the first refusal ends the way and nothing of the plugin
//! remains.

mod compile;
mod contract;
mod grants;
mod header;
mod probe;
mod probe_frame;
mod read;
mod references;
mod settings;
mod toml_json;

use std::path::Path;
use std::sync::Arc;

pub(crate) use compile::{Compiled, compile, link, shape};
pub(crate) use contract::CONTRACT;
pub(crate) use read::{Digest, Fingerprint, Source, read, read_with_signature};
pub(crate) use settings::Settings;

use crate::answer::{Info, check_info, check_problems, invalid};
use crate::failure::{Failure, FailureKind, Identity, Refusal};
use crate::grants::{Capability, check_needs, prepare, unused};
use crate::instance::{Grants, Instance};
use crate::log::PluginLog;
use crate::plugin::{ExportTerms, Parts, Plugin, ask_preference};
use crate::trust::check_signature;
use crate::wasi::Reactor;
use crate::world::World;
use crate::{PluginLimits, Runtime, RuntimeConfig};

/// Loads one component and the settings beside it.
pub(crate) fn load_file(runtime: &Arc<Runtime>, file: &Path) -> Result<Arc<Plugin>, Failure> {
    let mut identity = Identity::of_file(file);
    let source =
        read::read(file, runtime.config()).map_err(|refusal| Failure::new(&identity, file, refusal))?;
    let settings = Settings::of(&source).map_err(|refusal| Failure::new(&identity, file, refusal))?;
    load(runtime, &source, &settings, None, &mut identity)
        .map_err(|refusal| Failure::new(&identity, file, refusal))
}

/// Takes a component that was read through everything short of service. `compiled` is an earlier compilation of the
/// same bytes, if there is one. `identity` learns the plugin's own name as soon as the plugin said it.
pub(crate) fn load(
    runtime: &Arc<Runtime>,
    source: &Source,
    settings: &Settings,
    compiled: Option<Arc<Compiled>>,
    identity: &mut Identity,
) -> Result<Arc<Plugin>, Refusal> {
    let entry = runtime.registry().begin(&source.file);
    runtime.quarantine().check(&source.fingerprint)?;
    settings.check_pin(&source.fingerprint.component)?;
    check_signature(&runtime.config().trusted_keys, &source.bytes, source.signature.as_deref())?;
    let stack_bytes = settings.limits(runtime.config().limits).stack_bytes_max;
    let compiled = match compiled.filter(|compiled| compiled.has_stack(stack_bytes)) {
        Some(compiled) if compiled.is_linked_with(&settings.grants) => compiled,
        Some(compiled) => Arc::new(link(compiled.unlinked(), &settings.grants)?),
        None => Arc::new(link(compile(runtime, source, stack_bytes)?, &settings.grants)?),
    };
    let Introduced { mut instance, info, grants, log } = introduce(runtime, &compiled, settings, identity)?;
    check_needs(&compiled.imports, &info.capabilities, &settings.grants)?;
    let unused = unused(&compiled.imports, &info.capabilities, &settings.grants);
    for capability in unused.into_iter().filter(|unused| !is_referred_to(settings, *unused)) {
        tracing::warn!(plugin = %identity.name, %capability, "the plugin is granted what it does not need; take the grant out of its settings");
    }
    if compiled.world != World::Processor && settings.on_failure.is_some() {
        return Err(Refusal::new(
            FailureKind::BadSettings,
            format!("`on_failure` is for processors, and this is a {}", compiled.world),
            "take it out of the settings file beside the plugin",
        ));
    }
    if compiled.world != World::Exporter && settings.export_schedule.is_some() {
        return Err(Refusal::new(
            FailureKind::BadSettings,
            format!("`interval_ms` and `timeout_ms` are for exporters, and this is a {}", compiled.world),
            "take them out of the settings file beside the plugin",
        ));
    }
    configure(&mut instance, &log)?;
    let export_terms = match compiled.world {
        World::Exporter => Some(ExportTerms {
            preference: ask_preference(&mut instance, runtime.config().answer, &grants)?,
            schedule: settings.export_schedule.unwrap_or_default(),
        }),
        World::View | World::Observer | World::Processor => None,
    };
    let plugin = Arc::new(Plugin::new(Parts {
        runtime: runtime.clone(),
        file: source.file.clone(),
        fingerprint: source.fingerprint.clone(),
        compiled,
        info,
        grants,
        holds_answers: settings.holds_answers,
        approximate_buckets: settings.approximate_buckets,
        on_failure: settings.on_failure.unwrap_or_default(),
        export_terms,
        log,
        instance,
    }));
    entry.loaded(&plugin);
    probe::probe(&plugin)?;
    Ok(plugin)
}

/// True for secrets that the plugin gets by its configuration.
fn is_referred_to(settings: &Settings, capability: Capability) -> bool {
    capability == Capability::Secrets && settings.refers_to_secrets()
}

/// A plugin that said who it is.
pub(crate) struct Introduced {
    pub(crate) info: Info,
    instance: Instance,
    grants: Grants,
    log: Arc<PluginLog>,
}

/// What a plugin of this world may use.
pub(crate) fn limits_in(world: World, settings: &Settings, config: &RuntimeConfig) -> PluginLimits {
    let limits = settings.limits(config.limits);
    if world == World::View { limits } else { limits.for_frames() }
}

/// Makes an instance and asks it who it is.
pub(crate) fn introduce(
    runtime: &Runtime,
    compiled: &Compiled,
    settings: &Settings,
    identity: &mut Identity,
) -> Result<Introduced, Refusal> {
    let config = runtime.config();
    let limits = limits_in(compiled.world, settings, config);
    let reactor = compiled.has_wasi().then(Reactor::new).transpose().map_err(|error| {
        Refusal::new(
            FailureKind::Instantiate,
            format!("the host has no thread to wait on its behalf: {error}"),
            "check the limits of the host's process",
        )
    })?;
    let prepared = prepare(&settings.grants, limits.directory_bytes_max)?;
    let names = settings.grants.secrets.iter().map(|grant| grant.name.as_str());
    let secrets: Vec<_> = names.zip(prepared.secrets.iter().map(String::as_str)).collect();
    let grants = Grants {
        config: settings.config_json(&secrets)?.into(),
        limits,
        prepared: Arc::new(prepared),
        reactor: reactor.map(Arc::new),
    };
    let log = Arc::new(PluginLog::new(
        identity.name.clone(),
        config.log.clone(),
        runtime.clock_ticks().clone(),
        &grants.limits,
        grants.prepared.secrets.clone(),
    ));
    let mut instance = Instance::new(&compiled.pre, compiled.world, &grants, &log)?;
    let info = check_info(instance.info()?).map_err(|wrong| invalid("info", &wrong))?;
    identity.name = info.name.clone();
    identity.version = Some(info.version.clone());
    Ok(Introduced { info, instance, grants, log })
}

/// Hands a fresh instance its configuration.
pub(crate) fn configure(instance: &mut Instance, log: &PluginLog) -> Result<(), Refusal> {
    instance.configure()?.map_err(|problems| {
        Refusal::new(
            FailureKind::ConfigurationRefused,
            format!("it refuses its configuration: {}", log.mask(&check_problems(&problems))),
            "correct `[config]` in the plugin's settings file",
        )
    })
}
