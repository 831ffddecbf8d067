//! The texts of a frame, back to back.

use std::fmt;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Texts back to back. Those from the host are made sure of once one of them is asked for: a plugin that only reads numbers, or hands the
/// texts on as they are, does not pay for it.
#[derive(Default)]
pub(crate) struct Texts {
    given: Mutex<Option<Given>>,
    checked: OnceLock<String>,
}

/// What has not been looked at yet.
#[derive(Clone)]
struct Given {
    bytes: Vec<u8>,
    check: fn(Vec<u8>) -> String,
}

impl Texts {
    /// These bytes, of which `check` makes text.
    #[cfg_attr(
        not(any(test, target_family = "wasm")),
        expect(dead_code, reason = "only a component gets frames from a host")
    )]
    pub(crate) fn unchecked(bytes: Vec<u8>, check: fn(Vec<u8>) -> String) -> Self {
        Self { given: Mutex::new(Some(Given { bytes, check })), checked: OnceLock::new() }
    }

    fn given(&self) -> std::sync::MutexGuard<'_, Option<Given>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn checked(&self) -> &String {
        self.checked.get_or_init(|| {
            let given = self.given().take();
            given.map(|Given { bytes, check }| check(bytes)).unwrap_or_default()
        })
    }

    pub(crate) fn get(&self, range: Range<usize>) -> Option<&str> {
        self.checked().get(range)
    }

    /// How many bytes all have together.
    pub(crate) fn len(&self) -> usize {
        self.checked().len()
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.checked();
        if let Some(all) = self.checked.get_mut() {
            all.push_str(text);
        }
    }

    #[cfg_attr(
        not(any(test, target_family = "wasm")),
        expect(dead_code, reason = "only a component gets frames from a host")
    )]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self.checked.into_inner() {
            Some(text) => text.into_bytes(),
            None => {
                let given = self.given.into_inner().unwrap_or_else(PoisonError::into_inner);
                given.map(|given| given.bytes).unwrap_or_default()
            }
        }
    }
}

impl From<String> for Texts {
    fn from(text: String) -> Self {
        Self { given: Mutex::default(), checked: text.into() }
    }
}

impl Clone for Texts {
    fn clone(&self) -> Self {
        // First what has not been looked at, since it is only there until it is.
        let given = self.given().clone();
        let checked = if given.is_some() { OnceLock::new() } else { self.checked().clone().into() };
        Self { given: Mutex::new(given), checked }
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.checked() == other.checked()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.checked().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// To be seen from that it was looked at.
    fn shout(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap().to_uppercase()
    }

    #[test]
    fn who_asks_for_no_text_has_none_checked() {
        let texts = || Texts::unchecked(b"abc".to_vec(), shout);
        assert_eq!((texts().into_bytes(), texts().clone().into_bytes()), (b"abc".to_vec(), b"abc".to_vec()));
        let asked = texts();
        assert_eq!((asked.get(1..2), asked.get(2..4), asked.len()), (Some("B"), None, 3));
        assert_eq!((asked.clone().into_bytes(), asked.into_bytes()), (b"ABC".to_vec(), b"ABC".to_vec()));
    }

    #[test]
    fn what_is_added_stands_behind_what_was_given() {
        let mut texts = Texts::unchecked(b"abc".to_vec(), shout);
        texts.push_str("def");
        assert_eq!((texts, Texts::default().len()), (Texts::from("ABCdef".to_owned()), 0));
    }
}
