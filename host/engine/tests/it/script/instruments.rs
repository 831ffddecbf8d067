//! Instruments as scripts declare them, and the values they are given.

use std::sync::Arc;

use wasmeter_model::{Advisory, Instrument, InstrumentKind, Number, NumberKind, Origin, Resource, Scope};

use super::Fault;
use super::values::{number, number_text, text};
use super::words::{Words, list, parsed};

/// The kind of this name, as the declarative configuration has them.
pub(super) fn kind(word: &str) -> Option<InstrumentKind> {
    InstrumentKind::ALL.into_iter().find(|kind| kind.name() == word)
}

/// What stands behind the kind: `NAME int|double [as HANDLE] [unit=] [description=] [boundaries=] [attributes=]`. The result
/// has the handle that commands know it by, which is its name if no other is given.
pub(super) fn instrument(
    kind: InstrumentKind,
    words: &mut Words<'_>,
    resource: &Arc<Resource>,
    scope: &Arc<Scope>,
) -> Result<(String, Instrument), Fault> {
    let name = text(words.next("a name")?)?;
    let number = match words.next("`int` or `double`")? {
        "int" => NumberKind::Int,
        "double" => NumberKind::Double,
        other => return Err(format!("expected `int` or `double`, found `{other}`")),
    };
    let handle = if words.take("as") { text(words.next("a handle")?)? } else { name.clone() };
    let mut instrument = Instrument {
        name: name.into(),
        description: "".into(),
        unit: "".into(),
        kind,
        number,
        origin: Origin::Recorded,
        scope: scope.clone(),
        resource: resource.clone(),
        advisory: Advisory::default(),
    };
    for (key, value) in words.options()? {
        match key {
            "unit" => instrument.unit = text(value)?.into(),
            "description" => instrument.description = text(value)?.into(),
            "boundaries" => {
                let bounds: Result<Vec<f64>, Fault> = list(value)?.into_iter().map(parsed).collect();
                instrument.advisory.boundaries = Some(bounds?.into());
            }
            "attributes" => {
                let keys: Result<Vec<Arc<str>>, Fault> =
                    list(value)?.into_iter().map(|key| Ok(text(key)?.into())).collect();
                instrument.advisory.attributes = Some(keys?.into());
            }
            _ => return Err(format!("`{key}` is not known here")),
        }
    }
    Ok((handle, instrument))
}

/// The values at the start of what is left, as numbers of the instrument.
pub(super) fn values(words: &mut Words<'_>, instrument: &Instrument) -> Result<Vec<Number>, Fault> {
    let mut values = Vec::new();
    while words.peek().is_some_and(|word| !word.contains('=')) {
        values.push(value(words.next("a value")?, instrument)?);
    }
    if values.is_empty() { Err("expected at least one value".to_owned()) } else { Ok(values) }
}

fn value(word: &str, instrument: &Instrument) -> Result<Number, Fault> {
    match (number(word)?, instrument.number) {
        (Number::Int(int), NumberKind::Double) => Ok(Number::Double(Number::Int(int).as_f64())),
        (Number::Double(double), NumberKind::Int) => Err(format!(
            "`{}` is an instrument of integers, found `{}`",
            instrument.name,
            number_text(Number::Double(double))
        )),
        (number, _) => Ok(number),
    }
}
