//! Attributes as numbers that say all about them.

use std::cell::Cell;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::{GivenAttributes, Owner};

/// Attributes in the order given, as a few numbers: read once, these are hashed and compared in place of keys and values.
///
/// Whoever has attributes writes each key and then its value. Texts of up to 32 bytes and few enough of them are in it whole, and
/// equal numbers then mean equal attributes. Longer ones are in it as hashes, which never suffice to tell attributes are equal.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    words: &'a Words,
    /// How many words there are. Beyond [`WORDS_MAX`] if not all about the attributes is in them.
    len: usize,
    shape: Shape,
    hash: u64,
    seed: Word,
}

type Word = [u64; 2];

/// Room for the words of attributes. A thread has one, so that none has to be cleared for a measurement.
pub(super) type Words = [Cell<Word>; WORDS_MAX];

/// Kinds and lengths, a byte for each text or number: with them the words say which attributes they are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Shape {
    keys: u64,
    values: u64,
}

/// Packed attributes that are kept to be compared with.
#[derive(Debug)]
pub(super) struct KnownPacked {
    words: [Word; WORDS_MAX],
    shape: Shape,
    hash: u64,
}

/// A text has one or two of them: enough for four attributes at least and eight at most, so that a shape has room for each.
const WORDS_MAX: usize = 16;
const _: () = assert!(
    WORDS_MAX / 2 <= size_of::<u64>(),
    "each attribute has at least two words, and one byte in the shape"
);

/// Added to the number of words if they do not say all.
const NOT_WHOLE: usize = WORDS_MAX + 1;

/// What kind of value a byte of the shape means, beside the lengths of texts.
mod kind {
    pub(super) const LENGTH_MAX: usize = 32;
    pub(super) const INT: u64 = 33;
    pub(super) const TRUTH: u64 = 34;
    pub(super) const DOUBLE: u64 = 35;
}

/// Drawn once a process: who chooses attributes must not be able to choose hashes.
static SEED: LazyLock<Word> = LazyLock::new(|| {
    let random = RandomState::default();
    [random.hash_one(1), random.hash_one(2)]
});

/// The two halves of a product: each of its bits depends on many of the factors'.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

impl<'a> Packed<'a> {
    /// No attributes yet; `words` is room for them.
    #[inline(always)]
    pub(super) fn new(words: &'a Words) -> Self {
        Self { words, len: 0, shape: Shape::default(), hash: 0, seed: *SEED }
    }

    /// Writes a key.
    #[inline(always)]
    pub fn key(&mut self, key: &str) {
        self.shape.keys = self.shape.keys << 8 | self.push_text(key.as_bytes());
    }

    /// Writes a value that is a text.
    #[inline(always)]
    pub fn text(&mut self, value: &str) {
        let length = self.push_text(value.as_bytes());
        self.push_kind(length);
    }

    /// Writes a value that is an integer.
    #[inline(always)]
    pub fn int(&mut self, value: i64) {
        self.push([value.cast_unsigned(), 0]);
        self.push_kind(kind::INT);
    }

    /// Writes a value that is a boolean.
    #[inline(always)]
    pub fn truth(&mut self, value: bool) {
        self.push([value.into(), 0]);
        self.push_kind(kind::TRUTH);
    }

