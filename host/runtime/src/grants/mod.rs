//! What a plugin is granted beyond computing: the operator says it in `NAME.toml`, and what is not said there does not exist
//! for the plugin.
//!
//! Here are the grants as data. Whether they suffice for a component is decided in [`check`], before any of its code runs
//! with them; what they give at run time is made in [`crate::wasi`].

mod check;
mod origin;
mod prepare;

use std::fmt;
use std::path::PathBuf;

pub(crate) use check::{check_needs, unused};
pub use origin::HttpOrigin;
pub(crate) use prepare::{Prepared, prepare};

/// Something of the host that a plugin can be granted. The names are those of the plugin contract (`lifecycle.info`) and of the
/// keys below `[grants]` in `NAME.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Capability {
    /// Files below certain directories.
    Directories,
    /// Environment variables of the host, by name.
    Environment,
    /// Requests over HTTP to certain origins.
    Http,
    /// What time it is.
    Clocks,
    /// Random numbers that nobody can guess.
    Randomness,
    /// Secrets, as environment variables that the host does not have.
    Secrets,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 6] =
        [Self::Directories, Self::Environment, Self::Http, Self::Clocks, Self::Randomness, Self::Secrets];

    /// The name, as the plugin contract and `NAME.toml` have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Directories => "directories",
            Self::Environment => "environment",
            Self::Http => "http",
            Self::Clocks => "clocks",
            Self::Randomness => "randomness",
            Self::Secrets => "secrets",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }

    /// A line below `[grants]` that grants it, for operators to start from.
    const fn example(self) -> &'static str {
        match self {
            Self::Directories => {
                "directories = [{ host = \"/var/lib/example\", guest = \"/data\", access = \"read\" }]"
            }
            Self::Environment => "environment = [\"NAME\"]",
            Self::Http => "http = [\"https://example.com:443\"]",
            Self::Clocks => "clocks = true",
            Self::Randomness => "randomness = true",
            Self::Secrets => "secrets = { NAME = { file = \"/run/secrets/example\" } }",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the operator grants one plugin; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Directories with all that is below them.
    pub directories: Vec<DirectoryGrant>,
    /// Names of environment variables. The plugin sees those that the host has when the plugin is loaded.
    pub environment: Vec<String>,
    /// Whom it may send HTTP requests to.
    pub http: Vec<HttpOrigin>,
    /// A file of certificates in PEM, of those it may trust beside whom the operating system trusts; an absolute path.
    pub certificates: Option<PathBuf>,
    /// Whether it may ask what time it is.
    pub clocks: bool,
    /// Whether it may have random numbers that nobody can guess.
    pub randomness: bool,
    /// Secrets, by reference.
    pub secrets: Vec<SecretGrant>,
}

/// A directory of the host that a plugin may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryGrant {
    /// The directory: an absolute path.
    pub host: PathBuf,
    /// What the plugin calls it: an absolute path, in its own eyes.
    pub guest: String,
    /// Whether the plugin may also create, change and remove what is there.
    pub is_writable: bool,
}

/// A secret a plugin is given as an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretGrant {
    /// The variable's name in the plugin.
    pub name: String,
    /// Where the host finds the secret when the plugin is loaded.
    pub source: SecretSource,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// In an environment variable of the host.
    Environment(String),
    /// In a file: its content without the line break at its end.
    File(PathBuf),
}

impl Grants {
    /// The capabilities they give, in the order of [`Capability::ALL`].
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> {
        Capability::ALL.into_iter().filter(|capability| self.gives(*capability))
    }

    /// Each of them in words, under the name of its capability; secrets by where they are.
    pub fn by_name(&self) -> impl Iterator<Item = (&'static str, String)> {
        let directories = self.directories.iter().map(|DirectoryGrant { host, guest, is_writable }| {
            let access = if *is_writable { "write" } else { "read" };
            (Capability::Directories, format!("{} as {guest}, {access}", host.display()))
        });
        let environment = self.environment.iter().map(|name| (Capability::Environment, name.clone()));
        let http = self.http.iter().map(|origin| (Capability::Http, origin.to_string()));
        let certificates = self.certificates.iter();
        let certificates = certificates
            .map(|file| (Capability::Http, format!("trusting the certificates in {}", file.display())));
        let clocks = self.clocks.then(|| (Capability::Clocks, "yes".to_owned()));
        let randomness = self.randomness.then(|| (Capability::Randomness, "yes".to_owned()));
        let secrets = self.secrets.iter().map(|SecretGrant { name, source }| {
            let place = match source {
                SecretSource::Environment(variable) => format!("the variable {variable}"),
                SecretSource::File(file) => format!("the file {}", file.display()),
            };
            (Capability::Secrets, format!("{name} from {place}"))
        });
        let all = directories
            .chain(environment)
            .chain(http)
            .chain(certificates)
            .chain(clocks)
            .chain(randomness)
            .chain(secrets);
        all.map(|(capability, text)| (capability.name(), text))
    }

    pub(crate) fn gives(&self, capability: Capability) -> bool {
        match capability {
            Capability::Directories => !self.directories.is_empty(),
            Capability::Environment => !self.environment.is_empty(),
            Capability::Http => !self.http.is_empty(),
            Capability::Clocks => self.clocks,
            Capability::Randomness => self.randomness,
            Capability::Secrets => !self.secrets.is_empty(),
        }
    }
}
