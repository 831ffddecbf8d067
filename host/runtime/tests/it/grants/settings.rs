//! `[grants]` in `NAME.toml`, beside what a component needs.

use wasmeter_runtime::{
    Capability, Directory, DirectoryGrant, Failure, FailureKind, Grants, HttpOrigin, SecretGrant,
    SecretSource,
};

use super::{Reach, settings};
use crate::guest::Guest;
use crate::support::{Folder, built, runtime};

/// Loads a guest that needs nothing with these settings.
fn load(settings: &str) -> Result<(), Failure> {
    let folder = Folder::new();
    let file = folder.put_guest("guest.wasm", &Guest::default());
    folder.put("guest.toml", settings);
    runtime().load(&file).map(drop)
}

#[test]
fn an_import_without_a_grant_is_named_with_the_line_that_grants_it() {
    for (missing, import) in [
        ("directories", "it imports `wasi:filesystem/"),
        ("environment", "it imports `wasi:cli/environment@"),
        ("http", "it imports `wasi:http/"),
        ("clocks", "it imports `wasi:clocks/"),
        ("randomness", "it imports `wasi:random/"),
    ] {
        let all = settings("", &[]);
        let without: String =
            all.lines().filter(|line| !line.starts_with(missing)).map(|line| format!("{line}\n")).collect();
        let Some(loaded) = Reach::load(&without) else { return };
        let failure = loaded.err().unwrap();
        assert_eq!(failure.kind, FailureKind::CapabilityNotGranted);
        assert!(failure.reason.starts_with(import), "{failure}");
        let ending = format!(", and its settings do not grant `{missing}`");
        assert!(failure.reason.ends_with(&ending), "{failure}");
        // The line to add is one that can be added.
        let line = failure.help.split('`').nth(1).unwrap();
        assert!(line.starts_with(&format!("{missing} = ")), "{failure}");
        match Reach::load(&format!("{without}{line}\n")).unwrap() {
            Ok(_) => {}
            Err(failure) => assert!(failure.reason.contains("/var/lib/example` cannot be used"), "{failure}"),
        }
    }
}

#[test]
fn a_secret_is_a_grant_of_the_environment_as_well() {
    let folder = Folder::new();
    let secret = folder.put("token", "s3cret\n");
    let granted = settings("", &[]).replace(
        "environment = ['NOT_SET_ANYWHERE']",
        &format!("secrets = {{ TOKEN = {{ file = '{}' }} }}", secret.display()),
    );
    let Some(reach) = Reach::load(&granted) else { return };
    let reach = reach.unwrap();
    // The plugin sees it, and the log does not.
    assert_eq!(reach.tell("variable TOKEN"), "found: Some(\"***\")");
    assert_eq!(reach.tell("variable HOME"), "found: None");
}

#[test]
fn a_grant_that_is_added_while_the_component_stays_counts() {
    let folder = Folder::new();
    let Some(components) = built("WASMETER_HOSTILE") else { return };
    std::fs::copy(components.join("reach.wasm"), folder.path().join("reach.wasm")).unwrap();
    let directory = Directory::new(folder.path(), runtime());
    let (granted, none) = (settings("", &[]), "[grants]\nclocks = true");
    // The last one is refused, and what served before serves on.
    for (settings, serves, refused) in [("", 0, true), (&granted, 1, false), (none, 1, true)] {
        folder.put("reach.toml", settings);
        let scan = directory.rescan();
        assert_eq!(directory.current().plugins().len(), serves, "{settings}");
        let kinds: Vec<_> = scan.failures.iter().map(|failure| failure.kind).collect();
        assert_eq!(kinds.contains(&FailureKind::CapabilityNotGranted), refused, "{settings}: {kinds:?}");
    }
}

#[test]
fn everything_that_can_be_granted() {
    let folder = Folder::new();
    let secret = folder.put("token", "s3cret\n");
    let file = folder.put_guest("guest.wasm", &Guest::default());
    let (host, secret) = (folder.path().to_owned(), secret);
    folder.put(
        "guest.toml",
        format!(
            "[grants]
            directories = [{{ host = '{}', guest = '/out', access = 'write' }}]
            environment = ['PATH', 'NOT_SET_ANYWHERE']
            http = ['https://api.example.com', 'http://127.0.0.1:9100']
            certificates = '/etc/ssl/certs/ca-certificates.crt'
            clocks = true
            randomness = true
            secrets = {{ TOKEN = {{ file = '{}' }}, OTHER = {{ environment = 'PATH' }} }}",
            host.display(),
            secret.display()
        ),
    );
    let inspection = runtime().inspect(&file);
    assert_eq!(inspection.failure, None);
    let origin = |is_tls, host: &str, port| HttpOrigin { is_tls, host: host.to_owned(), port };
    let expected = Grants {
        directories: vec![DirectoryGrant { host, guest: "/out".to_owned(), is_writable: true }],
        environment: vec!["PATH".to_owned(), "NOT_SET_ANYWHERE".to_owned()],
        http: vec![origin(true, "api.example.com", 443), origin(false, "127.0.0.1", 9100)],
        certificates: Some("/etc/ssl/certs/ca-certificates.crt".into()),
        clocks: true,
        randomness: true,
        secrets: vec![
            SecretGrant { name: "OTHER".to_owned(), source: SecretSource::Environment("PATH".to_owned()) },
            SecretGrant { name: "TOKEN".to_owned(), source: SecretSource::File(secret) },
        ],
    };
    assert!(expected.capabilities().eq(Capability::ALL));
    assert_eq!(inspection.terms.unwrap().grants, expected);
}

