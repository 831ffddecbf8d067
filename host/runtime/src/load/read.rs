//! Reads a component and the settings beside it, and says by digest whether they changed.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::config::RuntimeConfig;
use crate::failure::{FailureKind, Refusal, bytes};

/// The largest settings file; configuration is written by people.
const SETTINGS_BYTES_MAX: u64 = 1 << 20;
/// The largest signature file: four lines, of which people write two.
const SIGNATURE_BYTES_MAX: u64 = 16 << 10;

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hexadecimal digits alone.
    pub(crate) fn hex(&self) -> String {
        self.to_string().split_off("sha256:".len())
    }

    /// A number that unlike digests have unlike.
    pub(crate) fn seed(&self) -> u64 {
        self.0.iter().take(8).fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a plugin was made of: two plugins with equal fingerprints behave alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) component: Digest,
    /// `None` without a settings file.
    pub(crate) settings: Option<Digest>,
    /// `None` without a signature file, and where signatures are not looked at.
    pub(crate) signature: Option<Digest>,
}

impl Fingerprint {
    /// Whether the same code runs under the same settings; who signed it makes no difference to that.
    pub(crate) fn is_same_build(&self, other: &Self) -> bool {
        self.component == other.component && self.settings == other.settings
    }
}

/// A component as read from the disk.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: PathBuf,
    pub(crate) bytes: Vec<u8>,
    /// The settings file's name and content.
    pub(crate) settings: Option<(PathBuf, Vec<u8>)>,
    /// The signature file's content, where signatures are looked at.
    pub(crate) signature: Option<Vec<u8>>,
    pub(crate) fingerprint: Fingerprint,
}

/// Reads a component, the `NAME.toml` beside it and, if signatures count, the `NAME.wasm.minisig`.
pub(crate) fn read(file: &Path, config: &RuntimeConfig) -> Result<Source, Refusal> {
    read_with(file, config, !config.trusted_keys.is_empty())
}

/// The same, with the signature in any case.
pub(crate) fn read_with_signature(file: &Path, config: &RuntimeConfig) -> Result<Source, Refusal> {
    read_with(file, config, true)
}

fn read_with(file: &Path, config: &RuntimeConfig, signed: bool) -> Result<Source, Refusal> {
    let bytes = read_bounded(file, config.component_bytes_max)?
        .ok_or_else(|| Refusal::new(FailureKind::Unreadable, "there is no such file", "check the path"))?;
    let settings_file = file.with_extension("toml");
    let settings = read_bounded(&settings_file, SETTINGS_BYTES_MAX)?;
    let signature = if signed { read_bounded(&signature_file(file), SIGNATURE_BYTES_MAX)? } else { None };
    let fingerprint = Fingerprint {
        component: Digest::of(&bytes),
        settings: settings.as_deref().map(Digest::of),
        signature: signature.as_deref().map(Digest::of),
    };
    Ok(Source {
        file: file.to_owned(),
        bytes,
        settings: settings.map(|settings| (settings_file, settings)),
        signature,
        fingerprint,
    })
}

/// `NAME.wasm.minisig`, as minisign itself calls it.
fn signature_file(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// `None` if there is no such file.
fn read_bounded(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, Refusal> {
    let name = path.file_name().unwrap_or(OsStr::new("?")).display().to_string();
    let unreadable = |error: std::io::Error| {
        Refusal::new(
            FailureKind::Unreadable,
            format!("`{name}` could not be read: {error}"),
            "check the file and its permissions",
        )
    };
    // Looked at before it is opened: opening a named pipe would block.
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    if !metadata.is_file() {
        return Err(Refusal::new(
            FailureKind::Unreadable,
            format!("`{name}` is not a regular file"),
            "put a file there, or remove it",
        ));
    }
    let mut content = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > bytes_max {
        return Err(Refusal::new(
            FailureKind::TooLarge,
            format!("`{name}` has {} bytes, at most {} are loaded", metadata.len(), bytes(bytes_max)),
            "build it smaller (release profile, `strip`, `opt-level = \"s\"`), or raise the host's limit",
        ));
    }
    Ok(Some(content))
}
