//! Callbacks that report what a script says, and misbehave where it says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use wasmeter_engine::{Engine, Observer, Recorder};
use wasmeter_model::{Attributes, Instrument, Number, Resource, Scope};

use super::Fault;
use super::instruments::{instrument, kind, values};
use super::measured::Measured;
use super::values::attributes;
use super::words::Words;

/// One thing a callback does.
#[derive(Clone)]
enum Action {
    Observe {
        place: usize,
        value: Number,
        attributes: Attributes,
    },
    Record {
        recorder: Recorder,
        value: Number,
        attributes: Attributes,
    },
    /// Makes an instrument from within, and perhaps records with it.
    Make {
        instrument: Instrument,
        measurement: Option<(Number, Attributes)>,
    },
    Panic,
}

/// What a callback does each time it runs; a script may change it.
#[derive(Clone, Default)]
pub(super) struct Behaviour(Arc<Mutex<Vec<Action>>>);

/// What the lines of a callback may name.
pub(super) struct Names<'a> {
    /// The instruments it was registered with, by handle, in order.
    pub(super) observed: &'a [(String, Instrument)],
    pub(super) measured: &'a Measured,
    pub(super) resource: &'a Arc<Resource>,
    pub(super) scope: &'a Arc<Scope>,
}

impl Behaviour {
    /// Does from now on what these lines say.
    pub(super) fn become_lines(&self, lines: &[String], names: &Names<'_>) -> Result<(), Fault> {
        let mut actions = Vec::new();
        let mut made: HashMap<String, Instrument> = HashMap::new();
        for line in lines {
            let mut words = Words::of(line)?;
            match words.next("an action")? {
                "observe" => {
                    let handle = words.next("an instrument")?;
                    let place = names.observed.iter().position(|(name, _)| name == handle);
                    let place =
                        place.ok_or_else(|| format!("the callback was not registered with `{handle}`"))?;
                    let values = values(&mut words, &names.observed[place].1)?;
                    let attributes = attributes(&words.rest())?;
                    for value in values {
                        actions.push(Action::Observe { place, value, attributes: attributes.clone() });
                    }
                }
                "record" => {
                    let handle = words.next("an instrument")?;
                    let known = names.measured.recorder(handle).ok();
                    let instrument = made.get(handle).or(known.map(Recorder::instrument));
                    let instrument =
                        instrument.ok_or_else(|| format!("there is no instrument `{handle}`"))?;
                    let values = values(&mut words, instrument)?;
                    let attributes = attributes(&words.rest())?;
                    actions.extend(values.into_iter().map(|value| match known {
                        Some(recorder) => Action::Record {
                            recorder: recorder.clone(),
                            value,
                            attributes: attributes.clone(),
                        },
                        None => {
                            let measurement = Some((value, attributes.clone()));
                            Action::Make { instrument: instrument.clone(), measurement }
                        }
                    }));
                }
                "panic" => actions.push(Action::Panic),
                word => {
                    let kind = kind(word).ok_or_else(|| format!("a callback cannot `{word}`"))?;
                    let (handle, instrument) = instrument(kind, &mut words, names.resource, names.scope)?;
                    actions.push(Action::Make { instrument: instrument.clone(), measurement: None });
                    made.insert(handle, instrument);
                }
            }
            words.end()?;
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = actions;
        Ok(())
    }

    /// The function to register.
    pub(super) fn callback(&self, engine: Engine) -> impl Fn(&mut Observer<'_>) + Send + Sync + 'static {
        let behaviour = self.clone();
        move |observer| {
            let actions = behaviour.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for action in actions {
                act(&engine, observer, action);
            }
        }
    }
}

fn act(engine: &Engine, observer: &mut Observer<'_>, action: Action) {
    match action {
        Action::Observe { place, value, attributes } => observer.observe(place, value, &attributes),
        Action::Record { recorder, value, attributes } => recorder.record(value, &attributes, observer.now()),
        Action::Make { instrument, measurement } => {
            let recorder = engine.instrument(instrument, observer.now());
            if let (Ok(recorder), Some((value, attributes))) = (recorder, measurement) {
                recorder.record(value, &attributes, observer.now());
            }
        }
        // Unwinds like a panic without the message of one in the output of the tests.
        Action::Panic => std::panic::resume_unwind(Box::new("a script says so")),
    }
}
