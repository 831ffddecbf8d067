//! Whatever the bytes are, what is read where it lies is what would be decoded, also when its names are known already, from this
//! request or from others.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wasmeter_model::batch::{Batch, BatchMetric, BatchPoint};
use wasmeter_otlp::decode::decode_protobuf;
use wasmeter_otlp::wire::Names;

/// All that the engine looks at. Doubles as they are written: a NaN is itself here.
fn rows(batch: &Batch<'_>) -> Vec<String> {
    let point = |point: BatchPoint<'_>| {
        let exemplars: Vec<_> = point.exemplars().collect();
        format!("{:?} {:?} {:?} {} {exemplars:?}", point.attributes(), point.start(), point.time(), point.is_ended())
    };
    let metric = |metric: BatchMetric<'_>| {
        let mut rows = vec![format!("{:?}", metric.row())];
        rows.extend(metric.numbers().map(|(at, row)| format!("{} {:?}", point(at), row.value)));
        rows.extend(metric.histograms().map(|(at, row)| {
            let (extent, bounds) = ((row.count, row.sum, row.min, row.max), row.bounds);
            format!("{} {extent:?} {bounds:?} {:?}", point(at), row.counts)
        }));
        rows.extend(metric.exponentials().map(|(at, row)| {
            let (extent, zero) = ((row.count, row.sum, row.min, row.max), (row.zero_count, row.zero_threshold));
            format!("{} {extent:?} {zero:?} {} {:?} {:?}", point(at), row.scale, row.positive, row.negative)
        }));
        rows.extend(metric.summaries().map(|(at, row)| {
            format!("{} {} {} {:?} {:?}", point(at), row.count, row.sum, row.quantiles, row.quantile_values)
        }));
        rows
    };
    batch.metrics().flat_map(metric).collect()
}

/// The requests in an input: each behind its length in two bytes, the last one of what is left.
fn requests(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut requests = Vec::new();
    while let [low, high, rest @ ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (request, behind) = rest.split_at(length);
        requests.push(request);
        bytes = behind;
    }
    requests
}

fuzz_target!(|bytes: &[u8]| {
    // So little that some of what is known has to go again and again.
    let names = Names::new(8 << 10);
    let requests = requests(bytes);
    for request in requests.iter().chain(&requests) {
        let Some(batch) = names.read(request) else { continue };
        let decoded = decode_protobuf(request).expect("what was read can be decoded");
        assert_eq!(decoded.refused.total(), 0);
        assert_eq!(decoded.warnings, Default::default());
        assert_eq!(rows(&batch), rows(&Batch::from(decoded.frame)));
        assert!(names.size().1 <= 8 << 10);
    }
});
