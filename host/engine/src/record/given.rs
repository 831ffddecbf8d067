//! Attributes in the form a caller has them in.

use wasmeter_model::Attributes;

use super::Packed;

/// Attributes as a measurement comes with them, before anything is made of them.
///
/// A measurement with known attributes costs a hash of them as they are and one comparison, no allocation; only the first one
/// of a thread makes a set of them. So an API with attributes of its own implements this for a slice of them.
pub trait GivenAttributes {
    /// Writes the attributes in the order given. Equal attributes in equal order are written alike.
    fn pack(&self, packed: &mut Packed<'_>);

    /// True if these are the attributes of `set`, given in `order`. Needs no answer for what does not hash alike.
    fn are(&self, set: &Attributes, order: Order) -> bool;

    /// The set, and the order it is given in; `None` if that has no [`Order`].
    fn to_set(&self) -> (Attributes, Option<Order>);
}

/// In which order the attributes of a set are given: the place in the set of each attribute given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order(u64);

impl Order {
    /// Ascending by key, as in the set itself.
    pub const SORTED: Self = Self(0xfedc_ba98_7654_3210);
    /// The most attributes in another order than the set's.
    pub const UNSORTED_MAX: usize = 16;

    /// The order of `keys` in a set made of them. `None` if a key was given twice, or if there are more than
    /// [`Order::UNSORTED_MAX`] and they are not sorted.
    pub fn of<'a>(keys: impl ExactSizeIterator<Item = &'a str>, set: &Attributes) -> Option<Self> {
        if keys.len() != set.len() {
            return None;
        }
        let mut order = Self::SORTED;
        for (given, key) in keys.enumerate() {
            let place = set.place(key)?;
            if place == given {
                continue;
            }
            if given >= Self::UNSORTED_MAX || place >= Self::UNSORTED_MAX {
                return None;
            }
            let shift = 4 * given;
            order.0 = (order.0 & !(15 << shift)) | ((place as u64) << shift);
        }
        Some(order)
    }

    /// The place in the set of the attribute given at `given`.
    #[inline]
    pub fn place(self, given: usize) -> usize {
        if self == Self::SORTED {
            return given;
        }
        usize::try_from((self.0 >> (4 * (given & 15))) & 15).unwrap_or(0)
    }
}

impl GivenAttributes for Attributes {
    fn pack(&self, packed: &mut Packed<'_>) {
        packed.hash_only(self.hash_value());
    }

    fn are(&self, set: &Attributes, order: Order) -> bool {
        order == Order::SORTED && self == set
    }

    fn to_set(&self) -> (Attributes, Option<Order>) {
        (self.clone(), Some(Order::SORTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_leads_back_to_the_set() {
        let given = ["m", "a", "z", "b"];
        let set: Attributes = given.iter().map(|key| (*key, 1i64)).collect();
        let order = Order::of(given.iter().copied(), &set).unwrap();
        let keys: Vec<_> = set.iter().map(|(key, _)| key.to_string()).collect();
        for (place, key) in given.iter().enumerate() {
            assert_eq!(keys[order.place(place)], *key);
        }
        assert_eq!(Order::of(["a", "b", "m", "z"].into_iter(), &set), Some(Order::SORTED));
    }

    #[test]
    fn what_has_no_order_says_so() {
        let set: Attributes = [("a", 1i64), ("b", 2)].into_iter().collect();
        assert_eq!(Order::of(["a", "b", "a"].into_iter(), &set), None, "a key given twice");
        let many: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
        let set: Attributes = many.iter().map(|key| (key.as_str(), 1i64)).collect();
        assert_eq!(Order::of(many.iter().map(String::as_str), &set), Some(Order::SORTED));
        assert_eq!(Order::of(many.iter().rev().map(String::as_str), &set), None, "too many to be unsorted");
    }
}
