//! What the commands of a script act on.

use std::collections::HashMap;
use std::sync::Arc;

use wasmeter_engine::{Engine, EngineConfig, IngestReport, PreparedSwap, Rejection, Views};
use wasmeter_model::frame::Frame;
use wasmeter_model::limits::Limits;
use wasmeter_model::{ExemplarFilter, Instrument, InstrumentKind, Resource, Scope, Timestamp};

use super::callbacks::{Behaviour, Names};
use super::file::Command;
use super::instruments::{instrument, kind};
use super::measured::Measured;
use super::values::{duration, time};
use super::words::{Words, parsed};
use super::{Fault, frames, print, readers, views};

/// A registered callback.
struct Callback {
    number: u64,
    observed: Vec<(String, Instrument)>,
    behaviour: Behaviour,
}

/// The engine, once it is made, and what the script calls things by.
pub(super) struct World {
    now: Timestamp,
    config: EngineConfig,
    readers: Vec<String>,
    first_views: Views,
    engine: Option<Engine>,
    resource: Arc<Resource>,
    scope: Arc<Scope>,
    measured: Measured,
    callbacks: HashMap<String, Callback>,
    prepared: HashMap<String, PreparedSwap>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            now: time("0s").unwrap_or_default(),
            config: EngineConfig::default(),
            readers: Vec::new(),
            first_views: Views::default(),
            engine: None,
            resource: Arc::default(),
            scope: Arc::default(),
            measured: Measured::default(),
            callbacks: HashMap::new(),
            prepared: HashMap::new(),
        }
    }
}

fn refusal(rejection: Rejection) -> String {
    format!("refused {}: {rejection}", rejection.name())
}

impl World {
    /// Does what a command says. The result is what the command says in turn; empty for most.
    pub(super) fn run(&mut self, command: &Command) -> Result<String, Fault> {
        let mut words = Words::of(&command.text)?;
        let verb = words.next("a command")?;
        let has_body = matches!(verb, "callback" | "thread" | "receive" | "observe" | "swap" | "prepare");
        if !has_body && !command.body.is_empty() {
            return Err(format!("no lines may be indented below `{verb}`"));
        }
        let said = match verb {
            "at" => {
                self.now = time(words.next("a time")?)?;
                String::new()
            }
            "reader" | "limits" | "exemplar_filter" | "view" | "plugin" | "mode" if self.engine.is_some() => {
                let is_view = matches!(verb, "view" | "plugin" | "mode");
                let instead = if is_view { "; later Views come with `swap`" } else { "" };
                return Err(format!("`{verb}` must come before what makes the engine start{instead}"));
            }
            "reader" => {
                self.readers.push(words.next("a name")?.to_owned());
                self.config.readers.push(readers::read(&mut words)?);
                String::new()
            }
            "limits" => self.limits(&mut words)?,
            "exemplar_filter" => {
                self.config.exemplar_filter = match words.next("a filter")? {
                    "always_on" => ExemplarFilter::AlwaysOn,
                    "always_off" => ExemplarFilter::AlwaysOff,
                    "trace_based" => ExemplarFilter::TraceBased,
                    other => return Err(format!("`{other}` is no exemplar filter")),
                };
                String::new()
            }
            "view" | "plugin" | "mode" => {
                words.rest();
                views::read(&command.text, &mut self.first_views)?;
                String::new()
            }
            "resource" => {
                self.resource = frames::resource_of(&mut words)?;
                String::new()
            }
            "scope" => {
                self.scope = frames::scope_of(&mut words)?;
                String::new()
            }
            "record" => {
                self.measured.record(&mut words, self.now)?;
                String::new()
            }
            "context" => {
                self.measured.context(&mut words)?;
                String::new()
            }
            "bind" => self.measured.bind(&mut words, self.now)?.map(refusal).unwrap_or_default(),
            "thread" => {
                self.measured.elsewhere(&command.body, self.now)?;
                String::new()
            }
            "callback" => self.callback(&mut words, &command.body)?,
            "unregister" => self.unregister(&mut words)?,
            "receive" => self.receive(&command.body, Engine::ingest)?,
            "observe" => self.receive(&command.body, Engine::ingest_observed)?,
            "collect" => self.collect(&mut words)?,
            "swap" => self.swap(&command.body)?,
            "prepare" => self.prepare(words.next("a name")?, &command.body)?,
            "commit" => {
                let name = words.next("a prepared swap")?;
                let prepared =
                    self.prepared.remove(name).ok_or_else(|| format!("no swap `{name}` is prepared"))?;
                let now = self.now;
                self.engine().commit_swap(prepared, now);
                String::new()
            }
            "enabled" => self.measured.recorder(words.next("an instrument")?)?.is_enabled().to_string(),
            "notices" => self.notices(),
            "counts" => self.counts(),
            "held" => self.held(),
            _ => match kind(verb) {
                Some(kind) => self.instrument(kind, &mut words)?,
                None => return Err(format!("`{verb}` is no command")),
            },
        };
        words.end()?;
        Ok(said)
    }

