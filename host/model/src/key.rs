//! An attribute's key: eight bytes, and the text once for all sets that have it.

use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use arcstr::ArcStr;
use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// The key of an attribute. Cheap to clone.
///
/// Programs have few keys and very many attribute sets. So equal keys share their text, up to [`Key::SHARED_MAX`] of them that
/// are in use: keys from the network cannot fill the memory, they only stop sharing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(ArcStr);

/// The texts that keys share.
#[derive(Default)]
struct Shared {
    texts: HashTable<ArcStr>,
    hasher: RandomState,
    /// How many keys found no room since those that nobody uses any more were last looked for.
    refused: usize,
}

static SHARED: LazyLock<RwLock<Shared>> = LazyLock::new(RwLock::default);

impl Key {
    /// The most keys in use that share their text.
    pub const SHARED_MAX: usize = 4096;
    /// The longest key, in bytes, that shares its text.
    const SHARED_LENGTH_MAX: usize = 256;

    /// The key of this text. Costs a lookup under a lock that readers share; allocates for a text that no other key has.
    pub fn new(text: &str) -> Self {
        if text.len() > Self::SHARED_LENGTH_MAX {
            return Self(ArcStr::from(text));
        }
        let shared = SHARED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared.get(text) {
            return Self(known.clone());
        }
        drop(shared);
        Self(SHARED.write().unwrap_or_else(PoisonError::into_inner).insert(text))
    }

    /// True if both share their text. Keys of one text mostly do; this costs no look at it.
    #[inline]
    pub fn is_same(&self, other: &Self) -> bool {
        ArcStr::ptr_eq(&self.0, &other.0)
    }

    /// True if others have the text, so that it takes no memory for this key alone.
    pub fn is_shared(&self) -> bool {
        ArcStr::strong_count(&self.0) != Some(1)
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Shared {
    fn get(&self, text: &str) -> Option<&ArcStr> {
        self.texts.find(self.hasher.hash_one(text), |known| known == text)
    }

    /// The text, shared from now on if there is room.
    fn insert(&mut self, text: &str) -> ArcStr {
        if let Some(known) = self.get(text) {
            return known.clone();
        }
        let new = ArcStr::from(text);
        if self.texts.len() >= Key::SHARED_MAX {
            // Looked for seldom enough that it costs little for each key.
            self.refused += 1;
            if self.refused < Key::SHARED_MAX {
                return new;
            }
            self.refused = 0;
            self.texts.retain(|text| ArcStr::strong_count(text) != Some(1));
            if self.texts.len() >= Key::SHARED_MAX {
                return new;
            }
        }
        let Self { texts, hasher, .. } = self;
        texts.insert_unique(hasher.hash_one(text), new.clone(), |known| hasher.hash_one(known.as_str()));
        new
    }
}

impl Deref for Key {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// As the text.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Arc<str>> for Key {
    fn from(text: Arc<str>) -> Self {
        Self::new(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_share_their_text() {
        let (one, other) = (Key::new("http.request.method"), Key::from(String::from("http.request.method")));
        assert!(ArcStr::ptr_eq(&one.0, &other.0));
        assert_eq!(one, other);
        assert_ne!(one, Key::new("http.route"));
        assert!(one.is_shared() && !Key::new(&"k".repeat(Key::SHARED_LENGTH_MAX + 1)).is_shared());
    }

    #[test]
    fn there_is_room_for_so_many_that_are_in_use_and_again_when_they_are_not() {
        let mut shared = Shared::default();
        let keep: Vec<_> = (0..Key::SHARED_MAX).map(|number| shared.insert(&number.to_string())).collect();
        let further: Vec<_> =
            (0..2 * Key::SHARED_MAX).map(|number| shared.insert(&format!("k{number}"))).collect();
        assert_eq!(shared.texts.len(), Key::SHARED_MAX);
        assert!(further.iter().enumerate().all(|(number, text)| *text == format!("k{number}")));
        drop(keep);
        for number in 0..=Key::SHARED_MAX {
            shared.insert(&format!("again {number}"));
        }
        assert!(shared.texts.len() < Key::SHARED_MAX, "{} are kept", shared.texts.len());
        assert!(shared.get(&format!("again {}", Key::SHARED_MAX)).is_some());
    }
}
