//! A meter: the instruments of one scope.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::metrics::{
    AsyncInstrumentBuilder, Callback, Counter, Gauge, Histogram, HistogramBuilder, InstrumentBuilder,
    InstrumentProvider, ObservableCounter, ObservableGauge, ObservableUpDownCounter, SyncInstrument,
    UpDownCounter,
};
use wasmeter_engine::{Recorder, Rejection};
use wasmeter_model::{Advisory, Instrument, InstrumentKind as Kind, NumberKind, Origin, Scope};

use crate::diagnostics::DiagnosticKind;
use crate::error::RegisterError;
use crate::instrument::{
    Measured, Silent, Synchronous, advice_conflict, boundaries_fault, conflict, is_same, name_fault, of_one,
    register,
};
use crate::meters::MeterState;
use crate::observables::{Described, Observed, Observer};
use crate::provider::Core;

/// Makes the instruments of a scope.
pub(crate) struct ScopedInstruments {
    core: Arc<Core>,
    state: Arc<MeterState>,
}

/// The meter of a provider that has been shut down: all its instruments are silent.
pub(crate) struct NoInstruments;

impl InstrumentProvider for NoInstruments {}

/// What a builder of the API was told.
struct Wanted {
    name: Cow<'static, str>,
    description: Option<Cow<'static, str>>,
    unit: Option<Cow<'static, str>>,
    boundaries: Option<Vec<f64>>,
}

impl ScopedInstruments {
    pub(crate) fn new(core: Arc<Core>, scope: Scope) -> Self {
        if scope.name.is_empty() {
            let message =
                "a meter without a name was asked for; it works, but nobody can tell whose it is".to_owned();
            core.diagnostics.tell_once(DiagnosticKind::MeterName, message);
        }
        let state = core.meters.meter(scope);
        Self { core, state }
    }

    /// The instrument as the engine knows it, whatever is wrong with it told.
    fn instrument(&self, kind: Kind, number: NumberKind, wanted: Wanted) -> Instrument {
        let diagnostics = &self.core.diagnostics;
        if let Some(fault) = name_fault(&wanted.name).filter(|_| !wanted.name.is_empty()) {
            let shown: String = wanted.name.chars().take(300).collect();
            let message = format!("instrument name `{shown}` is not valid: {fault}; it is used as it is");
            diagnostics.tell_once(DiagnosticKind::InstrumentName, message);
        }
        let advised = self.core.advice.about(&self.state.scope.name, &wanted.name);
        let boundaries = wanted.boundaries.map(Arc::from).or(advised.boundaries);
        let boundaries = boundaries.filter(|boundaries| {
            let fault = boundaries_fault(boundaries);
            if let Some(fault) = &fault {
                let message = format!(
                    "the boundaries advised for instrument `{}` are not valid: {fault}; the default ones are used",
                    wanted.name
                );
                diagnostics.tell_once(DiagnosticKind::Boundaries, message);
            }
            fault.is_none()
        });
        let mut instrument = Instrument {
            name: wanted.name.into(),
            description: wanted.description.unwrap_or_default().into(),
            unit: wanted.unit.unwrap_or_default().into(),
            kind,
            number,
            origin: Origin::Recorded,
            scope: self.state.scope.clone(),
            resource: self.core.resource.clone(),
            advisory: Advisory { boundaries, attributes: advised.attributes },
        };
        if let Some(first) = self.core.known.of(&self.state.scope, &instrument.name).first() {
            let name = &first.instrument().name;
            if *name != instrument.name {
                let both = format!(
                    "instrument `{}` is also named `{name}`; the first name is used",
                    instrument.name
                );
                self.duplicate(&both);
            }
            instrument.name = name.clone();
        }
        instrument
    }

    /// Has the engine make an instrument, and tells how it conflicts with those of its name.
    fn made(&self, instrument: &Instrument) -> Result<Recorder, Rejection> {
        let recorder = self.core.engine.instrument(instrument.clone(), self.core.now())?;
        let before = self.core.known.of(&self.state.scope, &instrument.name);
        // What there is to say about an instrument that was there before has been said.
        let same = before.iter().find(|before| is_same(before.instrument(), instrument));
        let found = match same {
            Some(same) => advice_conflict(same.instrument(), instrument),
            None => before.iter().find_map(|before| conflict(before, &recorder)),
        };
        if let Some(found) = found {
            self.duplicate(&found);
        }
        self.core.known.remember(&recorder);
        Ok(recorder)
    }

    fn duplicate(&self, message: &str) {
        let message = format!("{message} (scope `{}`)", self.state.scope.name);
        self.core.diagnostics.tell_once(DiagnosticKind::Duplicate, message);
    }

    fn synchronous<N: Measured>(
        &self,
        kind: Kind,
        wanted: Wanted,
    ) -> Arc<dyn SyncInstrument<N> + Send + Sync> {
        if self.core.is_shut_down() {
            return Arc::new(Silent);
        }
        let instrument = self.instrument(kind, N::KIND, wanted);
        match self.made(&instrument) {
            Ok(recorder) => Arc::new(Synchronous::new(self.core.clone(), self.state.clone(), recorder)),
            Err(reason) => {
                self.refused(&instrument, reason);
                Arc::new(Silent)
            }
        }
    }

