//! The program against a real host, for a few swaps: it fails if a point is lost or doubled, or a series reset.

use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn nothing_is_lost_doubled_or_reset_while_plugins_of_every_kind_are_swapped() {
    let program = env!("CARGO_BIN_EXE_wasmeter-load");
    // All programs of the workspace are built for its tests.
    let host = Path::new(program).with_file_name("wasmeter");
    let components = std::env::var_os("WASMETER_COMPONENTS");
    let components: PathBuf =
        components.expect("WASMETER_COMPONENTS is not set: run the tests with `cargo xtask test`").into();
    let load = [
        "--swaps",
        "20",
        "--points-per-sec",
        "20000",
        "--series",
        "400",
        "--quiet-secs",
        "1",
        "--scrapes",
        "20",
    ];
    let mut command = Command::new(program);
    command.arg("swap").arg("--binary").arg(host).arg("--components").arg(components).args(load);
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn what_is_acknowledged_under_load_is_what_the_page_says_in_every_scenario_and_coding() {
    let program = env!("CARGO_BIN_EXE_wasmeter-load");
    let host = Path::new(program).with_file_name("wasmeter");
    let mut command = Command::new(program);
    command.arg("compare").arg("--binary").arg(host).args([
        "--unpinned",
        "--series",
        "4000",
        "--our-rounds",
        "12",
        // So few points are taken before there is a look.
        "--looks-min",
        "0",
    ]);
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    // Fourteen scenarios over four transports, and one over a fifth.
    assert_eq!(said.lines().filter(|line| line.ends_with("right")).count(), 57, "{said}");
}

#[test]
fn what_many_clients_got_acknowledged_is_what_the_host_says_in_every_scenario() {
    let program = env!("CARGO_BIN_EXE_wasmeter-load");
    let host = Path::new(program).with_file_name("wasmeter");
    let mut command = Command::new(program);
    // Fewer than a host has places for, so that nothing is refused however slow the machine is.
    let load = ["--unpinned", "--clients", "6", "--factor", "1", "--secs", "0.2"];
    command.arg("overload").arg("--binary").arg(host).args(load);
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", text(&output.stderr));
    // Twelve scenarios over four transports.
    assert_eq!(said.lines().filter(|line| line.ends_with("right")).count(), 48, "{said}");
}
