//! Lists of `key=value` pairs, as `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS` have them.

/// The pairs of `key1=value1,key2=value2`: separated by commas, percent-encoded, spaces around them ignored (resource SDK,
/// "Specifying resource information via an environment variable"; W3C Baggage without properties).
///
/// `Err` says what was expected. Nothing of the text is quoted, as it may be secret.
pub(crate) fn key_value_list(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let mut pairs = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or("`key=value` pairs separated by commas")?;
        let key = percent_decoded(key.trim())?;
        if key.is_empty() {
            return Err("a key before each `=`");
        }
        pairs.push((key, percent_decoded(value.trim())?));
    }
    Ok(pairs)
}

fn percent_decoded(text: &str) -> Result<String, &'static str> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?')),
            _ => return Err("two hexadecimal digits after each `%`"),
        }
    }
    String::from_utf8(decoded).map_err(|_| "UTF-8 once percent-decoded")
}

#[cfg(test)]
mod tests {
    use super::key_value_list;

    #[test]
    fn lists_are_split_trimmed_and_percent_decoded() {
        let pairs = key_value_list(" a=1 , b = x%2Cy%3dz ,,c=,d=e=f, k%20ey=%C3%A9").unwrap();
        let expected = [("a", "1"), ("b", "x,y=z"), ("c", ""), ("d", "e=f"), ("k ey", "é")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(key_value_list(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_a_list_is_refused_without_being_quoted() {
        for text in ["secret", "=secret", "a=secret%", "a=secret%4", "a=secret%zz", "a=%ff"] {
            let expected = key_value_list(text).unwrap_err();
            assert!(!expected.contains("secret"), "{text}: {expected}");
        }
    }
}
