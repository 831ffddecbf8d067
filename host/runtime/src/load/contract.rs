//! Whether a component is what this host runs: its imports among those there are, its exports those of one world, both of a
//! version this host has. Decided from the component's type, before any of its code runs.

use semver::Version;
use wasmtime::Engine;
use wasmtime::component::types::{Component, ComponentItem};

use crate::failure::{FailureKind, Refusal, clean, list};
use crate::inspect::Shape;
use crate::instance::mismatch;
use crate::wasi::{Offer, offer};
use crate::world::World;

const PACKAGE: &str = "wasmeter:plugin";
/// The version of the contract this host was built with.
pub(crate) const CONTRACT: Version = Version::new(0, 1, 0);
/// The interfaces of the package a component may import.
const OFFERED: [&str; 3] = ["host", "types", "frames"];
/// The interface that plugins of every world export.
const LIFECYCLE: &str = "lifecycle";

/// Which world a component is of. Refuses one with an import that nobody can grant, or without the exports of a world.
pub(super) fn check_contract(engine: &Engine, component: &Component) -> Result<World, Refusal> {
    for (import, item) in component.imports(engine) {
        check_import(engine, import, &item.ty)?;
    }
    let exports: Vec<&str> = component.exports(engine).map(|(name, _)| name).collect();
    let world = world_of(&exports)?;
    [LIFECYCLE, world.interface()].iter().try_for_each(|wanted| check_export(world, wanted, &exports))?;
    Ok(world)
}

/// Whether one of the exports is this interface of the contract, in whatever version.
fn has_interface(exports: &[&str], interface: &str) -> bool {
    exports.iter().any(|export| {
        let name = Interface::parse(export);
        name.package == PACKAGE && name.interface == interface
    })
}

fn world_of(exports: &[&str]) -> Result<World, Refusal> {
    let mut worlds = World::ALL.into_iter().filter(|world| has_interface(exports, world.interface()));
    match (worlds.next(), worlds.next()) {
        (Some(world), None) => Ok(world),
        (None, _) => {
            let one_of = list(World::ALL.map(|world| format!("{PACKAGE}/{}@{CONTRACT}", world.interface())));
            Err(Refusal::new(
                FailureKind::WrongWorld,
                format!("it exports {}, and a plugin exports one of {one_of}", list(exports)),
                format!(
                    "build the plugin for one of the worlds {} of version {CONTRACT} of the plugin contract",
                    list(World::ALL.map(World::name))
                ),
            ))
        }
        (Some(one), Some(other)) => Err(Refusal::new(
            FailureKind::WrongWorld,
            format!("it is of the worlds `{one}` and `{other}`, and a plugin is of one"),
            "make two plugins of it",
        )),
    }
}

/// What a component asks for and offers, whatever it is. The world goes by the interface of the contract it exports beside
/// `lifecycle`, which has the world's name in the plural.
pub(super) fn describe(engine: &Engine, component: &Component) -> Shape {
    let mut shape = Shape::default();
    for (export, _) in component.exports(engine) {
        let name = Interface::parse(export);
        if name.package == PACKAGE {
            shape.contract = name.version.map(|version| version.to_string()).or(shape.contract);
            if name.interface != LIFECYCLE {
                shape.world = name.interface.strip_suffix('s').map(|world| clean(world, 64));
            }
        }
    }
    shape.imports = imports(engine, component).map(|import| clean(import, 200)).collect();
    shape
}

/// What a component imports, types aside.
pub(super) fn imports<'a>(engine: &'a Engine, component: &'a Component) -> impl Iterator<Item = &'a str> {
    component.imports(engine).filter(|(_, item)| has_functions(engine, &item.ty)).map(|(import, _)| import)
}

/// Whether an import is more than types.
fn has_functions(engine: &Engine, item: &ComponentItem) -> bool {
    match item {
        ComponentItem::Type(_) => false,
        ComponentItem::ComponentInstance(instance) => {
            instance.exports(engine).any(|(_, item)| !matches!(item.ty, ComponentItem::Type(_)))
        }
        _ => true,
    }
}

/// Why a component that passed [`check_contract`] does not link: it was built against a later version of the contract
/// whose additions it uses, or against something else under the same name.
pub(super) fn explain_mismatch(engine: &Engine, component: &Component, error: &wasmtime::Error) -> Refusal {
    let names = component.imports(engine).chain(component.exports(engine)).map(|(name, _)| name);
    let mut later = names.filter_map(|name| {
        let parsed = Interface::parse(name);
        let version = parsed.version.filter(|version| parsed.package == PACKAGE && *version > CONTRACT)?;
        Some((name, version))
    });
    match later.next() {
        Some((name, version)) => too_new(name, &version),
        None => mismatch(error),
    }
}

