//! Machine code kept on the disk, so that a component is compiled once and not at every start.
//!
//! Machine code runs with the host's own rights: who can have a file of theirs taken for an artefact owns the host. So an artefact
//! counts only if this host wrote it, for this component and this compiler. Three things see to that, each on its own:
//! the directory belongs to the host's user and nobody else may enter it ([`place`]); every artefact carries an
//! authentication code made with a key that lies there and was never anywhere else; and that code is over the component's digest
//! and the compiler's version and settings, too, so no artefact passes for another's. An artefact that is not right in
//! every way is nobody's fault: the component is compiled as if there were none.

mod place;

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::load::Digest;
use place::{KEY_BYTES, Place};

/// What an authentication code is over first, so that it can be taken for none of another purpose.
const PURPOSE: &[u8] = b"wasmeter compile cache 1\0";
/// How long an authentication code is, in bytes. It stands before the artefact.
const CODE_BYTES: usize = 32;

/// The artefacts of one directory.
pub(crate) struct CompileCache {
    place: Place,
    key: [u8; KEY_BYTES],
    /// Stands for the compiler's version and settings.
    compiler: u64,
}

impl CompileCache {
    /// Opens a directory, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// The directory cannot be used, or others than the host's user may enter it.
    pub(crate) fn open(directory: &Path, engine: &Engine) -> io::Result<Self> {
        let place = Place::open(directory)?;
        let key = place.key()?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { place, key, compiler: hasher.finish() })
    }

    /// The machine code of a component, if there is an artefact that this host made of it.
    pub(crate) fn get(&self, engine: &Engine, component: &Digest) -> Option<Component> {
        let file = self.place.read(&self.name(component))?;
        let (code, artefact) = file.split_at_checked(CODE_BYTES)?;
        self.code(component, artefact)?.verify_slice(code).ok()?;
        // SAFETY: `deserialize` asks for bytes that `serialize` of the same version of wasmtime returned. The authentication code
        // says that these are: it was made by `put`, from such bytes and for this component, with a key that only this host
        // has; and it is checked over the very bytes that are passed on, which nothing can change any more. That the
        // version and the settings of the compiler are the same is part of the code, and wasmtime checks it once more.
        let component = unsafe { Component::deserialize(engine, artefact) };
        component
            .inspect_err(|error| tracing::warn!(%error, "an artefact of the compile cache is of no use"))
            .ok()
    }

    /// Keeps a component's machine code. That it cannot be kept costs time at the next start, and nothing else.
    pub(crate) fn put(&self, component: &Digest, compiled: &Component) {
        let kept = compiled.serialize().map_err(|error| error.to_string()).and_then(|artefact| {
            let code = self.code(component, &artefact).ok_or("the key is of no use")?;
            let mut file = code.finalize().into_bytes().to_vec();
            file.extend_from_slice(&artefact);
            self.place.write(&self.name(component), &file).map_err(|error| error.to_string())
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "the compile cache could not keep an artefact");
        }
    }

    fn name(&self, component: &Digest) -> String {
        format!("{}-{:016x}", component.hex(), self.compiler)
    }

    /// The authentication code of an artefact. Every part before the last is of fixed length, so no two inputs are alike.
    fn code(&self, component: &Digest, artefact: &[u8]) -> Option<Hmac<Sha256>> {
        let code = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        let compiler = self.compiler.to_le_bytes();
        Some(
            code.chain_update(PURPOSE)
                .chain_update(component.bytes())
                .chain_update(compiler)
                .chain_update(artefact),
        )
    }
}

impl fmt::Debug for CompileCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompileCache").field("place", &self.place).finish_non_exhaustive()
    }
}
