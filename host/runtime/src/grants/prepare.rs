//! From what the operator wrote to what a plugin gets: variables and secrets are read, directories are looked at.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use super::{DirectoryGrant, Grants, SecretGrant, SecretSource};
use crate::failure::{FailureKind, Refusal};
use crate::wasi::{Outgoing, Quota, trusting};

/// The largest secret, in bytes.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// What a plugin's instances are given. Its variables are those of the moment it was made.
#[derive(Clone, Default)]
pub(crate) struct Prepared {
    pub(crate) directories: Vec<DirectoryGrant>,
    /// Environment variables and secrets, by their names in the plugin.
    pub(crate) variables: Vec<(String, String)>,
    /// What these may hold; `None` if nothing may be written.
    pub(crate) quota: Option<Arc<Quota>>,
    pub(crate) outgoing: Outgoing,
    /// What must not be told: the values of the secrets.
    pub(crate) secrets: Arc<[String]>,
}

/// Without what must not be told.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("directories", &self.directories).finish_non_exhaustive()
    }
}

/// Reads what the grants refer to. Refuses if a directory or a secret is not there; a variable that is not there is not there
/// for the plugin either.
pub(crate) fn prepare(grants: &Grants, directory_bytes_max: u64) -> Result<Prepared, Refusal> {
    grants.directories.iter().try_for_each(check_directory)?;
    let mut variables = Vec::new();
    for name in &grants.environment {
        match std::env::var(name) {
            Ok(value) => variables.push((name.clone(), value)),
            Err(std::env::VarError::NotPresent) => {}
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(refuse(
                    format!("the granted environment variable `{name}` is not UTF-8 text"),
                    "set it to text, or do not grant it",
                ));
            }
        }
    }
    let mut secrets = Vec::new();
    for grant in &grants.secrets {
        let secret = read_secret(grant)?;
        variables.push((grant.name.clone(), secret.clone()));
        secrets.push(secret);
    }
    let writable = grants.directories.iter().filter(|directory| directory.is_writable);
    let mut writable = writable.map(|directory| directory.host.clone()).peekable();
    let quota = writable.peek().is_some().then(|| Arc::new(Quota::new(writable, directory_bytes_max)));
    Ok(Prepared {
        directories: grants.directories.clone(),
        quota,
        outgoing: outgoing(grants)?,
        variables,
        secrets: secrets.into(),
    })
}

fn outgoing(grants: &Grants) -> Result<Outgoing, Refusal> {
    let has_tls = grants.http.iter().any(|origin| origin.is_tls);
    let tls = has_tls.then(|| trusting(grants.certificates.as_deref())).transpose();
    let tls = tls
        .map_err(|wrong| refuse(wrong, "grant `certificates` that can be read, or no origin with `https`"))?;
    Ok(Outgoing { origins: grants.http.clone().into(), tls })
}

fn check_directory(grant: &DirectoryGrant) -> Result<(), Refusal> {
    let directory = grant.host.display();
    match std::fs::metadata(&grant.host) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(refuse(
            format!("the granted directory `{directory}` is not a directory"),
            "grant the directory the plugin shall use",
        )),
        Err(error) => Err(refuse(
            format!("the granted directory `{directory}` cannot be used: {error}"),
            "make it, or grant another",
        )),
    }
}

fn read_secret(grant: &SecretGrant) -> Result<String, Refusal> {
    let SecretGrant { name, source } = grant;
    let secret = match source {
        SecretSource::Environment(variable) => std::env::var(variable).map_err(|_| {
            refuse(
                format!("the secret `{name}` is to be in the environment variable `{variable}`, which is not set to text"),
                "set it where the host is started",
            )
        })?,
        SecretSource::File(file) => read_file(file).map_err(|wrong| {
            refuse(
                format!("the secret `{name}` is to be in the file `{}`, {wrong}", file.display()),
                "put it there, readable for the host",
            )
        })?,
    };
    let secret = secret.strip_suffix('\n').unwrap_or(&secret);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(refuse(format!("the secret `{name}` is empty"), "put it where the settings say it is"));
    }
    Ok(secret.to_owned())
}

fn read_file(file: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("which cannot be read: {error}");
    // Looked at before it is opened: opening a named pipe would block.
    if !std::fs::metadata(file).map_err(unreadable)?.is_file() {
        return Err("which is not a regular file".to_owned());
    }
    let mut content = Vec::new();
    File::open(file)
        .map_err(unreadable)?
        .take(SECRET_BYTES_MAX + 1)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    if content.len() as u64 > SECRET_BYTES_MAX {
        return Err(format!("which is larger than {SECRET_BYTES_MAX} bytes"));
    }
    String::from_utf8(content).map_err(|_| "which is not UTF-8 text".to_owned())
}

fn refuse(reason: String, help: &str) -> Refusal {
    Refusal::new(FailureKind::BadSettings, reason, help)
}