    /// The engine; the first command that needs it starts it with what was declared so far.
    fn engine(&mut self) -> &Engine {
        let Self { engine, config, first_views, now, .. } = self;
        engine.get_or_insert_with(|| Engine::new(config.clone(), std::mem::take(first_views), *now))
    }

    /// `limits [instruments=N] [sources=N] [current_expiry=30s] [idle_expiry=1h]`
    fn limits(&mut self, words: &mut Words<'_>) -> Result<String, Fault> {
        let limits: &mut Limits = &mut self.config.limits;
        for (key, value) in words.options()? {
            match key {
                "instruments" => limits.instruments_max = parsed(value)?,
                "sources" => limits.sources_max = parsed(value)?,
                "observations" => limits.observations_max = parsed(value)?,
                "current_expiry" => limits.current_expiry = duration(value)?,
                "idle_expiry" => limits.idle_expiry = duration(value)?,
                _ => return Err(format!("`{key}` is not known here")),
            }
        }
        Ok(String::new())
    }

    fn instrument(&mut self, kind: InstrumentKind, words: &mut Words<'_>) -> Result<String, Fault> {
        let (handle, instrument) = instrument(kind, words, &self.resource, &self.scope)?;
        let now = self.now;
        match self.engine().instrument(instrument, now) {
            Ok(recorder) => {
                self.measured.insert(handle, recorder);
                Ok(String::new())
            }
            Err(rejection) => Ok(refusal(rejection)),
        }
    }

    /// `callback NAME INSTRUMENT…` registers one; `callback NAME` alone changes what it does.
    fn callback(&mut self, words: &mut Words<'_>, body: &[String]) -> Result<String, Fault> {
        let name = words.next("a name")?;
        let handles = words.rest();
        let is_known = self.callbacks.contains_key(name);
        if is_known != handles.is_empty() {
            return Err(format!(
                "a callback is registered with its instruments once, and then named without them, found `{name}`"
            ));
        }
        if is_known {
            let Some(callback) = self.callbacks.get(name) else { return Ok(String::new()) };
            callback.behaviour.become_lines(body, &self.names(&callback.observed))?;
            return Ok(String::new());
        }
        let observed: Result<Vec<(String, Instrument)>, Fault> = handles
            .into_iter()
            .map(|handle| Ok((handle.to_owned(), self.measured.recorder(handle)?.instrument().clone())))
            .collect();
        let observed = observed?;
        let behaviour = Behaviour::default();
        behaviour.become_lines(body, &self.names(&observed))?;
        let instruments = observed.iter().map(|(_, instrument)| instrument.clone()).collect();
        let (now, engine) = (self.now, self.engine().clone());
        match engine.observe(instruments, behaviour.callback(engine.clone()), now) {
            Ok(number) => {
                self.callbacks.insert(name.to_owned(), Callback { number, observed, behaviour });
                Ok(String::new())
            }
            Err(rejection) => Ok(refusal(rejection)),
        }
    }

    fn names<'a>(&'a self, observed: &'a [(String, Instrument)]) -> Names<'a> {
        Names { observed, measured: &self.measured, resource: &self.resource, scope: &self.scope }
    }