    fn observable<N: Measured>(&self, kind: Kind, wanted: Wanted, callbacks: Vec<Callback<N>>) {
        if self.core.is_shut_down() {
            return;
        }
        let instrument = self.instrument(kind, N::KIND, wanted);
        // Without a callback it reports nothing, but it is there for a second one of its name to conflict with.
        let made = self.made(&instrument).and_then(|_| {
            callbacks.into_iter().try_for_each(|callback| {
                let function = of_one(self.core.tally.clone(), self.if_enabled(callback));
                register(&self.core, vec![instrument.clone()], function).map(drop)
            })
        });
        if let Err(reason) = made {
            self.refused(&instrument, reason);
        }
    }

    /// Registers a callback for several instruments, or one that may be removed.
    ///
    /// # Errors
    ///
    /// The engine does not take one of the instruments, or there is none.
    pub(crate) fn register_callback(
        &self,
        instruments: Vec<Arc<Described>>,
        callback: impl Fn(&Observer<'_>) + Send + Sync + 'static,
    ) -> Result<u64, RegisterError> {
        let first = instruments.first().ok_or(RegisterError::NoInstruments)?.name.clone();
        let refused = |name: &str, reason| RegisterError::Refused { instrument: name.to_owned(), reason };
        let mut made = Vec::new();
        for described in &instruments {
            let Described { name, description, unit, kind, number } = Described::clone(described);
            let wanted = Wanted { name, description: Some(description), unit: Some(unit), boundaries: None };
            let instrument = self.instrument(kind, number, wanted);
            self.made(&instrument).map_err(|reason| refused(&instrument.name, reason))?;
            made.push(instrument);
        }
        let core = &self.core;
        let observed =
            Observed { instruments, tally: core.tally.clone(), diagnostics: core.diagnostics.clone() };
        let state = self.state.clone();
        let function = move |observer: &mut wasmeter_engine::Observer<'_>| {
            if state.is_enabled() {
                observed.by(observer, &callback);
            }
        };
        register(core, made, function).map_err(|reason| refused(&first, reason))
    }

    /// The same callback, but it does not run while the Meter is disabled.
    fn if_enabled<N: Measured>(&self, callback: Callback<N>) -> Callback<N> {
        let state = self.state.clone();
        Box::new(move |observer| {
            if state.is_enabled() {
                callback(observer);
            }
        })
    }

    fn refused(&self, instrument: &Instrument, reason: Rejection) {
        self.core.tally.instruments_refused.add();
        let message = format!("instrument `{}` records nothing: {reason}", instrument.name);
        self.core.diagnostics.tell_once(DiagnosticKind::Refused, message);
    }
}

macro_rules! synchronous {
    ($($method:ident: $handle:ident<$number:ty>, $kind:ident;)*) => {$(
        fn $method(&self, builder: InstrumentBuilder<'_, $handle<$number>>) -> $handle<$number> {
            let InstrumentBuilder { name, description, unit, .. } = builder;
            let wanted = Wanted { name, description, unit, boundaries: None };
            $handle::new(self.synchronous::<$number>(Kind::$kind, wanted))
        }
    )*};
}

macro_rules! histogram {
    ($($method:ident: $number:ty;)*) => {$(
        fn $method(&self, builder: HistogramBuilder<'_, Histogram<$number>>) -> Histogram<$number> {
            let HistogramBuilder { name, description, unit, boundaries, .. } = builder;
            let wanted = Wanted { name, description, unit, boundaries };
            Histogram::new(self.synchronous::<$number>(Kind::Histogram, wanted))
        }
    )*};
}

macro_rules! observable {
    ($($method:ident: $handle:ident<$number:ty>, $kind:ident;)*) => {$(
        fn $method(&self, builder: AsyncInstrumentBuilder<'_, $handle<$number>, $number>) -> $handle<$number> {
            let AsyncInstrumentBuilder { name, description, unit, callbacks, .. } = builder;
            let wanted = Wanted { name, description, unit, boundaries: None };
            self.observable::<$number>(Kind::$kind, wanted, callbacks);
            $handle::new()
        }
    )*};
}

impl InstrumentProvider for ScopedInstruments {
    synchronous! {
        u64_counter: Counter<u64>, Counter;
        f64_counter: Counter<f64>, Counter;
        i64_up_down_counter: UpDownCounter<i64>, UpDownCounter;
        f64_up_down_counter: UpDownCounter<f64>, UpDownCounter;
        u64_gauge: Gauge<u64>, Gauge;
        i64_gauge: Gauge<i64>, Gauge;
        f64_gauge: Gauge<f64>, Gauge;
    }

    histogram! {
        u64_histogram: u64;
        f64_histogram: f64;
    }

    observable! {
        u64_observable_counter: ObservableCounter<u64>, ObservableCounter;
        f64_observable_counter: ObservableCounter<f64>, ObservableCounter;
        i64_observable_up_down_counter: ObservableUpDownCounter<i64>, ObservableUpDownCounter;
        f64_observable_up_down_counter: ObservableUpDownCounter<f64>, ObservableUpDownCounter;
        u64_observable_gauge: ObservableGauge<u64>, ObservableGauge;
        i64_observable_gauge: ObservableGauge<i64>, ObservableGauge;
        f64_observable_gauge: ObservableGauge<f64>, ObservableGauge;
    }
}
