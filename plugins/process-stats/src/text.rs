//! The forms of text below `/proc`.

/// The value of a line `key value` or `key:\tvalue`.
pub(crate) fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once([' ', ':'])?;
        (name == key).then(|| value.trim())
    })
}

/// The number of a line such as `VmRSS:\t  1716 kB`, in bytes.
pub(crate) fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let number: u64 = field(text, key)?.strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

/// The number of a line.
pub(crate) fn number(text: &str, key: &str) -> Option<u64> {
    field(text, key)?.parse().ok()
}

/// The arguments of a command line, which end with a zero byte each, with spaces between them.
pub(crate) fn command_line(bytes: &[u8]) -> String {
    let arguments = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    String::from_utf8_lossy(arguments).replace('\0', " ")
}
