//! Recognises what is not a component before the compiler sees it, because the compiler cannot say it as clearly.

use crate::failure::{FailureKind, Refusal};

const MAGIC: &[u8] = b"\0asm";
/// Version 13 of layer 1: a component, as of WASI 0.2.
const COMPONENT: &[u8] = &[0x0d, 0x00, 0x01, 0x00];
/// Version 1 of layer 0: a core module.
const MODULE: &[u8] = &[0x01, 0x00, 0x00, 0x00];

/// Refuses bytes that are no component, or not the whole of one.
pub(super) fn check_header(bytes: &[u8]) -> Result<(), Refusal> {
    let refusal = |reason: String, help: &str| Err(Refusal::new(FailureKind::NotAComponent, reason, help));
    let build = "build the plugin for wasm32-unknown-unknown with the linker `wasm-component-ld`";
    let again = "copy it again, to another name first and then rename it into place";
    if bytes.is_empty() {
        return refuse_empty();
    }
    if !bytes.starts_with(MAGIC) {
        let found = match std::str::from_utf8(bytes.get(..64.min(bytes.len())).unwrap_or_default()) {
            Ok(text) if text.trim_start().starts_with('(') => "WebAssembly text",
            Ok(_) => "text",
            Err(_) => "something else",
        };
        return refusal(format!("it is {found}, not a WebAssembly component"), build);
    }
    match bytes.get(MAGIC.len()..MAGIC.len() + COMPONENT.len()) {
        Some(COMPONENT) => {}
        Some(MODULE) => {
            return refusal("it is a core module, not a component".to_owned(), build);
        }
        Some(version) => {
            return refusal(
                format!("it is WebAssembly of the unknown version {version:02x?}, not a component"),
                build,
            );
        }
        None => return refusal(format!("it ends after {} bytes, within its header", bytes.len()), again),
    }
    match truncated(bytes) {
        None => Ok(()),
        Some(missing) => refusal(
            format!("it ends after {} bytes, {missing} before its last section does", bytes.len()),
            again,
        ),
    }
}

fn refuse_empty() -> Result<(), Refusal> {
    Err(Refusal::new(
        FailureKind::NotAComponent,
        "it is empty",
        "copy it again, to another name first and then rename it into place",
    ))
}

/// How many bytes are missing at the end, if the outermost sections promise more than there is. What is in the sections
/// is the compiler's to check.
fn truncated(bytes: &[u8]) -> Option<u64> {
    let mut at = MAGIC.len() + COMPONENT.len();
    while at < bytes.len() {
        // One byte of section id, then the section's size.
        at = at.checked_add(1)?;
        let mut size = 0u64;
        for byte_number in 0u32..5 {
            let Some(&byte) = bytes.get(at) else { return Some(1) };
            at = at.checked_add(1)?;
            size |= u64::from(byte & 0x7f) << (7 * byte_number);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let left = (bytes.len() as u64).saturating_sub(at as u64);
        if size > left {
            return Some(size - left);
        }
        at = at.checked_add(usize::try_from(size).ok()?)?;
    }
    None
}
