//! Which processor it is, more exactly than by its name, which some machines do not tell.

/// Family, model and clock of this machine's first processor, as far as the system tells them.
pub(crate) fn this() -> String {
    text(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
}

fn text(cpuinfo: &str) -> String {
    let field = |wanted: &str| {
        let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim())
    };
    let clock = field("cpu MHz").and_then(|text| text.parse::<f64>().ok());
    let parts = [
        field("cpu family").map(|family| format!("family {family}")),
        field("model").map(|model| format!("model {model}")),
        clock.map(|mhz| format!("at {:.2} GHz at the start", mhz / 1e3)),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "unknown".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_counts_and_what_is_not_told_is_left_out() {
        let told = "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 17\nmodel name\t: EPYC\ncpu MHz\t\t: 2596.134\nprocessor : 1\nmodel : 1";
        assert_eq!(text(told), "family 25, model 17, at 2.60 GHz at the start");
        assert_eq!(text("model name : EPYC\ncpu MHz : 3000"), "at 3.00 GHz at the start");
        assert_eq!(text(""), "unknown");
    }
}