    /// Writes a value that is a double. All NaNs are one value, and so are both zeros.
    #[inline(always)]
    pub fn double(&mut self, value: f64) {
        let bits = if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() };
        self.push([bits, 0]);
        self.push_kind(kind::DOUBLE);
    }

    /// Writes a hash in place of anything else. Zero will do for what is rare: it is then told apart by comparing.
    #[inline(always)]
    pub fn hash_only(&mut self, hash: u64) {
        self.push([hash, 0]);
        self.len += NOT_WHOLE;
    }

    #[inline(always)]
    fn push(&mut self, word: Word) {
        let ([a, b], [seed_a, seed_b]) = (word, self.seed);
        self.hash = self.hash.rotate_left(23).wrapping_add(folded(a ^ seed_a, b ^ seed_b));
        if let Some(place) = self.words.get(self.len) {
            place.set(word);
        }
        self.len += 1;
    }

    #[inline(always)]
    fn push_kind(&mut self, kind: u64) {
        self.shape.values = self.shape.values << 8 | kind;
    }

    /// Writes a text and returns its length. Loads that overlap cover every byte of it.
    #[inline(always)]
    fn push_text(&mut self, text: &[u8]) -> u64 {
        let word = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            let word = [first, last].map(|chunk| u64::from_le_bytes(*chunk));
            if text.len() <= 16 { word } else { self.push_most(text) }
        } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            [first, last].map(|chunk| u32::from_le_bytes(*chunk).into())
        } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
            [first, last].map(|chunk| u16::from_le_bytes(*chunk).into())
        } else {
            [text.first().copied().map_or(0, u64::from), 0]
        };
        self.push(word);
        text.len() as u64
    }

    /// Writes all of a text of more than 16 bytes that the word which is returned has not.
    #[inline(always)]
    fn push_most(&mut self, text: &[u8]) -> Word {
        if let (..=kind::LENGTH_MAX, Some(first), Some(last)) =
            (text.len(), text.first_chunk(), text.last_chunk())
        {
            self.push(halves(first));
            return halves(last);
        }
        self.len += NOT_WHOLE;
        [long(text, self.seed), text.len() as u64]
    }

    /// Seeded. Of equal attributes in equal order, and of one instrument, it is equal.
    #[inline(always)]
    pub(super) fn hash(&self, owner: &Owner) -> u64 {
        let [_, seed] = self.seed;
        let Shape { keys, values } = self.shape;
        folded(self.hash ^ keys, seed ^ values ^ owner.uid.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The hash of attributes.
    pub(super) fn hash_of<G>(given: &G, owner: &Owner) -> u64
    where
        G: GivenAttributes + ?Sized,
    {
        let words = Words::default();
        let mut packed = Packed::new(&words);
        given.pack(&mut packed);
        packed.hash(owner)
    }

    /// To be compared with; `None` if not all about the attributes is in it. `hash` is its own.
    pub(super) fn known(&self, hash: u64) -> Option<KnownPacked> {
        let words = self.words.each_ref().map(Cell::get);
        (self.len <= WORDS_MAX).then_some(KnownPacked { words, shape: self.shape, hash })
    }
}

impl KnownPacked {
    /// True if these attributes of this hash are the same in the same order.
    #[inline(always)]
    pub(super) fn is(&self, given: &Packed<'_>, hash: u64) -> bool {
        self.hash == hash && self.shape == given.shape && self.has_words(given.words, given.len)
    }

    /// True if the first `len` words are these. Apart, or the compiler would have them loaded by twos, which takes longer so soon after
    /// they were stored one by one.
    #[inline(never)]
    fn has_words(&self, words: &Words, len: usize) -> bool {
        let (Some(known), Some(given)) = (self.words.get(..len), words.get(..len)) else { return false };
        for (known, given) in known.iter().zip(given) {
            let ([a, b], [c, d]) = (known, given.get());
            if (a ^ c) | (b ^ d) != 0 {
                return false;
            }
        }
        true
    }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the other half is taken too")]
fn halves(chunk: &[u8; 16]) -> Word {
    let both = u128::from_le_bytes(*chunk);
    [both as u64, (both >> 64) as u64]
}

#[inline(never)]
fn long(text: &[u8], [a, b]: Word) -> u64 {
    let (chunks, _) = text.as_chunks();
    // The last 16 bytes of all, some of them a second time.
    chunks.iter().chain(text.last_chunk()).fold(b, |hash, chunk| {
        let [first, second] = halves(chunk);
        folded(hash ^ first, a ^ second)
    })
}

#[cfg(test)]
mod tests;
