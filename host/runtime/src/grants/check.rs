//! Whether what a component needs and what its operator grants agree.

use super::{Capability, Grants};
use crate::failure::{FailureKind, Refusal, clean};
use crate::wasi::{Offer, offer};

/// What a plugin needs of the operator: by what it imports and by what it says of itself.
fn needs<'a>(imports: &'a [String], declared: &'a [Capability]) -> impl Iterator<Item = Capability> + 'a {
    let imported = imports.iter().flat_map(|import| match offer(import) {
        Offer::Granted(capabilities) => capabilities,
        Offer::Free | Offer::Never => &[],
    });
    imported.chain(declared).copied()
}

/// Refuses a plugin that needs what its operator does not grant, naming what it needs and the line that grants it.
pub(crate) fn check_needs(
    imports: &[String],
    declared: &[Capability],
    grants: &Grants,
) -> Result<(), Refusal> {
    for import in imports {
        if let Offer::Granted(capabilities) = offer(import)
            && !capabilities.iter().any(|capability| grants.gives(*capability))
            && let Some(capability) = capabilities.first()
        {
            return Err(refuse(format!("it imports `{}`", clean(import, 200)), *capability));
        }
    }
    match declared.iter().find(|capability| !grants.gives(**capability)) {
        Some(capability) => Err(refuse(format!("it says that it needs `{capability}`"), *capability)),
        None => Ok(()),
    }
}

fn refuse(needed: String, capability: Capability) -> Refusal {
    Refusal::new(
        FailureKind::CapabilityNotGranted,
        format!("{needed}, and its settings do not grant `{capability}`"),
        format!(
            "if it may, add a line such as `{}` below `[grants]` in the settings file beside the plugin",
            capability.example()
        ),
    )
}

/// What is granted and not needed: too much, or a sign that this is not the plugin the operator had in mind.
pub(crate) fn unused(imports: &[String], declared: &[Capability], grants: &Grants) -> Vec<Capability> {
    grants
        .capabilities()
        .filter(|granted| !needs(imports, declared).any(|needed| needed == *granted))
        .collect()
}
