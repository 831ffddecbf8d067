//! The instruments of a script, and measuring with them: directly, bound to attributes, or on another thread.

use std::collections::HashMap;

use wasmeter_engine::{BoundRecorder, Recorder, Rejection};
use wasmeter_model::{SpanContext, Timestamp};

use super::Fault;
use super::instruments::values;
use super::values::attributes;
use super::words::Words;

/// What a script may record with, by handle.
#[derive(Default)]
pub(super) struct Measured {
    recorders: HashMap<String, Recorder>,
    bound: HashMap<String, BoundRecorder>,
    /// The span in whose context is measured.
    span: Option<SpanContext>,
}

impl Measured {
    pub(super) fn insert(&mut self, handle: String, recorder: Recorder) {
        self.recorders.insert(handle, recorder);
    }

    pub(super) fn recorder(&self, handle: &str) -> Result<&Recorder, Fault> {
        self.recorders.get(handle).ok_or_else(|| format!("there is no instrument `{handle}`"))
    }

    /// `context trace=7 span=8 [sampled]`, the identifiers in hexadecimal digits; without a word there is no span.
    pub(super) fn context(&mut self, words: &mut Words<'_>) -> Result<(), Fault> {
        self.span = None;
        if words.peek().is_some() {
            let mut id = |key: &str| {
                let word = words.next(&format!("`{key}=`"))?;
                let digits = word.strip_prefix(key).and_then(|rest| rest.strip_prefix('='));
                digits
                    .and_then(|digits| u64::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| format!("expected `{key}=` and hexadecimal digits, found `{word}`"))
            };
            let (trace_id, span_id) = (id("trace")?.into(), id("span")?);
            self.span = Some(SpanContext { trace_id, span_id, is_sampled: words.take("sampled") });
        }
        Ok(())
    }

    /// `record INSTRUMENT NUMBER… [key=value]…`; what is bound has its attributes already.
    pub(super) fn record(&self, words: &mut Words<'_>, now: Timestamp) -> Result<(), Fault> {
        let handle = words.next("an instrument")?;
        if let Some(bound) = self.bound.get(handle) {
            for value in values(words, bound.instrument())? {
                bound.sample(value, self.span, now);
                bound.record(value, || now);
            }
            return Ok(());
        }
        let recorder = self.recorder(handle)?;
        let values = values(words, recorder.instrument())?;
        let attributes = attributes(&words.rest())?;
        for value in values {
            recorder.sample(value, &attributes, self.span, now);
            recorder.record(value, &attributes, now);
        }
        Ok(())
    }

    /// `bind INSTRUMENT as HANDLE [key=value]…`
    pub(super) fn bind(&mut self, words: &mut Words<'_>, now: Timestamp) -> Result<Option<Rejection>, Fault> {
        let recorder = self.recorder(words.next("an instrument")?)?;
        if !words.take("as") {
            return Err("expected `as` and a handle".to_owned());
        }
        let handle = words.next("a handle")?.to_owned();
        match recorder.bind(&attributes(&words.rest())?, now) {
            Ok(bound) => {
                self.bound.insert(handle, bound);
                Ok(None)
            }
            Err(rejection) => Ok(Some(rejection)),
        }
    }

    /// Does what lines that begin with `record` say, on a thread of its own, which has ended when this returns.
    pub(super) fn elsewhere(&self, lines: &[String], now: Timestamp) -> Result<(), Fault> {
        let record = |line: &String| {
            let mut words = Words::of(line)?;
            if !words.take("record") {
                return Err(format!("a thread can only `record`, found `{line}`"));
            }
            self.record(&mut words, now).and_then(|()| words.end())
        };
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| lines.iter().try_for_each(record));
            thread.join().unwrap_or_else(|_| Err("the thread panicked".to_owned()))
        })
    }
}
