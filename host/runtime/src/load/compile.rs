//! From bytes to machine code, linked against what is granted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::{Component, InstancePre};

use super::contract::{check_contract, describe, explain_mismatch, imports};
use super::header::check_header;
use super::read::Source;
use crate::Runtime;
use crate::bindings::exporter::ExporterPre;
use crate::bindings::observer::ObserverPre;
use crate::bindings::processor::ProcessorPre;
use crate::bindings::view::ViewPre;
use crate::engines::Workshop;
use crate::failure::{FailureKind, Refusal, clean};
use crate::grants::{Capability, Grants, check_needs};
use crate::inspect::Shape;
use crate::instance::HostState;
use crate::wasi;
use crate::world::World;

/// A compiled component, ready for any number of instances.
pub(crate) struct Compiled {
    workshop: Arc<Workshop>,
    pub(crate) pre: InstancePre<HostState>,
    pub(crate) world: World,
    /// What it imports, types aside.
    pub(crate) imports: Vec<String>,
    component: Component,
    /// What it was linked with.
    granted: Vec<Capability>,
    /// How long the compiler took.
    pub(crate) compile_time: Duration,
    /// Whether its machine code was there already.
    pub(crate) is_cached: bool,
}

/// A component in machine code, which may import and export anything.
pub(crate) struct Unlinked {
    workshop: Arc<Workshop>,
    component: Component,
    compile_time: Duration,
    is_cached: bool,
}

impl Compiled {
    /// Whether it was linked with just these grants.
    pub(crate) fn is_linked_with(&self, grants: &Grants) -> bool {
        grants.capabilities().eq(self.granted.iter().copied())
    }

    /// Whether it was compiled for a stack of this size.
    pub(crate) fn has_stack(&self, bytes: usize) -> bool {
        self.workshop.is_for(bytes)
    }

    /// The same machine code, to be linked anew.
    pub(crate) fn unlinked(&self) -> Unlinked {
        let Self { workshop, component, compile_time, is_cached, .. } = self;
        Unlinked {
            workshop: workshop.clone(),
            component: component.clone(),
            compile_time: *compile_time,
            is_cached: *is_cached,
        }
    }

    /// Whether it imports anything of WASI.
    pub(crate) fn has_wasi(&self) -> bool {
        self.imports.iter().any(|import| wasi::offer(import) != wasi::Offer::Never)
    }
}

/// What a component asks for and offers.
pub(crate) fn shape(unlinked: &Unlinked) -> Shape {
    describe(&unlinked.workshop.engine, &unlinked.component.component_type())
}

/// Compiles a component for a stack of this size, or takes what was compiled of it before.
pub(crate) fn compile(runtime: &Runtime, source: &Source, stack_bytes: usize) -> Result<Unlinked, Refusal> {
    check_header(&source.bytes)?;
    let workshop = runtime.workshop(stack_bytes).map_err(|error| {
        Refusal::new(
            FailureKind::Compile,
            format!("there is no compiler for a stack of its size: {}", reason(&error)),
            "check that the host has memory left, or change `stack_bytes_max`",
        )
    })?;
    let engine = &workshop.engine;
    let digest = &source.fingerprint.component;
    let cached = |workshop: &Arc<Workshop>| {
        let started = Instant::now();
        let component = runtime.cache()?.get(&workshop.engine, digest)?;
        let workshop = workshop.clone();
        Some(Unlinked { workshop, component, compile_time: started.elapsed(), is_cached: true })
    };
    if let Some(unlinked) = cached(&workshop) {
        return Ok(unlinked);
    }
    let _turn = runtime.turn_at_the_compiler();
    // Whoever had the turn before may have compiled the same.
    if let Some(unlinked) = cached(&workshop) {
        return Ok(unlinked);
    }
    let started = Instant::now();
    let bytes = source.bytes.as_slice();
    // The compiler is not meant to panic. If it does, a plugin's bytes must not take the host down.
    let component = catch_unwind(AssertUnwindSafe(|| Component::from_binary(engine, bytes)))
        .map_err(|_| {
            Refusal::new(
                FailureKind::Compile,
                "the compiler failed on it",
                "report it with the component: this is a fault of the host, not of the plugin",
            )
        })?
        .map_err(|error| {
            Refusal::new(
                FailureKind::Compile,
                format!("it is not a valid component: {}", reason(&error)),
                "build it again with current tools",
            )
        })?;
    let compile_time = started.elapsed();
    if let Some(cache) = runtime.cache() {
        cache.put(digest, &component);
    }
    Ok(Unlinked { workshop, component, compile_time, is_cached: false })
}

/// Checks that a component is of a world this host knows, and links it with what it is granted.
pub(crate) fn link(unlinked: Unlinked, grants: &Grants) -> Result<Compiled, Refusal> {
    let Unlinked { workshop, component, compile_time, is_cached } = unlinked;
    let component_type = component.component_type();
    let world = check_contract(&workshop.engine, &component_type)?;
    let imports: Vec<String> = imports(&workshop.engine, &component_type).map(str::to_owned).collect();
    check_needs(&imports, &[], grants)?;
    let mut linker = workshop.linker.clone();
    let pre = wasi::add_to_linker(&mut linker, &imports, grants)
        .and_then(|()| linker.instantiate_pre(&component))
        .and_then(|pre| {
            match world {
                World::View => drop(ViewPre::new(pre.clone())?),
                World::Observer => drop(ObserverPre::new(pre.clone())?),
                World::Processor => drop(ProcessorPre::new(pre.clone())?),
                World::Exporter => drop(ExporterPre::new(pre.clone())?),
            }
            Ok(pre)
        })
        .map_err(|error| explain_mismatch(&workshop.engine, &component_type, &error))?;
    // Otherwise the first instantiation would pay for it.
    component.initialize_copy_on_write_image().map_err(|error| {
        Refusal::new(
            FailureKind::Instantiate,
            format!("its memory could not be prepared: {}", reason(&error)),
            "check that the host has memory left",
        )
    })?;
    let granted = grants.capabilities().collect();
    Ok(Compiled { workshop, pre, world, imports, component, granted, compile_time, is_cached })
}

/// The error and its causes on one line.
fn reason(error: &wasmtime::Error) -> String {
    clean(&format!("{error:#}"), 400)
}
