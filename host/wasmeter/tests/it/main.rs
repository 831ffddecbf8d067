//! The binary as its users run it: real SDKs of other languages in front, real plugins inside, the page and a second
//! host behind. `cargo xtask test` installs what that needs.

mod batches;
mod buckets;
mod chain;
mod command_line;
mod entities;
mod exporters;
mod http_probe;
mod influx_line;
mod inspect;
mod jsonl_file;
mod languages;
mod lossless;
mod many_connections;
mod misbehaving_plugins;
mod observers;
mod own_metrics;
mod processors;
mod processors_that_calculate;
mod prom_scrape;
mod real_clients;
mod remote_write;
mod rows;
mod scrape;
mod support;
mod tokens;
