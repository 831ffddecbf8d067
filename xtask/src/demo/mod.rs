//! `cargo xtask demo`: a shop's metrics on their way through the host while plugins come and change.

mod exact;
mod folder;
mod host;
mod page;
mod shop;
mod wait;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::{plugins, shell, toolchain, workspace};
use exact::{Mark, not_fallen};
use folder::Folder;
use host::Host;
use page::Page;
use shop::Shop;

const ORDERS: &str = "shop_orders_total";
const REQUESTS: &str = "http_server_request_duration_seconds_count";

const TEMPLATES: &str = "20-route-template.wasm";
const TEMPLATES_CONFIG: &str = "20-route-template.toml";

const WORKERS: u16 = 4;
const SWAPS: u8 = 6;
/// How many requests the page has before anything is shown of it.
const REQUESTS_AT_FIRST: i64 = 1000;
/// How many series are shown of each kind.
const LINES: usize = 4;

/// Builds and runs all; ends by itself after this time, counted from the host's start, if there is one. The steps are done in
/// any case. Cargo builds them with `variables`.
pub(crate) fn run(seconds: Option<u64>, variables: &[(&str, &str)]) -> anyhow::Result<()> {
    let dir = workspace::target().join("demo");
    let _alone = alone(&dir)?;
    let components = plugins::build(toolchain::From::default())?;
    println!("\nbuilding the host and the shop (the first time takes some minutes)");
    // With the features that the workspace's tests have them built with, which an example counts for as a test does: where those
    // were run, nothing is built again.
    let bins = ["--bin", "wasmeter", "--bin", "shop", "--example", "console"];
    shell::cargo().args(["build", "--locked", "--workspace"]).args(bins).envs(variables).run()?;
    let binary = |name: &str| {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        workspace::target().join("debug").join(file)
    };

    let started = Instant::now();
    let folder = Folder::new(dir.join("plugins"), &components.plugins)?;
    folder.add("10-merge-workers.wasm", "merge-workers")?;
    folder.add("30-http-semconv.wasm", "http-semconv")?;
    let log = dir.join("wasmeter.log");
    let host = Host::start(&binary("wasmeter"), folder.path(), log.clone())?;
    introduce(&host, folder.path(), &log)?;
    let mut shop = Shop::start(&binary("shop"), host.said("OTLP/gRPC")?, WORKERS)?;
    println!(
        "\nThe shop runs: {WORKERS} workers, each an OTLP client with its own resource and cumulative totals."
    );
    println!("merge-workers makes one service of them on the page.");

    let before = show_before(&host)?;
    add_templates(&host, &folder, before)?;
    swap(&host, &folder, &mut shop)?;
    keep_running(&host, started, seconds.map(Duration::from_secs))?;

    let shop = shop.stop()?;
    ensure!(shop.success(), "the shop ended badly: {shop}");
    let ended = host.stop()?;
    ensure!(ended.success(), "the host ended badly: {ended}; its log is `{}`", log.display());
    println!("The shop and the host have stopped, both with exit status 0.");
    Ok(())
}

/// Makes the demo's folder and keeps other demos out of it as long as the file is open.
fn alone(dir: &Path) -> anyhow::Result<fs::File> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let lock = fs::File::create(dir.join("lock")).context("the demo's lock")?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => {
            bail!("another demo uses `{}`; end that one first", shortened(dir))
        }
        Err(fs::TryLockError::Error(error)) => Err(error).context("the demo's lock"),
    }
}

fn introduce(host: &Host, plugins: &Path, log: &Path) -> anyhow::Result<()> {
    println!("\nThe host runs.");
    println!("   page      {}", host.said("Prometheus")?);
    println!("   OTLP      {}", host.said("OTLP/gRPC")?);
    println!("   plugins   {}", shortened(plugins));
    let mut files: Vec<_> = fs::read_dir(plugins)?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        println!("             {}", file.file_name().to_string_lossy());
    }
    let loaded = host.said("plugins")?;
    let loaded = loaded.rsplit_once('(').map_or(loaded, |(_, names)| names.trim_end_matches(')'));
    println!("   loaded    {loaded}");
    println!("   log       {}", shortened(log));
    Ok(())
}

/// Shows what the page looks like without route-template; how many series there are of orders.
fn show_before(host: &Host) -> anyhow::Result<usize> {
    let page = wait::until("traffic on the page", || {
        let page = host.page()?;
        Ok((page.sum(REQUESTS)? >= REQUESTS_AT_FIRST).then_some(page))
    })?;
    let series = page.of(ORDERS).count();
    println!("\n1. Before route-template: every order has series of its own");
    println!("   {series} series of {ORDERS}, such as");
    show(&page, ORDERS);
    Ok(series)
}

