//! Callbacks for several instruments, and such that are removed: what the `opentelemetry` API has no words for.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, Weak};

use opentelemetry::KeyValue;
use wasmeter_model::{Attributes, InstrumentKind, Number, NumberKind};

use crate::attributes::set_of;
use crate::counts::Tally;
use crate::diagnostics::{DiagnosticKind, Diagnostics};
use crate::instrument::Measured;
use crate::lock;
use crate::provider::Core;

/// An observable instrument that reports values of type `N`: described here, made by
/// [`crate::MeterProvider::register_callback`]. Clones are the same instrument.
///
/// One that is described like an instrument of a [`opentelemetry::metrics::Meter`] of the same scope is that instrument: so a
/// callback can be given to an instrument that exists.
pub struct ObservableInstrument<N> {
    described: Arc<Described>,
    number: PhantomData<fn(N)>,
}

/// What is said of an instrument; which one it is, is which `Arc` it is in.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) unit: Cow<'static, str>,
    pub(crate) kind: InstrumentKind,
    pub(crate) number: NumberKind,
}

impl<N: Measured> ObservableInstrument<N> {
    fn new(name: impl Into<Cow<'static, str>>, kind: InstrumentKind) -> Self {
        let described = Described {
            name: name.into(),
            description: Cow::Borrowed(""),
            unit: Cow::Borrowed(""),
            kind,
            number: N::KIND,
        };
        Self { described: Arc::new(described), number: PhantomData }
    }

    /// An observable gauge: a value that is not added to others.
    pub fn gauge(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, InstrumentKind::ObservableGauge)
    }

    /// Sets the unit, for example `By` or `{connection}` (metrics API, "Instrument unit").
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<Cow<'static, str>>) -> Self {
        Arc::make_mut(&mut self.described).unit = unit.into();
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        Arc::make_mut(&mut self.described).description = description.into();
        self
    }
}

impl ObservableInstrument<u64> {
    /// An observable counter: a total that only grows.
    pub fn counter(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, InstrumentKind::ObservableCounter)
    }
}

impl ObservableInstrument<i64> {
    /// An observable up-down-counter: a total that grows and shrinks.
    pub fn up_down_counter(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, InstrumentKind::ObservableUpDownCounter)
    }
}

impl ObservableInstrument<f64> {
    /// An observable counter: a total that only grows.
    pub fn counter(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, InstrumentKind::ObservableCounter)
    }

    /// An observable up-down-counter: a total that grows and shrinks.
    pub fn up_down_counter(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, InstrumentKind::ObservableUpDownCounter)
    }
}

impl<N> Clone for ObservableInstrument<N> {
    fn clone(&self) -> Self {
        Self { described: self.described.clone(), number: PhantomData }
    }
}

impl<N> std::fmt::Debug for ObservableInstrument<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.described.fmt(f)
    }
}

/// The instruments of one callback: one [`ObservableInstrument`], a tuple of up to eight of any types of number, or an array or
/// `Vec` of them; also nested.
pub trait ObservableInstruments: sealed::Sealed + Send + Sync + 'static {}

impl<T: sealed::Sealed + Send + Sync + 'static> ObservableInstruments for T {}

pub(crate) mod sealed {
    use std::sync::Arc;

    use super::{Described, ObservableInstrument};

    pub trait Sealed {
        #[expect(private_interfaces, reason = "nobody else can implement or call it")]
        fn describe(&self, into: &mut Vec<Arc<Described>>);
    }

    impl<N> Sealed for ObservableInstrument<N> {
        #[expect(private_interfaces, reason = "nobody else can implement or call it")]
        fn describe(&self, into: &mut Vec<Arc<Described>>) {
            into.push(self.described.clone());
        }
    }

    impl<T: Sealed, const COUNT: usize> Sealed for [T; COUNT] {
        #[expect(private_interfaces, reason = "nobody else can implement or call it")]
        fn describe(&self, into: &mut Vec<Arc<Described>>) {
            self.iter().for_each(|instrument| instrument.describe(into));
        }
    }

