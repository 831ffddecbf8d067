//! Labels as they stand on a page, each kept once: series are told apart, and written, by what their labels are numbered.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// Number of a label in [`LabelTexts`]: equal labels of the series of a family have equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LabelId(pub(crate) u32);

/// All labels of a page.
#[derive(Debug, Default)]
pub(crate) struct LabelTexts {
    /// Back to back, escaped, each behind a comma: `,name="value"`.
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
    /// Those that are found by their text.
    ids: HashTable<u32>,
    /// The others, as one range after the other.
    pushed: Vec<Range<u32>>,
    hasher: RandomState,
}

fn at<'a>(text: &'a str, ends: &[usize], id: u32) -> &'a str {
    let place = id as usize;
    let start = place.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    let end = ends.get(place).copied().unwrap_or(start);
    text.get(start..end).unwrap_or_default()
}

impl LabelTexts {
    /// With room for so many labels of so many bytes.
    pub(crate) fn with_capacity(labels: usize, bytes: usize) -> Self {
        Self { ends: Vec::with_capacity(labels), text: String::with_capacity(bytes), ..Self::default() }
    }

    /// How many labels there are. Their numbers are those below.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a label, which is that of an equal one that is found; its value is not escaped yet.
    pub(crate) fn id(&mut self, name: &str, value: &str) -> LabelId {
        let start = self.text.len();
        let new = self.append(name, value);
        let Self { text, ends, ids, hasher, pushed: _ } = self;
        let label = text.get(start..).unwrap_or_default();
        let is_same = |id: &u32| at(text, ends, *id) == label;
        match ids.entry(hasher.hash_one(label), is_same, |id| hasher.hash_one(at(text, ends, *id))) {
            Entry::Occupied(known) => {
                let id = *known.get();
                text.truncate(start);
                ends.pop();
                LabelId(id)
            }
            Entry::Vacant(free) => {
                free.insert(new.0);
                new
            }
        }
    }

    /// The number of a label that is known to differ from each of those before it: nothing is looked for. It is not found either, until
    /// [`LabelTexts::find_all`] is called.
    pub(crate) fn push(&mut self, name: &str, value: &str) -> LabelId {
        let new = self.append(name, value);
        match self.pushed.last_mut() {
            Some(last) if last.end == new.0 => last.end += 1,
            _ => self.pushed.push(new.0..new.0.saturating_add(1)),
        }
        new
    }

    fn append(&mut self, name: &str, value: &str) -> LabelId {
        self.text.push(',');
        super::push_bare(&mut self.text, name, value);
        // A frame numbers its values with 32 bits too.
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.ends.push(self.text.len());
        LabelId(id)
    }

    /// Has every label there is found by its text from now on.
    pub(crate) fn find_all(&mut self) {
        let Self { text, ends, ids, pushed, hasher } = self;
        let rehash = |id: &u32| hasher.hash_one(at(text, ends, *id));
        for id in pushed.drain(..).flatten() {
            ids.insert_unique(rehash(&id), id, rehash);
        }
    }

    /// Appends labels as they stand between the braces.
    pub(crate) fn write(&self, out: &mut String, ids: &[LabelId]) {
        for (position, id) in ids.iter().enumerate() {
            let label = at(&self.text, &self.ends, id.0);
            out.push_str(if position > 0 { label } else { label.get(1..).unwrap_or_default() });
        }
    }
}