fn check_import(engine: &Engine, import: &str, item: &ComponentItem) -> Result<(), Refusal> {
    // A type is not code; components without interfaces may import their types by name.
    if matches!(item, ComponentItem::Type(_)) {
        return Ok(());
    }
    let name = Interface::parse(import);
    if name.package == PACKAGE {
        if OFFERED.contains(&name.interface) {
            return check_version(import, name.version.as_ref());
        }
        if let Some(version) = name.version.as_ref().filter(|&version| newer(version)) {
            return Err(too_new(import, version));
        }
        return Err(forbidden(
            import,
            format!("build the plugin against version {CONTRACT} of the plugin contract"),
        ));
    }
    if name.package.starts_with("wasi:") {
        return match offer(import) {
            _ if !has_functions(engine, item) => Ok(()),
            Offer::Free | Offer::Granted(_) => Ok(()),
            Offer::Never => Err(forbidden(
                import,
                "build the plugin for WASI 0.2 without it, for wasm32-unknown-unknown, or stub WASI out (componentize-py \
                 `--stub-wasi`, componentize-js `--disable all`)"
                    .to_owned(),
            )),
        };
    }
    Err(forbidden(import, format!("a plugin may import `{PACKAGE}/host@{CONTRACT}` only")))
}

fn check_export(world: World, wanted: &str, exports: &[&str]) -> Result<(), Refusal> {
    let found: Vec<&str> = exports
        .iter()
        .copied()
        .filter(|export| {
            let name = Interface::parse(export);
            name.package == PACKAGE && name.interface == wanted
        })
        .collect();
    let versions = || found.iter().filter_map(|export| Interface::parse(export).version);
    if versions().any(|version| compatible(&version)) {
        return Ok(());
    }
    if let Some(version) = versions().find(newer) {
        return Err(too_new(&format!("{PACKAGE}/{wanted}@{version}"), &version));
    }
    Err(Refusal::new(
        FailureKind::WrongWorld,
        format!("it exports {}, and a {world} exports `{PACKAGE}/{wanted}@{CONTRACT}`", list(exports)),
        format!("build the plugin for the world `{world}` of version {CONTRACT} of the plugin contract"),
    ))
}

fn check_version(import: &str, version: Option<&Version>) -> Result<(), Refusal> {
    match version {
        Some(version) if compatible(version) => Ok(()),
        Some(version) if newer(version) => Err(too_new(import, version)),
        _ => Err(Refusal::new(
            FailureKind::WrongWorld,
            format!("it imports `{import}`, and this host has version {CONTRACT}"),
            format!("build the plugin against version {CONTRACT} of the plugin contract"),
        )),
    }
}

fn newer(version: &Version) -> bool {
    !compatible(version) && *version > CONTRACT
}

/// Whether the linker takes one for the other: equal up to the first number that is not 0, and no pre-release.
fn compatible(version: &Version) -> bool {
    version.pre.is_empty() && version.major == CONTRACT.major && version.minor == CONTRACT.minor
}

fn too_new(found: &str, version: &Version) -> Refusal {
    Refusal::new(
        FailureKind::TooNew,
        format!("it needs `{found}`, and this host has version {CONTRACT} of the plugin contract"),
        format!(
            "use a newer host, or build the plugin against version {CONTRACT} instead of {version} of the contract"
        ),
    )
}

fn forbidden(import: &str, help: String) -> Refusal {
    Refusal::new(
        FailureKind::ForbiddenImport,
        format!("it imports `{}`, which this host does not offer", clean(import, 200)),
        help,
    )
}

/// A name such as `wasmeter:plugin/views@0.1.0`; parts that are not there are empty.
struct Interface<'a> {
    package: &'a str,
    interface: &'a str,
    version: Option<Version>,
}

impl<'a> Interface<'a> {
    fn parse(name: &'a str) -> Self {
        let (name, version) =
            name.split_once('@').map_or((name, None), |(name, version)| (name, Version::parse(version).ok()));
        let (package, interface) = name.split_once('/').unwrap_or((name, ""));
        Self { package, interface, version }
    }
}