    impl<T: Sealed> Sealed for Vec<T> {
        #[expect(private_interfaces, reason = "nobody else can implement or call it")]
        fn describe(&self, into: &mut Vec<Arc<Described>>) {
            self.iter().for_each(|instrument| instrument.describe(into));
        }
    }

    macro_rules! tuples {
        ($(($($part:ident $place:tt)*))*) => {$(
            impl<$($part: Sealed),*> Sealed for ($($part,)*) {
                #[expect(private_interfaces, reason = "nobody else can implement or call it")]
                fn describe(&self, into: &mut Vec<Arc<Described>>) {
                    $(self.$place.describe(into);)*
                }
            }
        )*};
    }

    tuples! {
        (A 0)
        (A 0 B 1)
        (A 0 B 1 C 2)
        (A 0 B 1 C 2 D 3)
        (A 0 B 1 C 2 D 3 E 4)
        (A 0 B 1 C 2 D 3 E 4 F 5)
        (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
        (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    }
}

/// What a callback for several instruments reports into, for as long as it runs. May be shared by threads of the callback.
pub struct Observer<'a> {
    observed: &'a Observed,
    /// Takes place, value and attributes.
    sink: Mutex<&'a mut Sink<'a>>,
}

type Sink<'a> = dyn FnMut(usize, Number, &Attributes) + Send + 'a;

/// What a callback for several instruments needs of the provider, which it must not hold.
pub(crate) struct Observed {
    pub(crate) instruments: Vec<Arc<Described>>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) diagnostics: Arc<Diagnostics>,
}

impl Observer<'_> {
    /// Reports the value of an instrument for a set of attributes. Several values for one set are added up; of a gauge the last
    /// one counts. An instrument that the callback was not registered with is not reported; that is counted and told.
    pub fn observe<N: Measured>(
        &self,
        instrument: &ObservableInstrument<N>,
        value: N,
        attributes: &[KeyValue],
    ) {
        let Observed { instruments, tally, diagnostics } = self.observed;
        let is_it = |known: &Arc<Described>| Arc::ptr_eq(known, &instrument.described);
        let Some(place) = instruments.iter().position(is_it) else {
            tally.observations_undeclared.add();
            let message = format!(
                "a callback observes instrument `{}`, which it was not registered with; add it to the instruments \
                 given to `register_callback`",
                instrument.described.name
            );
            diagnostics.tell_once(DiagnosticKind::Callback, message);
            return;
        };
        let number = tally.number(value);
        (lock(&self.sink))(place, number, &set_of(attributes));
    }
}

impl std::fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").field("instruments", &self.observed.instruments).finish_non_exhaustive()
    }
}

impl Observed {
    /// Runs a callback with an observer for these instruments.
    pub(crate) fn by(&self, observer: &mut wasmeter_engine::Observer<'_>, callback: &impl Fn(&Observer<'_>)) {
        let mut sink = |place, value, attributes: &Attributes| observer.observe(place, value, attributes);
        callback(&Observer { observed: self, sink: Mutex::new(&mut sink) });
    }
}

/// A registered callback. It stays registered when this is dropped, until the provider is shut down.
#[derive(Debug)]
pub struct Registration {
    /// Nothing if the provider is disabled.
    pub(crate) callback: Option<(Weak<Core>, u64)>,
}

impl Registration {
    /// Removes the callback (metrics API, "Asynchronous Instrument creation"): it does not begin any more, and if it is running
    /// what it observes does not count. What it holds is dropped, unless it is running, then when it returns. False if the
    /// provider has been shut down, which has removed it.
    pub fn unregister(self) -> bool {
        let core = self.callback.and_then(|(core, number)| Some((core.upgrade()?, number)));
        core.is_some_and(|(core, number)| core.forget_callback(number))
    }
}
