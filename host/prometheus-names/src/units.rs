//! UCUM units in the words of Prometheus (compatibility specification, "Metric Metadata").

/// The words of `unit`, fit for a name; empty if it has none. `By/s` is `bytes_per_second`.
pub(crate) fn words(unit: &str) -> String {
    let unit = without_annotations(unit);
    let (main, per) = unit.split_once('/').unwrap_or((&unit, ""));
    let (main, per) = (clean(quantity(main.trim())), clean(divisor(per.trim())));
    match (main.is_empty(), per.is_empty()) {
        (_, true) => main,
        (true, false) => format!("per_{per}"),
        (false, false) => format!("{main}_per_{per}"),
    }
}

/// `{request}` and the like say what is counted, not in what unit.
fn without_annotations(unit: &str) -> String {
    let mut depth = 0_usize;
    unit.chars()
        .filter(|character| match character {
            '{' => {
                depth += 1;
                false
            }
            '}' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

fn quantity(ucum: &str) -> &str {
    match ucum {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tebibytes",
        "kBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "%" => "percent",
        "1" => "",
        other => other,
    }
}

/// The singular behind "per". `m` is a minute here, as in every Prometheus translator, though UCUM means meters.
fn divisor(ucum: &str) -> &str {
    match ucum {
        "s" => "second",
        "m" | "min" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" | "wk" => "week",
        "mo" => "month",
        "y" | "a" => "year",
        "1" => "",
        other => other,
    }
}

fn clean(word: &str) -> String {
    super::escape(word, false, true).trim_matches('_').to_owned()
}
