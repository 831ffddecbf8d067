//! Tokens: in the requests of plugins that are configured with a reference to a granted secret, and nowhere else.

use crate::support::{Host, PluginFolder, Site, eventually};

const TOKEN: &str = "s3cret-of-the-tests";

/// The settings of a plugin that may send requests to the site, and what it takes.
fn settings(site: &Site, file: &str, grants: &str, config: &str) -> String {
    let origin = site.origin();
    format!(
        "{grants}http = [\"{origin}\"]\n[grants.secrets]\nTOKEN = {{ file = \"{file}\" }}\n[config]\n{}",
        config.replace("ORIGIN", &origin).replace("BEARER", "{ authorization = \"Bearer ${secret:TOKEN}\" }")
    )
}

#[test]
fn a_token_is_in_each_request_and_in_no_log() {
    // A receiver that repeats what it was sent, as some do.
    let site =
        Site::answering(|asked| ("401 Unauthorized\r\n".to_owned(), format!("not {}", asked.authorization)));
    let secrets = tempfile::tempdir().expect("a temporary directory");
    let file = secrets.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("the directory is writable");
    let file = file.display().to_string();
    let folder = PluginFolder::with(&["http-probe", "prom-scrape", "remote-write", "influx-line"]);
    let (plain, clocks, every) = ("[grants]\n", "[grants]\nclocks = true\n", "interval_ms = 200\n[grants]\n");
    for (name, grants, config) in [
        ("00-http-probe", clocks, "targets = [{ url = \"ORIGIN/probe\", headers = BEARER }]\n"),
        // Where a token is part of the address, what is said of the address must not tell it.
        ("10-prom-scrape", plain, "url = \"ORIGIN/page?key=${secret:TOKEN}\"\nheaders = BEARER\n"),
        ("20-remote-write", every, "url = \"ORIGIN/remote\"\nheaders = BEARER\n"),
        ("30-influx-line", every, "url = \"ORIGIN/lines\"\nheaders = BEARER\n"),
    ] {
        let settings = settings(&site, &file, grants, config);
        folder.put(&format!("{name}.toml"), settings.as_bytes());
    }
    let host = Host::start(Some(folder.path()), &[]);
    let page = format!("GET /page?key={TOKEN}");
    for line in ["GET /probe", &page, "POST /remote", "POST /lines"] {
        eventually(line, || {
            // Observers are asked when there is a collection.
            host.page();
            let asked = site.asked();
            let asked = asked.iter().find(|asked| asked.line == line)?;
            assert_eq!(asked.authorization, format!("Bearer {TOKEN}"));
            Some(())
        });
    }
    assert!(!host.scrape(&[]).contains(TOKEN));
    let (_, _, log) = host.stop();
    assert!(!log.contains(TOKEN), "{log}");
    assert!(log.contains("/page?key=***` answers with status 401"), "{log}");
    assert!(log.contains("/remote` answered with status 401: not Bearer ***"), "{log}");
    assert!(log.contains("/lines` answered with status 401: not Bearer ***"), "{log}");
    assert!(!log.contains("granted what it does not need"), "{log}");
}