    fn unregister(&mut self, words: &mut Words<'_>) -> Result<String, Fault> {
        let name = words.next("a callback")?;
        let number = self.number_of(name)?;
        self.callbacks.remove(name);
        let was_there = self.engine().unregister(number);
        if was_there { Ok(String::new()) } else { Err(format!("the engine does not know callback `{name}`")) }
    }

    fn receive(
        &mut self,
        body: &[String],
        ingest: fn(&Engine, &Frame, Timestamp) -> IngestReport,
    ) -> Result<String, Fault> {
        let frame = frames::read(body, self.resource.clone(), self.scope.clone())?;
        let now = self.now;
        let report = ingest(self.engine(), &frame, now);
        let mut lines: Vec<String> = report
            .rejected
            .iter()
            .map(|(reason, points)| format!("refused {points} {}", reason.name()))
            .collect();
        if report.duplicate_keys > 0 {
            lines.push(format!("duplicate_keys {}", report.duplicate_keys));
        }
        if !lines.is_empty() {
            lines.insert(0, format!("accepted {}", report.accepted));
        }
        Ok(lines.join("\n"))
    }

    fn collect(&mut self, words: &mut Words<'_>) -> Result<String, Fault> {
        let name = words.next("a reader")?;
        let reader = self.readers.iter().position(|reader| reader == name);
        let reader = reader.ok_or_else(|| format!("there is no reader `{name}`"))?;
        let now = self.now;
        if !words.take("without") {
            return Ok(print::frame(&self.engine().collect(reader, now)));
        }
        // As if these callbacks had not ended in time.
        let late: Result<Vec<u64>, Fault> =
            words.rest().into_iter().map(|name| self.number_of(name)).collect();
        let late = late?;
        let runs = self.engine().callback_runs(now).into_iter();
        let ended = runs.filter(|run| !late.contains(&run.callback())).filter_map(|run| run.run().ok());
        let observations = ended.collect();
        Ok(print::frame(&self.engine().collect_observed(reader, observations, now)))
    }

    fn number_of(&self, callback: &str) -> Result<u64, Fault> {
        let known = self.callbacks.get(callback);
        known.map(|callback| callback.number).ok_or_else(|| format!("there is no callback `{callback}`"))
    }

    fn views(body: &[String]) -> Result<Views, Fault> {
        let mut all = Views::default();
        for line in body {
            views::read(line, &mut all).map_err(|fault| format!("{fault}, in `{line}`"))?;
        }
        Ok(all)
    }

    fn swap(&mut self, body: &[String]) -> Result<String, Fault> {
        let (views, now) = (Self::views(body)?, self.now);
        let refused = self.engine().swap(views, now).err();
        Ok(refused.map(|fault| format!("refused: {fault}")).unwrap_or_default())
    }

    fn prepare(&mut self, name: &str, body: &[String]) -> Result<String, Fault> {
        let views = Self::views(body)?;
        match self.engine().prepare_swap(views) {
            Ok(prepared) => {
                self.prepared.insert(name.to_owned(), prepared);
                Ok(String::new())
            }
            Err(fault) => Ok(format!("refused: {fault}")),
        }
    }

    fn notices(&mut self) -> String {
        let notices = self.engine().notices();
        let lines = notices.iter().map(|notice| format!("{}: {}", notice.instrument, notice.message));
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() { "(none)".to_owned() } else { lines.join("\n") }
    }

    fn counts(&mut self) -> String {
        let counts = self.engine().counts();
        let mut lines = vec![format!("accepted {}", counts.accepted)];
        let refused = counts.rejected.iter().filter(|(_, points)| *points > 0);
        lines.extend(refused.map(|(reason, points)| format!("refused {points} {}", reason.name())));
        if counts.view_faults > 0 {
            lines.push(format!("view_faults {}", counts.view_faults));
        }
        lines.join("\n")
    }

    fn held(&mut self) -> String {
        let counts = self.engine().counts();
        format!("instruments {}\nsources {}\nseries {}", counts.instruments, counts.sources, counts.series)
    }
}
