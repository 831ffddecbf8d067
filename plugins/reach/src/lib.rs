//! A View that reaches for files, origins and the like. What it is to do is the name of the instrument it is asked about; what came of
//! it is what it logs.

mod output;
mod wait;

use std::fmt::{Debug, Display};
use std::io;
use std::time::Duration;

use serde::Deserialize;
use wasmeter_guest::http::Request;
use wasmeter_guest::{Instrument, Streams, View, clock, environment, files, info, random};

/// How much it reads at most.
const BYTES_MAX: usize = 1 << 20;

/// The View.
#[derive(Deserialize)]
pub struct Reach;

impl View for Reach {
    fn streams(&self, instrument: &Instrument) -> Streams {
        let words: Vec<&str> = instrument.name.split(' ').collect();
        if let Some(answer) = reach(&words) {
            info!("{answer}");
        }
        Streams::none()
    }
}

/// What came of what it was told to do; `None` if it was told nothing it knows.
fn reach(words: &[&str]) -> Option<String> {
    Some(match *words {
        ["variable", name] => format!("found: {:?}", environment::variable(name)),
        ["time"] => format!("found: {} {}", clock::now_unix_nanos(), clock::monotonic_nanos()),
        ["random", count] => format!("found: {:?}", random::bytes(count.parse().ok()?)),
        ["sleep", millis] => wait::sleep(Duration::from_millis(millis.parse().ok()?)),
        ["print", stream, text] => output::print(stream, text),
        ["stream", path, text] => output::stream(path, text),
        ["exit"] => output::exit(),
        ["get", url] => fetch(Request::get(url)),
        ["get", url, millis] => fetch(Request::get(url).timeout(Duration::from_millis(millis.parse().ok()?))),
        ["post", url, body] => fetch(Request::post(url, body).header("content-type", "text/plain")),
        ["header", name, value, url] => fetch(Request::get(url).header(name, value)),
        ["begin", url] => wait::begin(url),
        _ => told(reach_file(words)?, |error: &io::Error| format!("{:?}", error.kind())),
    })
}

fn reach_file(words: &[&str]) -> Option<io::Result<String>> {
    let done = |result: io::Result<()>| result.map(|()| "done".to_owned());
    Some(match *words {
        ["read", path] => files::read_to_string(path, BYTES_MAX),
        ["list", path] => files::list(path)
            .map(|entries| entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>().join(",")),
        ["size", path] => files::metadata(path).map(|metadata| metadata.size_bytes.to_string()),
        ["write", path, content] => done(files::write(path, content.as_bytes())),
        ["append", path, content] => {
            done(files::append(path, content.as_bytes()).and_then(|()| files::sync(path)))
        }
        ["rename", from, to] => done(files::rename(from, to)),
        ["make", path] => done(files::create_directory(path)),
        ["remove", path] => done(files::remove(path)),
        ["remove-directory", path] => done(files::remove_directory(path)),
        _ => return None,
    })
}

fn fetch(request: Request) -> String {
    let response = request.send().map(|response| {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        format!("{} {:?} {body}", response.status, response.header("location").unwrap_or_default())
    });
    told(response, |error| format!("{:?}", error.kind()))
}

fn told<E: Debug + Display>(result: Result<String, E>, kind: impl FnOnce(&E) -> String) -> String {
    match result {
        Ok(found) => format!("found: {found}"),
        Err(error) => format!("failed: {}: {error}", kind(&error)),
    }
}

wasmeter_guest::register_view!(Reach);
