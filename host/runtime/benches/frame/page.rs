//! The result as `docs/benchmarks-frame.md`.

use std::fmt::Write;

use super::Figures;
use super::columns::Parts;

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

/// Whether a target is met.
fn verdict(figure: f64, limit: f64) -> String {
    let word = if figure <= limit { "ok" } else { "MISSED" };
    format!("<= {limit} {word}")
}

/// The page.
pub(crate) fn markdown(columns: &Parts, interned: f64, others: &[Figures]) -> String {
    let Parts { arguments, read, remove, result, check } = columns;
    let targets = format!("{}, {}", verdict(read.call, 10.0), verdict(remove.call, 60.0));
    let mut page = format!(
        "# What a frame costs on its way through a processor\n\n\
         10,000 points of five attributes of a gauge; a plugin removes one attribute and returns the rest, or only reads the values.\n\
         Nanoseconds for a point. Written by\n\n\
         ```sh\n\
         cargo xtask bench frame --markdown docs/benchmarks-frame.md\n\
         ```\n\n\
         Machine: {}.\n\n\
         Each way first proves that it yields the same points. A figure is the fastest of {} rounds of a whole frame: whatever else the\n\
         machine does can only add to it. The columns are those of the plugin contract, and the plugin is written with the SDK. A call\n\
         is the arguments' way into the sandbox, the plugin's work, and the result's way out. The targets are for the columns' call.\n\n\
         | what crosses the sandbox, the call alone | only read | remove one attribute | targets |\n|---|---:|---:|---|\n\
         | columns | {:.1} | {:.1} | {targets} |\n",
        machine(),
        super::ROUNDS,
        read.call,
        remove.call,
    );
    for Figures { way, read, remove } in others {
        // A `String` takes all text.
        let _infallible = writeln!(page, "| {way} | {read:.1} | {remove:.1} |  |");
    }
    let _infallible = write!(
        page,
        "\nWhere the columns' time goes. The parts of a call are told apart by plugins that do not look at the frame, or return it as it\n\
         came; what is around the call is the host's: it hands the columns over, takes no part of the answer on trust (the model's check\n\
         is {check:.1} of it), and lets go of the frame that was replaced. Before the first of all processors the engine's attribute sets,\n\
         which a collection has as they are, become rows of keys and values.\n\n\
         | step | only read | remove one attribute |\n|---|---:|---:|\n\
         | before the first processor: sets become rows | {interned:.1} | {interned:.1} |\n\
         | arguments in | {arguments:.1} | {arguments:.1} |\n\
         | the plugin's work | {:.1} | {:.1} |\n\
         | result out | | {result:.1} |\n\
         | around the call: the host's columns and check | {:.1} | {:.1} |\n\
         | all that the host does | {:.1} | {:.1} |\n",
        read.call - arguments,
        remove.call - arguments - result,
        read.whole - read.call,
        remove.whole - remove.call,
        read.whole + interned,
        remove.whole + interned,
    );
    page
}
