//! One worker as an OTLP client: it serves, records, and exports at its interval.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};
use wasmeter_model::Timestamp;
use wasmeter_otlp::export::{ConfigError, ExportConfig, Exporter};

use crate::complain;
use crate::report::{Identity, report};
use crate::service::{Service, Totals};

/// How often requests are served, several at a time.
const TICK: Duration = Duration::from_millis(20);
/// How long an export may take with all its attempts.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// What all workers have in common.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) endpoint: String,
    pub(crate) requests_per_sec: u32,
    pub(crate) orders: u32,
    pub(crate) interval: Duration,
    pub(crate) seed: u64,
}

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Stop serving, export, and say what was recorded, or why the export failed.
    Pause(oneshot::Sender<Result<Totals, String>>),
    /// Serve again.
    Resume,
}

/// One worker.
#[derive(Debug)]
pub(crate) struct Client {
    service: Service,
    identity: Identity,
    exporter: Exporter,
    requests_per_sec: u32,
    interval: Duration,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, which stands for an application and its SDK"
)]
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
}

impl Client {
    /// The worker of this number. Nothing is connected yet.
    pub(crate) fn new(number: u16, settings: &Settings) -> Result<Self, ConfigError> {
        let seed = settings.seed.wrapping_mul(1009).wrapping_add(u64::from(number));
        let config = ExportConfig {
            timeout: EXPORT_TIMEOUT,
            retry_seed: Some(seed),
            ..ExportConfig::new(settings.endpoint.clone())
        };
        Ok(Self {
            service: Service::new(seed, settings.orders),
            identity: Identity {
                instance: format!("worker-{number}"),
                pid: 4000 + i64::from(number),
                start: now(),
            },
            exporter: Exporter::grpc(config)?,
            requests_per_sec: settings.requests_per_sec,
            interval: settings.interval,
        })
    }

    /// Works until nobody can tell it anything any more.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let (mut ticks, mut exports) = (interval(TICK), interval(self.interval));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        exports.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut served_until = Instant::now();
        let mut paused = false;
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(Command::Pause(reply)) => {
                        paused = true;
                        let exported = self.export().await;
                        // Whoever asked may have gone.
                        drop(reply.send(exported.map(|()| self.service.totals())));
                    }
                    Some(Command::Resume) => {
                        paused = false;
                        served_until = Instant::now();
                    }
                    None => return,
                },
                _ = ticks.tick(), if !paused => served_until = self.serve(served_until),
                _ = exports.tick(), if !paused => {
                    // Not lost: the next one tells the same and more, since all is cumulative.
                    if let Err(error) = self.export().await {
                        complain(&format!("{}: {error}", self.identity.instance));
                    }
                }
            }
        }
    }

    /// Serves the requests that have come since `from`; until when they have been served.
    fn serve(&mut self, from: Instant) -> Instant {
        let between = Duration::from_secs(1) / self.requests_per_sec.max(1);
        let due = from.elapsed().as_nanos() / between.as_nanos().max(1);
        // After a long export some have gone elsewhere: a second's worth is what may wait.
        let due = u32::try_from(due).unwrap_or(u32::MAX);
        for _ in 0..due.min(self.requests_per_sec) {
            self.service.serve();
        }
        from + between.saturating_mul(due)
    }

    async fn export(&self) -> Result<(), String> {
        let frame = report(&self.service, &self.identity, now());
        let exported = self.exporter.export(&frame, Instant::now() + EXPORT_TIMEOUT).await;
        match exported {
            Ok(exported) if exported.rejected > 0 => {
                Err(format!("{} points were rejected: {}", exported.rejected, exported.message))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}
