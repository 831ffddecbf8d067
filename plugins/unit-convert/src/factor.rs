//! How many of one unit another one is.

/// A factor as a fraction, so that dividing by 1000 does not become a multiplication by something near 0.001.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Factor {
    times: f64,
    by: f64,
}

impl Factor {
    /// This number, if it can be a factor: above 0 and finite.
    pub(crate) fn of(number: f64) -> Option<Self> {
        (number > 0.0 && number.is_finite()).then_some(Self { times: number, by: 1.0 })
    }

    /// What a number of `from` is multiplied with to be one of `to`, both in UCUM, if this plugin knows both and they measure
    /// the same.
    pub(crate) fn between(from: &str, to: &str) -> Option<Self> {
        let (from, to) = (known(from)?, known(to)?);
        if from.of != to.of {
            return None;
        }
        // One of the two is a multiple of the other for all units here but a few, such as days and weeks of something else.
        let (times, by) = (from.times * to.by, from.by * to.times);
        Some(match (times / by).fract() == 0.0 {
            true => Self { times: times / by, by: 1.0 },
            false if (by / times).fract() == 0.0 => Self { times: 1.0, by: by / times },
            false => Self { times, by },
        })
    }

    /// A value in the other unit.
    pub(crate) fn apply(self, value: f64) -> f64 {
        value * self.times / self.by
    }

    /// An integer in the other unit, if that is an integer for every one.
    pub(crate) fn apply_int(self, value: i64) -> Option<i64> {
        let whole = self.by == 1.0 && self.times.fract() == 0.0 && self.times <= 2_f64.powi(53);
        if whole { value.checked_mul(self.times as i64) } else { None }
    }

    /// `n` if the factor is `2^n`.
    pub(crate) fn power_of_two(self) -> Option<i32> {
        let log = self.log2();
        let power = log as i32;
        (log.fract() == 0.0 && 2_f64.powi(power) == self.apply(1.0)).then_some(power)
    }

    /// Its logarithm to base 2.
    pub(crate) fn log2(self) -> f64 {
        self.times.log2() - self.by.log2()
    }
}

/// What a unit measures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Time,
    Data,
    Part,
    Length,
    Mass,
}

/// A unit: `times / by` of the quantity's base, both whole numbers.
struct Unit {
    of: Quantity,
    times: f64,
    by: f64,
}

/// The linear units that metrics come in. `B` alone is Bel in UCUM, so bytes are `By`.
fn known(unit: &str) -> Option<Unit> {
    let unit_of = |of, times: f64, by: f64| Some(Unit { of, times, by });
    let kibi = |power| 1024_f64.powi(power);
    let kilo = |power| 1000_f64.powi(power);
    match unit {
        "ns" => unit_of(Quantity::Time, 1.0, kilo(3)),
        "us" => unit_of(Quantity::Time, 1.0, kilo(2)),
        "ms" => unit_of(Quantity::Time, 1.0, kilo(1)),
        "s" => unit_of(Quantity::Time, 1.0, 1.0),
        "min" => unit_of(Quantity::Time, 60.0, 1.0),
        "h" => unit_of(Quantity::Time, 3600.0, 1.0),
        "d" => unit_of(Quantity::Time, 86_400.0, 1.0),
        "bit" => unit_of(Quantity::Data, 1.0, 8.0),
        "By" => unit_of(Quantity::Data, 1.0, 1.0),
        "kBy" => unit_of(Quantity::Data, kilo(1), 1.0),
        "MBy" => unit_of(Quantity::Data, kilo(2), 1.0),
        "GBy" => unit_of(Quantity::Data, kilo(3), 1.0),
        "TBy" => unit_of(Quantity::Data, kilo(4), 1.0),
        "KiBy" => unit_of(Quantity::Data, kibi(1), 1.0),
        "MiBy" => unit_of(Quantity::Data, kibi(2), 1.0),
        "GiBy" => unit_of(Quantity::Data, kibi(3), 1.0),
        "TiBy" => unit_of(Quantity::Data, kibi(4), 1.0),
        "1" => unit_of(Quantity::Part, 1.0, 1.0),
        "%" => unit_of(Quantity::Part, 1.0, 100.0),
        "mm" => unit_of(Quantity::Length, 1.0, kilo(1)),
        "cm" => unit_of(Quantity::Length, 1.0, 100.0),
        "m" => unit_of(Quantity::Length, 1.0, 1.0),
        "km" => unit_of(Quantity::Length, kilo(1), 1.0),
        "mg" => unit_of(Quantity::Mass, 1.0, kilo(2)),
        "g" => unit_of(Quantity::Mass, 1.0, kilo(1)),
        "kg" => unit_of(Quantity::Mass, 1.0, 1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Factor;

    #[test]
    fn values_are_those_one_would_write_down() {
        let convert = |from, to, value| Factor::between(from, to).unwrap().apply(value);
        assert_eq!(convert("ms", "s", 5.0), 0.005);
        assert_eq!(convert("ms", "s", 17.0), 0.017);
        assert_eq!(convert("s", "us", 0.25), 250_000.0);
        assert_eq!(convert("h", "min", 1.5), 90.0);
        assert_eq!(convert("By", "MiBy", 1_572_864.0), 1.5);
        assert_eq!(convert("bit", "By", 12.0), 1.5);
        assert_eq!(convert("kBy", "KiBy", 1.024), 1.0);
        assert_eq!(convert("%", "1", 30.0), 0.3);
    }

    #[test]
    fn only_units_of_one_quantity_convert() {
        assert_eq!(Factor::between("ms", "By"), None);
        assert_eq!(Factor::between("ms", "fortnight"), None);
        assert_eq!([0.0, -1.0, f64::NAN, f64::INFINITY].map(Factor::of), [None; 4]);
    }

    #[test]
    fn integers_stay_integers_where_all_of_them_can() {
        let convert = |from, to, value| Factor::between(from, to).unwrap().apply_int(value);
        assert_eq!(convert("s", "ms", 3), Some(3000));
        assert_eq!(convert("s", "ms", i64::MAX), None);
        assert_eq!(convert("ms", "s", 3000), None);
    }

    #[test]
    fn powers_of_two_are_known_as_such() {
        let power = |from, to| Factor::between(from, to).unwrap().power_of_two();
        assert_eq!(power("By", "MiBy"), Some(-20));
        assert_eq!(power("TiBy", "KiBy"), Some(30));
        assert_eq!(power("By", "bit"), Some(3));
        assert_eq!(power("ms", "s"), None);
        assert_eq!(Factor::of(0.5).and_then(Factor::power_of_two), Some(-1));
    }
}
