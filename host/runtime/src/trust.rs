//! Whose components are loaded: detached signatures of the tool minisign, and the keys that count.
//!
//! A signature is of the component alone. What it may use and how it is configured is the operator's to say, in the
//! settings file beside it; so a signature of the author's stays valid wherever the component is used.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::{Error, PublicKey, Signature};

use crate::failure::{FailureKind, Refusal, clean, list};

/// A public key of minisign whose signatures count.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedKey {
    key: PublicKey,
    id: KeyId,
}

/// The text is no public key of minisign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    found: String,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no public key of minisign, expected 56 characters that begin with `RW`: the second line of the file \
             `minisign.pub`",
            self.found
        )
    }
}

impl std::error::Error for KeyError {}

impl TrustedKey {
    /// Reads a public key: the second line of the file `minisign -G` writes, or the whole file.
    ///
    /// # Errors
    ///
    /// The text is no such key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError { found: clean(text, 80) };
        let line = text.trim().lines().last().unwrap_or_default().trim();
        let key = PublicKey::from_base64(line).map_err(|_| error())?;
        let id = KeyId::of(line).ok_or_else(error)?;
        Ok(Self { key, id })
    }

    /// The key's number as `minisign` prints it, in 16 hexadecimal digits.
    pub fn id(&self) -> String {
        self.id.to_string()
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TrustedKey").field(&self.id()).finish()
    }
}

/// What tells keys apart for people; proves nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
struct KeyId(u64);

impl KeyId {
    /// Of a line of minisign: a key's or a signature's, both of which begin with two bytes of algorithm and eight of number.
    fn of(line: &str) -> Option<Self> {
        let bytes = STANDARD.decode(line).ok()?;
        let id = bytes.get(2..10)?.try_into().ok()?;
        Some(Self(u64::from_le_bytes(id)))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

/// What is known of a component's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureState {
    /// There is none, and none is asked for.
    Absent,
    /// There is one, and no key to check it with.
    Unchecked,
    /// It is by a trusted key.
    Trusted {
        /// The key's number, as [`TrustedKey::id`].
        key: String,
        /// What the signer said about the file, which is signed too; usually when it was signed and how it was called.
        comment: String,
    },
    /// A signature is asked for, and there is none that counts.
    Refused,
}

impl SignatureState {
    /// The stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Unchecked => "unchecked",
            Self::Trusted { .. } => "trusted",
            Self::Refused => "refused",
        }
    }
}

/// Checks a component against the content of its signature file. Without keys every component counts.
pub(crate) fn check_signature(
    keys: &[TrustedKey],
    component: &[u8],
    signature: Option<&[u8]>,
) -> Result<SignatureState, Refusal> {
    if keys.is_empty() {
        return Ok(if signature.is_some() { SignatureState::Unchecked } else { SignatureState::Absent });
    }
    let expected = || list(keys.iter().map(TrustedKey::id));
    let Some(signature) = signature else {
        return Err(Refusal::new(
            FailureKind::Unsigned,
            format!("it has no signature, and only what is signed by a key of {} is loaded", expected()),
            "sign it with `minisign -S -m FILE.wasm` and put the `FILE.wasm.minisig` beside it",
        ));
    };
    let refuse = |reason: String, help: &str| Err(Refusal::new(FailureKind::BadSignature, reason, help));
    let parsed = std::str::from_utf8(signature)
        .ok()
        .and_then(|text| Some((KeyId::of(text.lines().nth(1)?)?, Signature::decode(text).ok()?)));
    let Some((id, signature)) = parsed else {
        return refuse(
            "its signature file is not one of minisign".to_owned(),
            "sign it again with `minisign -S -m FILE.wasm`",
        );
    };
    let Some(trusted) = keys.iter().find(|key| key.id == id) else {
        return refuse(
            format!("it is signed by the key `{id}`, expected one of {}", expected()),
            "have it signed by a trusted key, or add the key to `trusted_keys` if you trust it",
        );
    };
    // Signatures of the content itself, as minisign made them before it hashed first, are as good: all of it is at hand.
    match trusted.key.verify(component, &signature, true) {
        Ok(()) => Ok(SignatureState::Trusted {
            key: trusted.id(),
            comment: clean(signature.trusted_comment(), 300),
        }),
        Err(Error::InvalidSignature) => refuse(
            format!("its signature by the key `{id}` is not of this content"),
            "put component and signature of the same build in place; if that is what they are, the component was changed after \
             it was signed",
        ),
        Err(error) => refuse(
            format!("its signature cannot be checked: {error}"),
            "sign it again with a current `minisign`",
        ),
    }
}
