//! Which crate may depend on which: one line for each dependency that must not be.

use std::collections::BTreeSet;

use anyhow::bail;

use crate::shell;

/// A crate, the crates of this workspace it may depend on, and foreign ones it must not, however indirectly.
struct Rule {
    package: &'static str,
    may_use: &'static [&'static str],
    must_not_use: &'static [&'static str],
}

/// Every crate that others build on; a new one of `host/` or the SDK belongs here.
const RULES: [Rule; 15] = [
    Rule {
        package: "wasmeter-model",
        may_use: &[],
        must_not_use: &[
            "wasmtime",
            "tokio",
            "serde",
            "serde_json",
            "prost",
            "tonic",
            "axum",
            "reqwest",
            "tracing",
        ],
    },
    Rule {
        package: "wasmeter-engine",
        may_use: &["wasmeter-model"],
        must_not_use: &["wasmtime", "tokio", "serde", "serde_json", "prost", "tonic", "axum", "reqwest"],
    },
    // As it comes: a program pays for the wasm runtime and for OTLP only where it asks for those features.
    Rule {
        package: "wasmeter-api",
        may_use: &["wasmeter-engine", "wasmeter-model"],
        must_not_use: &["wasmtime", "tokio", "serde", "serde_json", "prost", "tonic", "axum", "reqwest"],
    },
    Rule {
        package: "wasmeter-runtime",
        may_use: &["wasmeter-engine", "wasmeter-model"],
        must_not_use: &["wasi-common", "prost", "tonic", "axum", "reqwest"],
    },
    // What OTLP costs is not paid by a program that only wants plugins.
    Rule {
        package: "wasmeter-pipeline",
        may_use: &["wasmeter-engine", "wasmeter-model", "wasmeter-runtime"],
        must_not_use: &["prost", "tonic", "axum", "reqwest"],
    },
    Rule {
        package: "wasmeter-otlp",
        may_use: &["wasmeter-engine", "wasmeter-model", "wasmeter-serve"],
        must_not_use: &["wasmtime"],
    },
    Rule {
        package: "wasmeter-serve",
        may_use: &[],
        must_not_use: &["wasmtime", "serde", "prost", "tonic", "axum", "reqwest"],
    },
    Rule {
        package: "wasmeter-prometheus",
        may_use: &["wasmeter-model", "wasmeter-prometheus-names"],
        must_not_use: &["wasmtime", "tokio", "prost", "tonic", "axum", "reqwest"],
    },
    // Plugins use it, too.
    Rule {
        package: "wasmeter-prometheus-names",
        may_use: &[],
        must_not_use: &["wasmtime", "tokio", "serde"],
    },
    Rule {
        package: "wasmeter-config",
        may_use: &["wasmeter-model"],
        must_not_use: &["wasmtime", "tokio", "prost", "tonic", "axum", "reqwest"],
    },
    Rule { package: "wasmeter-guest", may_use: &[], must_not_use: &["wasmtime", "tokio", "tracing"] },
    Rule {
        package: "wasmeter-compare",
        may_use: &[
            "wasmeter-api",
            "wasmeter-engine",
            "wasmeter-machine",
            "wasmeter-model",
            "wasmeter-runtime",
            OFFICIAL_SDK,
        ],
        must_not_use: &["prost", "tonic", "axum", "reqwest"],
    },
    Rule { package: "wasmeter-machine", may_use: &[], must_not_use: &["wasmtime", "tokio"] },
    Rule { package: "wasmeter-allocator", may_use: &[], must_not_use: &["wasmtime", "tokio"] },
    Rule {
        package: "xtask",
        may_use: &["wasmeter-model", "wasmeter-prometheus", "wasmeter-prometheus-names"],
        must_not_use: &["wasmtime", "tokio", "prost", "reqwest"],
    },
];

/// What one crate stands beside ours.
const OFFICIAL_SDK: &str = "opentelemetry_sdk";

/// The engine is the project's own, and TLS is not OpenSSL's: nobody depends on these, unless its rule says so.
const NOBODY: [&str; 5] =
    [OFFICIAL_SDK, "opentelemetry-otlp", "opentelemetry-prometheus", "openssl-sys", "native-tls"];

/// Every package the binary or one crate is built from, on any platform.
fn tree(package: &str) -> anyhow::Result<BTreeSet<String>> {
    let text = shell::cargo()
        .args(["tree", "--locked", "--package", package, "--edges", "normal,build", "--target", "all"])
        .args(["--prefix", "none", "--format", "{p}"])
        .text()?;
    let names = text.lines().filter_map(|line| line.split(' ').next());
    Ok(names.filter(|&name| name != package).map(str::to_owned).collect())
}

/// Checks one forbidden dependency; true if it is there.
fn violated(package: &str, forbidden: &str, tree: &BTreeSet<String>) -> bool {
    let found = tree.contains(forbidden);
    println!("{}  {package} does not depend on {forbidden}", if found { "FAIL" } else { "ok  " });
    if found {
        // Through whom; if even this fails, the line above has said enough.
        let why =
            ["tree", "--locked", "--package", package, "--edges", "normal,build", "--target", "all", "-i"];
        println!("{}", shell::cargo().args(why).arg(forbidden).text().unwrap_or_default());
    }
    found
}

/// Checks every rule and prints a line for each.
pub(super) fn check() -> anyhow::Result<()> {
    let mut failed = 0_usize;
    let own: Vec<&str> = RULES.iter().map(|rule| rule.package).filter(|name| *name != "xtask").collect();
    for rule in &RULES {
        let tree = tree(rule.package)?;
        let siblings = own.iter().filter(|name| **name != rule.package);
        let others = siblings.chain(&NOBODY).filter(|name| !rule.may_use.contains(name));
        let forbidden = others.chain(rule.must_not_use);
        failed += forbidden.filter(|name| violated(rule.package, name, &tree)).count();
    }
    let whole = tree("wasmeter")?;
    failed += NOBODY
        .iter()
        .chain(&["wasmeter-compare", "wasmeter-guest", "wasmeter-load"])
        .filter(|name| violated("wasmeter", name, &whole))
        .count();
    if failed > 0 {
        bail!("{failed} dependencies that must not be");
    }
    Ok(())
}