/// Adds route-template while traffic flows.
fn add_templates(host: &Host, folder: &Folder, before: usize) -> anyhow::Result<()> {
    println!("\n2. {TEMPLATES} is put into the directory; nothing is restarted");
    let start = Instant::now();
    folder.add(TEMPLATES, "route-template")?;
    let page = wait::until("route templates on the page", || {
        let page = host.page()?;
        let templated = |name: &str| {
            let mut series = page.of(name).peekable();
            series.peek().is_some() && series.all(|sample| sample.label("http_route").is_some())
        };
        Ok((templated(ORDERS) && templated(REQUESTS)).then_some(page))
    })?;
    let after = page.of(ORDERS).count();
    println!("   on the page after {}: {before} series -> {after}", secs(start.elapsed()));
    show(&page, ORDERS);
    show(&page, REQUESTS);
    println!("   Series that are new count from the swap; those it left alone go on.");
    Ok(())
}

/// Replaces route-template again and again while traffic flows, and compares what came meanwhile.
fn swap(host: &Host, folder: &Folder, shop: &mut Shop) -> anyhow::Result<()> {
    println!("\n3. route-template is replaced {SWAPS} times while traffic flows");
    let (first, mut last) = Mark::take(shop, host)?;
    shop.resume()?;
    let mut scrapes = 0_u32;
    for number in 1..=SWAPS {
        let done = swaps(&last, "done");
        let start = Instant::now();
        let what = match number % 2 {
            0 => {
                // Says what the built-in rules find anyway, so that the series stay what they are.
                let config = format!("# Swap {number}\n[config]\ntemplates = [\"/orders/{{id}}\"]\n");
                folder.put(TEMPLATES_CONFIG, config.as_bytes())?;
                "another configuration"
            }
            _ => {
                folder.add_build(TEMPLATES, "route-template", number)?;
                "another build"
            }
        };
        last = wait::until("a swap", || {
            let page = host.page()?;
            scrapes += 1;
            not_fallen(&last, &page)?;
            ensure!(swaps(&page, "refused") == 0, "the host refused a plugin; its log says why");
            Ok((swaps(&page, "done") > done).then_some(page))
        })?;
        println!("   swap {number}: {what:<22} in service after {}", secs(start.elapsed()));
    }
    let (second, page) = Mark::take(shop, host)?;
    not_fallen(&last, &page)?;
    shop.resume()?;
    println!("   {scrapes} scrapes in between: no series fell or was missing");
    first.compare(second)
}

fn swaps(page: &Page, outcome: &str) -> i64 {
    page.count("wasmeter_plugin_swaps_total", "outcome", outcome)
}

/// Shows the totals every second until the time is over.
fn keep_running(host: &Host, started: Instant, time: Option<Duration>) -> anyhow::Result<()> {
    let left = || time.map_or(Duration::MAX, |time| time.saturating_sub(started.elapsed()));
    if left().is_zero() {
        println!("README.md says where to go next.");
        return Ok(());
    }
    println!("4. All keeps running; open the page, or change files in the plugin directory.");
    println!(
        "   README.md says where to go next. {}",
        match time {
            Some(time) => format!("This ends {} s after its start.", time.as_secs()),
            None => "Ctrl-C ends the demo.".to_owned(),
        }
    );
    let terminal = std::io::stdout().is_terminal();
    while !left().is_zero() {
        let page = host.page()?;
        let line = format!(
            "orders {:>9}   requests {:>9}   series {:>4}",
            thousands(page.sum(ORDERS)?),
            thousands(page.sum(REQUESTS)?),
            page.of(ORDERS).count() + page.of(REQUESTS).count(),
        );
        // One line that changes, where there is a cursor to go back.
        let (begin, end) = if terminal { ("\r", "") } else { ("", "\n") };
        print!("{begin}   {line}{end}");
        std::io::stdout().flush().context("the standard output")?;
        wait::rest(left().min(Duration::from_secs(1)));
    }
    println!();
    Ok(())
}

/// Some series of a name.
fn show(page: &Page, name: &str) {
    for sample in page.of(name).take(LINES) {
        println!("     {}", page::line(sample));
    }
}

/// A path as it is written in the workspace's root folder.
fn shortened(path: &Path) -> std::path::Display<'_> {
    path.strip_prefix(workspace::root()).unwrap_or(path).display()
}

fn secs(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// A number as people read it: 1,234,567.
fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 999, 1000, 1_234_567, -12_345].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567", "-12,345"]);
    }
}
