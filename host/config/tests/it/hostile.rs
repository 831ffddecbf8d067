//! Text made to hurt: it fails, soon and without a panic, or it loads.

use std::cell::Cell;
use std::time::Instant;

use wasmeter_config::{DEPTH_MAX, EXPANDED_BYTES_MAX, FILE_BYTES_MAX, load_file};

use crate::{env, lines, problems};

#[test]
fn aliases_that_multiply_are_refused_before_they_are_expanded() {
    let mut text = String::from("file_format: '1.1'\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..20 {
        let before = level - 1;
        let aliases = vec![format!("*a{before}"); 10].join(",");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let found = problems(&text);
    assert!(found.contains("with its aliases and variables the file is too large"), "{found}");
}

#[test]
fn aliases_of_one_large_value_are_counted_each() {
    let aliases = vec!["*large"; 1_000].join(",");
    let text = format!("file_format: '1.1'\nx: &large {}\ny: [{aliases}]\n", "x".repeat(100_000));
    let found = problems(&text);
    assert!(found.contains("with its aliases and variables the file is too large"), "{found}");
}

#[test]
fn variables_that_multiply_are_refused() {
    let long = "x".repeat(100_000);
    let text =
        format!("file_format: '1.1'\nresource: {{attributes_list: \"{}\"}}\n", "${LONG}".repeat(10_000));
    let lookups = Cell::new(0);
    let lookup = |name: &str| {
        lookups.set(lookups.get() + 1);
        (name == "LONG").then(|| long.clone())
    };
    let found = lines(&load_file("wasmeter.yaml", &text, &lookup).unwrap_err());
    assert!(
        lookups.get() <= EXPANDED_BYTES_MAX / long.len() + 1,
        "{} values were put together",
        lookups.get()
    );
    assert!(found.contains(&format!("too long, expected at most {EXPANDED_BYTES_MAX} bytes")), "{found}");
}

#[test]
fn nesting_is_bounded_in_every_style() {
    let alias_chain =
        |text: String, level: usize| text + &format!("c{level}: &b{} [[*b{level}]]\n", level + 1);
    let deep = [
        format!("x: {}", "[".repeat(100_000)),
        format!("x: {}", "{a: ".repeat(100_000)),
        format!("x:\n{}", "- ".repeat(100_000)),
        (0..1_000).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n"),
        // Either style alone would be allowed.
        (0..40).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n")
            + &" ".repeat(40)
            + &"[".repeat(40)
            + &"]".repeat(40),
        (0..40).fold(String::from("a0: &b0 x\n"), alias_chain),
    ];
    for text in deep {
        let found = problems(&format!("file_format: '1.1'\n{text}"));
        assert!(found.contains("nesting") || found.contains("recursion"), "{found}");
    }
    let allowed =
        format!("x-deep: {}{}\nfile_format: '1.1'\n", "[".repeat(DEPTH_MAX - 1), "]".repeat(DEPTH_MAX - 1));
    load_file("wasmeter.yaml", &allowed, &env([])).unwrap_or_else(|found| panic!("{}", lines(&found)));
}

#[test]
fn long_texts_are_refused_and_long_values_are_not_repeated() {
    assert!(problems(&" ".repeat(FILE_BYTES_MAX + 1)).contains("the file has 1048577 bytes"));
    let long = "x".repeat(FILE_BYTES_MAX / 2);
    let found = problems(&format!("file_format: {long}\nresource: {{{}: 1}}\n", "k".repeat(1000)));
    assert!(found.len() < 2000, "{} bytes", found.len());
}

/// Mutations of valid files, the same in every run: whatever becomes of them, it is an answer and it comes soon.
#[test]
fn mutated_files_never_panic_and_never_hang() {
    const SEEDS: [&str; 4] = [
        include_str!("../../../../examples/wasmeter.yaml"),
        include_str!("../official/otel-sdk-migration-config.yaml"),
        include_str!("../official/snippets.yaml"),
        "file_format: '1.1'\na: &a {b: [*a, !!int 1, ? {c: d}]}\nresource: {attributes: [{name: x, value: [1, .nan], type: int_array}]}\n",
    ];
    const PIECES: [&str; 40] = [
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "!!str ",
        "!t ",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "\t",
        "\n",
        "  ",
        "#",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "\u{feff}",
        "é",
        "\0",
        ",",
        "~",
        "\\",
        "\r\n",
        "\u{2028}",
        "${",
        "${A}",
        "${A:-",
        "$$",
        "-1",
        "1e999",
        "9223372036854775808",
        ".nan",
        "null",
        "<<: ",
    ];
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut loaded = 0;
    for _ in 0..6_000 {
        let seed: Vec<char> = SEEDS[random.below(SEEDS.len())].chars().collect();
        let start = if random.below(2) == 0 { 0 } else { random.below(seed.len()) };
        let mut text = seed[start..(start + 1 + random.below(1500)).min(seed.len())].to_vec();
        for _ in 0..1 + random.below(4) {
            let at = random.below(text.len() + 1);
            match random.below(3) {
                0 => {
                    text.splice(at..at, PIECES[random.below(PIECES.len())].chars());
                }
                1 => {
                    text.drain(at..(at + random.below(8)).min(text.len()));
                }
                _ => {
                    let copied: Vec<char> = text[at..(at + random.below(40)).min(text.len())].to_vec();
                    text.splice(at..at, copied);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let started = Instant::now();
        match load_file("wasmeter.yaml", &text, &env([("A", "[1, ${A}]")])) {
            Ok(_) => loaded += 1,
            Err(problems) => assert!(!problems.is_empty(), "refused without a reason: {text:?}"),
        }
        assert!(started.elapsed().as_secs() < 5, "too slow: {text:?}");
    }
    assert!(loaded > 0, "some mutations are harmless");
}

/// Xorshift: a fixed sequence without a dependency.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}
