//! What a component is and may do, told as far as it can be, whether or not the component can be put to work.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::PluginLimits;
use crate::Runtime;
use crate::failure::{Failure, Identity, Refusal};
use crate::grants::Grants;
use crate::load::{self, Settings};
use crate::trust::{SignatureState, check_signature};

/// What is known of one component file and the settings beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// The component's file.
    pub file: PathBuf,
    /// What the file holds; `None` if it could not be read.
    pub content: Option<Content>,
    /// What the component asks for and offers; `None` if the file is no valid component.
    pub shape: Option<Shape>,
    /// Who the plugin says it is; `None` if it did not get to say it. Code without a signature that counts is not run.
    pub introduction: Option<Introduction>,
    /// What the settings make of it; `None` if they are wrong.
    pub terms: Option<Terms>,
    /// Why it would not be put to work; `None` if it would.
    pub failure: Option<Failure>,
}

/// What a component file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its digest, as `sha256:` and 64 hexadecimal digits; fit for the `digest` setting.
    pub digest: Arc<str>,
    /// Whose signature it has.
    pub signature: SignatureState,
}

/// What a component asks for and offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The world of the plugin contract it is built for, such as `view`; `None` if it is built for none.
    pub world: Option<String>,
    /// The version of the contract it is built against.
    pub contract: Option<String>,
    /// What it imports, types aside; each has to be offered by the host.
    pub imports: Vec<String>,
}

/// Who a plugin says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introduction {
    /// Its name.
    pub name: Arc<str>,
    /// Its own version.
    pub version: Arc<str>,
    /// One sentence for people; may be empty.
    pub description: Arc<str>,
    /// The JSON Schema of its configuration; empty if it takes none.
    pub config_schema: Arc<str>,
    /// The capabilities it needs.
    pub needs: Vec<String>,
}

/// What the settings beside a component make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Whether it is put to work at all.
    pub is_enabled: bool,
    /// What it may use: what its settings say, and what the host says where they are silent.
    pub limits: PluginLimits,
    /// What it is granted.
    pub grants: Grants,
}

pub(crate) fn inspect(runtime: &Arc<Runtime>, file: &Path) -> Inspection {
    let mut inspection = Inspection {
        file: file.to_owned(),
        content: None,
        shape: None,
        introduction: None,
        terms: None,
        failure: None,
    };
    let mut identity = Identity::of_file(file);
    let refusal = examine(runtime, &mut inspection, &mut identity).err();
    inspection.failure = refusal.map(|refusal| Failure::new(&identity, file, refusal));
    inspection
}

/// Looks as far as possible. What is refused first is what loading would refuse first.
fn examine(
    runtime: &Arc<Runtime>,
    inspection: &mut Inspection,
    identity: &mut Identity,
) -> Result<(), Refusal> {
    let config = runtime.config();
    let source = load::read_with_signature(&inspection.file, config)?;
    let settings = Settings::of(&source);
    let signature = check_signature(&config.trusted_keys, &source.bytes, source.signature.as_deref());
    inspection.content = Some(Content {
        size_bytes: source.bytes.len() as u64,
        digest: source.fingerprint.component.to_string().into(),
        signature: signature.clone().unwrap_or(SignatureState::Refused),
    });
    inspection.terms = settings.as_ref().ok().map(|settings| Terms {
        is_enabled: settings.enabled,
        limits: settings.limits(config.limits),
        grants: settings.grants.clone(),
    });
    let limits = settings.as_ref().map_or(config.limits, |settings| settings.limits(config.limits));
    let component = load::compile(runtime, &source, limits.stack_bytes_max);
    if let Ok(component) = &component {
        inspection.shape = Some(load::shape(component));
    }
    let settings = settings?;
    settings.check_pin(&source.fingerprint.component)?;
    signature?;
    let linked = Arc::new(load::link(component?, &settings.grants)?);
    if let Some(terms) = &mut inspection.terms {
        terms.limits = load::limits_in(linked.world, &settings, config);
    }
    let introduced = load::introduce(runtime, &linked, &settings, identity)?;
    inspection.introduction = Some(Introduction {
        name: introduced.info.name,
        version: introduced.info.version,
        description: introduced.info.description,
        config_schema: introduced.info.config_schema,
        needs: introduced.info.capabilities.iter().map(ToString::to_string).collect(),
    });
    load::load(runtime, &source, &settings, Some(linked), identity).map(drop)
}
