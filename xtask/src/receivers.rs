//! Programs the tests send metrics to, as Debian packages them: unpacked below `target/receivers`, not installed, which needs no
//! root and leaves the machine alone.

use std::path::{Path, PathBuf};

use crate::{debian, workspace};

/// What the tests are told; `None` where there are no Debian packages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receivers {
    /// Prometheus.
    pub(crate) prometheus: Option<PathBuf>,
    /// VictoriaMetrics, which takes the line protocol of InfluxDB.
    pub(crate) victoria_metrics: Option<PathBuf>,
}

/// Fetches what is not there yet.
pub(crate) fn prepare() -> anyhow::Result<Receivers> {
    let dir = workspace::target().join("receivers");
    Ok(Receivers {
        prometheus: program(&dir, "prometheus")?,
        victoria_metrics: program(&dir, "victoria-metrics")?,
    })
}

/// The program of the package of its name.
fn program(dir: &Path, name: &str) -> anyhow::Result<Option<PathBuf>> {
    let dir = dir.join(name);
    let program = dir.join("usr/bin").join(name);
    if program.is_file() {
        return Ok(Some(program));
    }
    if !debian::is_here() {
        println!("no `apt-get` and `dpkg-deb` here: tests against {name} are skipped");
        return Ok(None);
    }
    println!("fetching {name} into {}", dir.display());
    // What an earlier attempt has left.
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    debian::unpack(&[name.to_owned()], &dir)?;
    anyhow::ensure!(program.is_file(), "the package `{name}` has no `{}`", program.display());
    Ok(Some(program))
}
