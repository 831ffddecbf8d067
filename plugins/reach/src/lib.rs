//! A View that reaches for files and the like. What it is to do is the name of the instrument it is asked about; what came of it
//! is what it logs.

use std::io;

use serde::Deserialize;
use wasmeter_guest::{Instrument, Streams, View, files, info};

/// How much it reads at most.
const BYTES_MAX: usize = 1 << 20;

/// The View.
#[derive(Deserialize)]
pub struct Reach;

impl View for Reach {
    fn streams(&self, instrument: &Instrument) -> Streams {
        let words: Vec<&str> = instrument.name.split(' ').collect();
        match reach(&words) {
            None => {}
            Some(Ok(found)) => info!("found: {found}"),
            Some(Err(error)) => info!("failed: {:?}: {error}", error.kind()),
        }
        Streams::none()
    }
}

/// `None` if it is not told to do anything.
fn reach(words: &[&str]) -> Option<io::Result<String>> {
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

wasmeter_guest::register_view!(Reach);