#[test]
fn mistakes_are_found_with_their_line_and_never_show_a_secret() {
    for (settings, expected) in [
        ("grants = true", "guest.toml:1: `grants` is `true`, expected a table"),
        (
            "[grants]\nnetwork = true",
            "guest.toml:2: unknown grant `network`, known are `directories`, `environment`, `http`, `clocks`, \
             `randomness`, `secrets`, `certificates`",
        ),
        (
            "[grants]\nclocks = 1",
            "guest.toml:2: `clocks` is a value of type integer, expected `true` or `false`",
        ),
        ("[grants]\ndirectories = '/'", "guest.toml:2: `directories` is `\"/\"`, expected an array"),
        ("[grants]\ndirectories = ['/']", "guest.toml:2: `directories` is `\"/\"`, expected `{ host = "),
        (
            "[grants]\ndirectories = [{ host = 'var', guest = '/var', access = 'read' }]",
            "guest.toml:2: `host` is `\"var\"`, expected an absolute path",
        ),
        (
            "[grants]\ndirectories = [{ host = '/var', guest = '/var', access = 'all' }]",
            "guest.toml:2: `access` is `\"all\"`, expected `\"read\"` or `\"write\"`",
        ),
        (
            "[grants]\ndirectories = [{ host = '/var', guest = '/var' }]",
            "guest.toml:2: a directory lacks a key",
        ),
        (
            "[grants]\ndirectories = [{ host = '/var', guest = '/var', mode = 'read' }]",
            "guest.toml:2: unknown key `mode` of a directory",
        ),
        (
            "[grants]\ndirectories = [{ host = '/', guest = '/a', access = 'read' }, \
             { host = '/var', guest = '/a', access = 'read' }]",
            "guest.toml:2: two directories are called `/a`, expected one",
        ),
        ("[grants]\nenvironment = ['A=B']", "guest.toml:2: `environment` is `\"A=B\"`, expected the name of"),
        (
            "[grants]\nhttp = ['api.example.com']",
            "guest.toml:2: `http` is `\"api.example.com\"`, expected `scheme://",
        ),
        (
            "[grants]\nhttp = ['https://a.b/c']",
            "guest.toml:2: `http` is `\"https://a.b/c\"`, expected `scheme://",
        ),
        (
            "[grants]\nsecrets = ['hunter2']",
            "guest.toml:2: `secrets` is a value of type array, expected a table",
        ),
        ("[grants.secrets]\nA = 'hunter2'", "guest.toml:2: the secret `A` is not `{ environment = "),
        (
            "[grants.secrets]\nA = { value = 'hunter2' }",
            "guest.toml:2: the secret `A` is not `{ environment = ",
        ),
        (
            "[grants.secrets]\nA = { file = 'hunter2' }",
            "guest.toml:2: the secret `A` is not `{ environment = ",
        ),
        (
            "[grants.secrets]\n'A=' = { file = '/x' }",
            "guest.toml:2: `A=` is no name of an environment variable",
        ),
        (
            "[grants]\nenvironment = ['A']\nsecrets = { A = { environment = 'B' } }",
            "guest.toml:1: two grants are for the variable `A`, expected one",
        ),
        ("[config]\na = ['Bearer ${secret:A}']", "`[config]` refers to the secret `A`, and none is granted"),
        (
            "[grants.secrets]\nA = { environment = 'NOT_SET_ANYWHERE' }",
            "the secret `A` is to be in the environment variable `NOT_SET_ANYWHERE`, which is not set",
        ),
        (
            "[grants.secrets]\nA = { file = '/none' }",
            "the secret `A` is to be in the file `/none`, which cannot be read",
        ),
        (
            "[grants.secrets]\nA = { file = '/' }",
            "the secret `A` is to be in the file `/`, which is not a regular file",
        ),
        (
            "[grants.secrets]\nA = { file = '/dev/null' }",
            "the secret `A` is to be in the file `/dev/null`, which is not",
        ),
    ] {
        let failure = load(settings).expect_err(settings);
        assert_eq!(failure.kind, FailureKind::BadSettings, "{settings}: {failure}");
        assert!(failure.reason.starts_with(expected), "{settings}: {failure}");
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
}
