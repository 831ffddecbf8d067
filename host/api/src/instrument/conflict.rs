//! Instruments of one name that are not the same, and what can be done about it.

use wasmeter_engine::{Recorder, StreamLabels};
use wasmeter_model::Instrument;

/// How an instrument that was there before is asked for with other advice; `None` if it is not.
pub(crate) fn advice_conflict(before: &Instrument, asked: &Instrument) -> Option<String> {
    let name = &before.name;
    (before.advisory != asked.advisory)
        .then(|| format!("instrument `{name}` is asked for with different advice; the first is followed"))
}

/// How an instrument conflicts with another one that was there before, with what to do about it; `None` if it does not.
///
/// It is about what is exported: where Views give the streams other names, or one description, there is no conflict.
pub(crate) fn conflict(before: &Recorder, recorder: &Recorder) -> Option<String> {
    let (first, second) = (before.instrument(), recorder.instrument());
    let name = &first.name;
    let is_one_kind = (first.kind, first.number) == (second.kind, second.number);
    let (theirs, ours) = (before.streams(), recorder.streams());
    let meet = |differ: &dyn Fn(&StreamLabels, &StreamLabels) -> bool| {
        let pairs = theirs.iter().flat_map(|one| ours.iter().map(move |other| (one, other)));
        pairs.into_iter().any(|(one, other)| one.name.eq_ignore_ascii_case(&other.name) && differ(one, other))
    };
    if !is_one_kind && meet(&|_, _| true) || meet(&|one, other| one.unit != other.unit) {
        return Some(format!(
            "instrument `{name}` is asked for as {} and as {}; both are exported under one name, which few backends \
             understand: rename one, or give the second a name by a View, such as {}",
            shape(first),
            shape(second),
            recipe(name, &distinction(first, second), &format!("name: Some(\"{name}.2\".into())")),
        ));
    }
    meet(&|one, other| one.description != other.description).then(|| {
        format!(
            "instrument `{name}` has the descriptions {:?} and {:?}; use one, or set it by a View, such as {}",
            first.description,
            second.description,
            recipe(name, "", &format!("description: Some({:?}.into())", first.description)),
        )
    })
}

fn shape(instrument: &Instrument) -> String {
    format!("{} of {:?} in `{}`", instrument.kind.name(), instrument.number, instrument.unit).to_lowercase()
}

/// The part of a selector that tells the second instrument from the first.
fn distinction(first: &Instrument, second: &Instrument) -> String {
    if first.kind != second.kind {
        format!(" && i.kind == InstrumentKind::{:?}", second.kind)
    } else if first.unit != second.unit {
        format!(" && &*i.unit == {:?}", second.unit)
    } else {
        format!(" && i.number == NumberKind::{:?}", second.number)
    }
}

fn recipe(name: &str, distinction: &str, setting: &str) -> String {
    format!(
        "`NativeView::new({name:?}, |i| &*i.name == {name:?}{distinction}, StreamSpec {{ {setting}, \
         ..StreamSpec::default() }})`"
    )
}
