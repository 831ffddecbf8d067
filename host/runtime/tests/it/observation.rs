//! The memory of a guest that holds an observation: what `observe` returns the address of.

/// Where the result is.
const RESULT: usize = 2048;
/// Where its lists are.
const LISTS: usize = 4096;
/// How many lists a frame has, and which of them the points of gauges and sums begin with.
const FRAME_LISTS: usize = 85;
const NUMBERS: usize = 29;

/// A sum or a gauge whose series have one attribute `k`, or none.
#[derive(Clone, Copy)]
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    /// As in the contract: 1 is a gauge, 2 a sum.
    pub(crate) kind: u8,
    /// As in the contract; 2 is cumulative.
    pub(crate) temporality: u8,
    /// The value of `k`, which is left out if that is empty, and that of the point.
    pub(crate) points: &'static [(&'static str, i64)],
}

/// A monotonic total.
pub(crate) fn counter(name: &'static str, points: &'static [(&'static str, i64)]) -> Metric {
    Metric { name, kind: 2, temporality: 2, points }
}

pub(crate) fn gauge(name: &'static str, points: &'static [(&'static str, i64)]) -> Metric {
    Metric { name, kind: 1, temporality: 0, points }
}

/// Strings while they are written; the first one is empty.
struct Strings(Vec<&'static str>);

impl Strings {
    fn row(&mut self, text: &'static str) -> u32 {
        let known = self.0.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        u32::try_from(known).unwrap()
    }
}

fn le32(rows: &[u32]) -> Vec<u8> {
    rows.iter().flat_map(|row| row.to_le_bytes()).collect()
}

fn le64(rows: &[u64]) -> Vec<u8> {
    rows.iter().flat_map(|row| row.to_le_bytes()).collect()
}

/// Module fields with an observation of these metrics, of a resource without attributes and a scope of this name.
pub(crate) fn observation(scope: &'static str, metrics: &[Metric]) -> String {
    let mut strings = Strings(vec![""]);
    let (scope, key) = (strings.row(scope), strings.row("k"));
    let names: Vec<u32> = metrics.iter().map(|metric| strings.row(metric.name)).collect();
    let points: Vec<(&str, i64)> = metrics.iter().flat_map(|metric| metric.points).copied().collect();
    // Set 0 has no attributes, and behind it each value of `k` has a set of its own.
    let (mut texts, mut sets, mut set_ends) = (Vec::new(), Vec::new(), vec![0]);
    for (value, _) in &points {
        let text = u64::from(strings.row(value));
        let at = texts.iter().position(|known| *known == text);
        let set = match at {
            _ if value.is_empty() => 0,
            Some(at) => at + 1,
            None => {
                texts.push(text);
                set_ends.push(u32::try_from(texts.len()).unwrap());
                texts.len()
            }
        };
        sets.push(u32::try_from(set).unwrap());
    }
    let mut text = String::new();
    let mut text_ends = Vec::new();
    for string in &strings.0 {
        text.push_str(string);
        text_ends.push(u32::try_from(text.len()).unwrap());
    }
    let (metric_count, point_count, attributes) = (metrics.len(), points.len(), texts.len());
    let rows: Vec<u32> = (0..u32::try_from(attributes).unwrap()).collect();
    let bytes = |of: fn(&Metric) -> u8| metrics.iter().map(of).collect::<Vec<u8>>();
    let counts: Vec<u32> = metrics.iter().map(|metric| u32::try_from(metric.points.len()).unwrap()).collect();
    let values: Vec<u64> = points.iter().map(|(_, value)| value.cast_unsigned()).collect();
    let none = vec![0; metric_count];
    let mut lists: Vec<(usize, Vec<u8>)> = vec![
        (text.len(), text.into_bytes()),
        (text_ends.len(), le32(&text_ends)),
        (attributes, vec![4; attributes]),
        (attributes, le64(&texts)),
        (0, vec![]),
        (0, vec![]),
        (attributes, le32(&vec![key; attributes])),
        (attributes, le32(&rows)),
        (set_ends.len(), le32(&set_ends)),
        (0, vec![]),
        (0, vec![]),
    ];
    lists.extend(vec![(1, le32(&[0])); 3]);
    lists.extend([0, scope, 0, 0, 0, 0].map(|row| (1, le32(&[row]))));
    lists.extend([
        (metric_count, le32(&none)),
        (metric_count, le32(&names)),
        (metric_count, le32(&none)),
        (metric_count, le32(&none)),
        (metric_count, bytes(|metric| metric.kind)),
        (metric_count, bytes(|metric| metric.temporality)),
        (metric_count, bytes(|metric| u8::from(metric.kind == 2))),
        (metric_count, le32(&none)),
        (metric_count, le32(&counts)),
    ]);
    assert_eq!(lists.len(), NUMBERS);
    lists.extend([
        (point_count, le32(&sets)),
        (point_count, le64(&vec![0; point_count])),
        (point_count, le64(&vec![0; point_count])),
        (point_count, le32(&vec![0; point_count])),
        (point_count, le32(&vec![0; point_count])),
        (point_count, vec![1; point_count]),
        (point_count, le64(&values)),
    ]);
    lists.resize(FRAME_LISTS, (0, vec![]));
    data(&lists)
}

/// The result, and behind it what its lists hold.
fn data(lists: &[(usize, Vec<u8>)]) -> String {
    let (mut result, mut content) = (vec![0; 4], Vec::new());
    for (length, bytes) in lists {
        content.resize(content.len().next_multiple_of(8), 0);
        result
            .extend(le32(&[u32::try_from(LISTS + content.len()).unwrap(), u32::try_from(*length).unwrap()]));
        content.extend_from_slice(bytes);
    }
    let segment = |at: usize, bytes: &[u8]| {
        let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        format!(r#"(data (memory $memory) (i32.const {at}) "{bytes}")"#)
    };
    assert!(content.len() <= 4096, "the guest allocates behind that");
    segment(RESULT, &result) + &segment(LISTS, &content)
}
