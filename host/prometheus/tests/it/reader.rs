//! The reader on damaged pages: an answer, whatever the text.

use proptest::prelude::*;
use wasmeter_prometheus::{Format, Options, parse_openmetrics, parse_page, render};

use crate::snapshots::shops;

proptest! {
    #![proptest_config(crate::build::seeded(512))]

    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|\n|[ \t{}\"\\\\#,=a1+.-]|le|# TYPE a histogram\n){0,60}") {
        drop(parse_page(&text));
        drop(parse_openmetrics(&format!("{text}\n# EOF")));
    }

    #[test]
    fn a_damaged_page_is_read_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, prop::sample::select(b"\n\"\\{}=,# 1a\0".to_vec())), 1..8),
        format in prop::sample::select(vec![Format::Text, Format::OpenMetrics]),
    ) {
        let mut bytes = render(&shops(), format, &Options::default()).text.into_bytes();
        for (index, edit, byte) in edits {
            let index = index.index(bytes.len());
            match edit {
                0 => bytes[index] = byte,
                1 => bytes.insert(index, byte),
                _ => drop(bytes.remove(index)),
            }
        }
        let read = |text: &str| match format {
            Format::Text => parse_page(text),
            Format::OpenMetrics => parse_openmetrics(text),
        };
        if let Ok(text) = String::from_utf8(bytes)
            && let Err(error) = read(&text)
        {
            prop_assert!(error.line <= text.lines().count() + 1);
            prop_assert!(!error.problem.is_empty());
        }
    }
}

/// An end that is cut off takes `# EOF` with it.
#[test]
fn a_page_of_openmetrics_cut_anywhere_is_refused() {
    let text = render(&shops(), Format::OpenMetrics, &Options::default()).text;
    let last = text.len() - "\n".len();
    for (cut, _) in text.char_indices().filter(|(cut, _)| *cut < last) {
        parse_openmetrics(text.get(..cut).unwrap()).unwrap_err();
    }
}

#[test]
fn a_page_cut_anywhere_but_behind_a_line_is_refused() {
    let text = render(&shops(), Format::Text, &Options::default()).text;
    for (cut, _) in text.char_indices().skip(1) {
        let page = text.get(..cut).unwrap();
        if !page.ends_with('\n') {
            parse_page(page).unwrap_err();
        }
    }
}
