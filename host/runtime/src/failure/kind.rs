//! The closed list of failure kinds. Their names are metric labels and therefore stable.

use std::fmt;

/// What sort of failure a plugin had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The file or the directory could not be read.
    Unreadable,
    /// The file is larger than a component may be.
    TooLarge,
    /// The file is no WebAssembly component, or is not all of one.
    NotAComponent,
    /// A component, but of no kind this host runs.
    WrongWorld,
    /// Built against a newer version of the plugin contract than this host has.
    TooNew,
    /// Imports something this host does not offer.
    ForbiddenImport,
    /// Asks for a capability that is not granted.
    CapabilityNotGranted,
    /// The file's digest is not the one its settings pin.
    DigestMismatch,
    /// Only signed components are loaded, and the file has no signature.
    Unsigned,
    /// The signature beside the file is not one by a trusted key of this content.
    BadSignature,
    /// The `NAME.toml` beside the component is wrong.
    BadSettings,
    /// The component is not valid or could not be compiled.
    Compile,
    /// The component could not be instantiated.
    Instantiate,
    /// The plugin refused its configuration.
    ConfigurationRefused,
    /// The plugin stopped with a trap, such as a panic.
    Trap,
    /// A call ran beyond its deadline.
    Deadline,
    /// The plugin wanted more memory than it may have.
    Memory,
    /// The plugin's answer breaks the contract.
    InvalidAnswer,
    /// The plugin said that it could not do what it was asked to.
    Fault,
    /// The question is larger than what plugins are asked; the plugin is not to blame.
    QuestionTooLarge,
    /// The build failed too often in service and is not loaded again.
    Quarantined,
    /// The engine could not take the plugin into service and went back to the one before.
    SwapRefused,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::Unreadable,
        Self::TooLarge,
        Self::NotAComponent,
        Self::WrongWorld,
        Self::TooNew,
        Self::ForbiddenImport,
        Self::CapabilityNotGranted,
        Self::DigestMismatch,
        Self::Unsigned,
        Self::BadSignature,
        Self::BadSettings,
        Self::Compile,
        Self::Instantiate,
        Self::ConfigurationRefused,
        Self::Trap,
        Self::Deadline,
        Self::Memory,
        Self::InvalidAnswer,
        Self::Fault,
        Self::QuestionTooLarge,
        Self::Quarantined,
        Self::SwapRefused,
    ];

    /// The stable name, fit for a metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::NotAComponent => "not_a_component",
            Self::WrongWorld => "wrong_world",
            Self::TooNew => "too_new",
            Self::ForbiddenImport => "forbidden_import",
            Self::CapabilityNotGranted => "capability_not_granted",
            Self::DigestMismatch => "digest_mismatch",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::BadSettings => "bad_settings",
            Self::Compile => "compile",
            Self::Instantiate => "instantiate",
            Self::ConfigurationRefused => "configuration_refused",
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::InvalidAnswer => "invalid_answer",
            Self::Fault => "fault",
            Self::QuestionTooLarge => "question_too_large",
            Self::Quarantined => "quarantined",
            Self::SwapRefused => "swap_refused",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
