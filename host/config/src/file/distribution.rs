//! `distribution.wasmeter`: the project's own settings, at the schema's extension point for vendors.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use wasmeter_model::limits::PLUGIN_LIMITS;

use super::Places;
use crate::section::{Located, Section};
use crate::settings::{ClientLimits, Config, Plugins, Receivers, ViewMode, parse_ip};

pub(super) fn read(value: &Located<'_>, config: &mut Config, places: &mut Places) {
    let Some(mut section) = value.section() else { return };
    if let Some(value) = section.get("wasmeter")
        && let Some(mut section) = value.section_or_empty()
    {
        read_wasmeter(&mut section, config, places);
        section.finish();
    }
    // The settings of other distributions are none of ours, but a misspelt name is.
    for (key, key_at, _) in section.others() {
        if section.nearest(key).is_some() {
            section.report_unknown(key, key_at);
        } else {
            let path = section.path().key(key);
            section.report().warning(
                key_at,
                &path,
                "settings of another distribution have no effect",
                "",
                "",
            );
        }
    }
}

fn read_wasmeter(section: &mut Section<'_>, config: &mut Config, places: &mut Places) {
    if let Some(value) = section.optional("receivers")
        && let Some(mut section) = value.section()
    {
        places.receivers = (value.at(), value.path().clone());
        let Receivers { otlp_grpc, otlp_http } = &mut config.receivers;
        read_receiver(&mut section, "otlp_grpc", otlp_grpc);
        read_receiver(&mut section, "otlp_http", otlp_http);
        section.finish();
    }
    if let Some(mut section) = section.optional("plugins").and_then(|value| value.section()) {
        read_plugins(&mut section, &mut config.plugins);
        section.finish();
    }
    if let Some(mut section) = section.optional("limits").and_then(|value| value.section()) {
        read_limits(&mut section, config);
        section.finish();
    }
    let modes = [("independent", ViewMode::Independent), ("composable", ViewMode::Composable)];
    if let Some(mode) = section.optional("view_matching_mode").and_then(|value| value.choice(&modes)) {
        config.view_mode = mode;
    }
}

/// A receiver that is not mentioned keeps its default; one that is set to nothing is off.
fn read_receiver(receivers: &mut Section<'_>, key: &'static str, receiver: &mut Option<SocketAddr>) {
    let Some(value) = receivers.get(key) else { return };
    if value.is_null() {
        *receiver = None;
        return;
    }
    let Some(mut section) = value.section() else { return };
    if let Some(value) = section.optional("endpoint")
        && let Some(text) = value.text()
    {
        match parse_address(text) {
            Some(address) => *receiver = Some(address),
            None => value.reject("`host:port` with `localhost` or an IP address, such as `127.0.0.1:4317`"),
        }
    }
    section.finish();
}

fn read_plugins(section: &mut Section<'_>, plugins: &mut Plugins) {
    let mut directory = |key, directory: &mut Option<PathBuf>| {
        if let Some(value) = section.optional(key)
            && let Some(text) = value.text()
        {
            if text.is_empty() {
                value.reject("a directory");
            }
            *directory = Some(text.into());
        }
    };
    directory("directory", &mut plugins.directory);
    directory("cache_directory", &mut plugins.cache_directory);
    // Under the names and in the ranges they have in a plugin's own settings.
    for limit in &PLUGIN_LIMITS {
        let value = section.optional(limit.name);
        let number = value.and_then(|value| value.integer("a whole number", limit.range.clone()));
        if let Some(number) = number.and_then(|number| u64::try_from(number).ok()) {
            limit.set(&mut plugins.limits, number);
        }
    }
    if let Some(value) = section.optional("trusted_keys") {
        for value in value.entries() {
            let Some(key) = value.text() else { continue };
            if is_public_key(key) {
                plugins.trusted_keys.push(key.to_owned());
            } else {
                value.reject_with_help(
                    "a public key of minisign, 56 characters that begin with `RW`",
                    "take the second line of the file `minisign.pub`",
                );
            }
        }
    }
    if let Some(watch) = section.optional("watch").and_then(|value| value.boolean()) {
        plugins.watch = watch;
    }
}

/// Whether a text is the base64 form of a public key: two bytes that say Ed25519 (`RWQ` to `RWT`), eight of number, 32 of key.
fn is_public_key(text: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let is_ed25519 =
        text.starts_with("RW") && text.as_bytes().get(2).is_some_and(|third| b"QRST".contains(third));
    is_ed25519 && text.len() == 56 && text.bytes().all(base64)
}

fn read_limits(section: &mut Section<'_>, config: &mut Config) {
    let mut count = |key, least: i64, limit: &mut usize| {
        if let Some(count) = section.optional(key).and_then(|value| value.size("a whole number", least)) {
            *limit = count;
        }
    };
    count("instruments_max", 1, &mut config.limits.instruments_max);
    count("sources_max", 1, &mut config.limits.sources_max);
    let mut threads = config.limits.collection_threads_max.get();
    count("collection_threads_max", 1, &mut threads);
    config.limits.collection_threads_max = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
    let mut duration = |key, limit: &mut Duration| {
        if let Some(duration) = section.optional(key).and_then(|value| value.millis(1)) {
            *limit = duration;
        }
    };
    duration("current_expiry_ms", &mut config.limits.current_expiry);
    duration("idle_expiry_ms", &mut config.limits.idle_expiry);
    read_client_limits(section, &mut config.client_limits);
}

fn read_client_limits(section: &mut Section<'_>, limits: &mut ClientLimits) {
    let mut count =
        |key, least: i64| section.optional(key).and_then(|value| value.size("a whole number", least));
    limits.request_bytes_max = count("request_bytes_max", 1);
    limits.buffered_bytes_max = count("buffered_bytes_max", 1);
    limits.known_series_bytes_max = count("known_series_bytes_max", 0);
    limits.connections_max = count("connections_max", 1);
    limits.requests_at_work_max = count("requests_at_work_max", 1);
    limits.requests_waiting_max = count("requests_waiting_max", 0);
    limits.request_timeout = section.optional("request_timeout_ms").and_then(|value| value.millis(1));
}

/// `host:port` of a listener.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.strip_suffix(']')?,
        // Without brackets the last group of an IPv6 address would be taken for the port.
        None if host.contains(':') => return None,
        None => host,
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(SocketAddr::new(parse_ip(host)?, port.parse().ok()?))
}
