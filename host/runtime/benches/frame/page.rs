//! The result as `docs/benchmarks-frame.md`.

use std::fmt::Write;

use super::Figures;

fn file(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Where it was measured.
fn machine() -> String {
    let cpu = file("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1)).unwrap_or(" unknown");
    let load = file("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    let kernel = file("/proc/sys/kernel/osrelease");
    format!("{}, Linux {}, load {load} at the end", model.trim(), kernel.trim())
}

/// The page; `check` is what the host's check of the smaller frame costs, which the columns' figure has in it.
pub(crate) fn markdown(figures: &[Figures], check: f64) -> String {
    let mut page = format!(
        "# What a frame costs on its way through a processor\n\n\
         10,000 points of five attributes of a gauge; a plugin removes one attribute and returns the rest, or only reads the values.\n\
         Nanoseconds for a point, from the host to the plugin and back. Written by\n\n\
         ```sh\n\
         cargo xtask bench frame --markdown docs/benchmarks-frame.md\n\
         ```\n\n\
         Machine: {}.\n\n\
         Each way first proves that it yields the same points. A figure is the fastest of {} rounds of a whole frame: whatever else the\n\
         machine does can only add to it. The columns are those of the plugin contract, the plugin is written with the SDK, and the\n\
         figure is of all that the host does: copies the frame, calls, copies what comes back and checks it ({check:.1} ns of the second\n\
         figure). The other two shapes are copied and called, and not checked.\n\n\
         | what crosses the sandbox | only read | remove one attribute | targets |\n|---|---:|---:|---|\n",
        machine(),
        super::ROUNDS
    );
    for Figures { way, read, remove, targets } in figures {
        let verdict = targets.map_or(String::new(), |(read_max, remove_max)| {
            let word = |figure: f64, limit: f64| if figure <= limit { "ok" } else { "MISSED" };
            format!(
                "<= {read_max} {}, <= {remove_max} {}",
                word(*read, read_max),
                word(remove - check, remove_max)
            )
        });
        // A `String` takes all text.
        let _infallible = writeln!(page, "| {way} | {read:.1} | {remove:.1} | {verdict} |");
    }
    page
}
