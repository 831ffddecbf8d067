//! The values of numbers, one after the other.

use super::read::number;
use super::rows::Number;

/// The values of a metric's points, in order; see [`super::MetricRef::numbers`].
#[derive(Clone, Debug)]
pub(super) struct Values<'a> {
    tags: &'a [u8],
    bits: &'a [u64],
}

impl<'a> Values<'a> {
    /// The values of columns; as many as both have.
    pub(super) fn new(tags: &'a [u8], bits: &'a [u64]) -> Self {
        let len = tags.len().min(bits.len());
        Self { tags: tags.get(..len).unwrap_or_default(), bits: bits.get(..len).unwrap_or_default() }
    }
}

impl Iterator for Values<'_> {
    type Item = Option<Number>;

    fn next(&mut self) -> Option<Self::Item> {
        let (tag, bits) = (self.tags.split_off_first()?, self.bits.split_off_first()?);
        Some(number(*tag, *bits))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.tags.len(), Some(self.tags.len()))
    }

    /// Eight at a time: each turn of a loop costs a plugin a look at its deadline. `sum`, `for_each` and the like come here.
    #[inline]
    fn fold<B, F: FnMut(B, Self::Item) -> B>(self, init: B, mut add: F) -> B {
        let ((tags, last_tags), (bits, last_bits)) = (self.tags.as_chunks::<8>(), self.bits.as_chunks::<8>());
        let mut sum = init;
        for ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) in tags.iter().zip(bits) {
            sum = add(sum, number(*a, *i));
            sum = add(sum, number(*b, *j));
            sum = add(sum, number(*c, *k));
            sum = add(sum, number(*d, *l));
            sum = add(sum, number(*e, *m));
            sum = add(sum, number(*f, *n));
            sum = add(sum, number(*g, *o));
            sum = add(sum, number(*h, *p));
        }
        last_tags.iter().zip(last_bits).fold(sum, |sum, (tag, bits)| add(sum, number(*tag, *bits)))
    }
}

impl ExactSizeIterator for Values<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_at_once_they_are_the_same_as_one_by_one() {
        let tags: Vec<u8> = (0..100).map(|row| row % 3).collect();
        let bits: Vec<u64> = (0..90).map(|row| row * row).collect();
        for len in 0..100 {
            let values = Values::new(tags.get(..len).unwrap(), &bits);
            let mut one_by_one = Vec::new();
            for value in values.clone() {
                one_by_one.push(value);
            }
            let mut all = Vec::new();
            values.clone().for_each(|value| all.push(value));
            assert_eq!((values.len(), &all), (one_by_one.len(), &one_by_one));
            assert_eq!(all.len(), len.min(90));
        }
    }
}
