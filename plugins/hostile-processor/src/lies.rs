//! Frames that break the rules of the contract.

use crate::bindings::exports::wasmeter::plugin::processors::Frame;

/// The frame with this lie in it; what is no lie leaves it as it is.
pub(crate) fn told(lie: &str, mut frame: Frame) -> Frame {
    let metrics = &mut frame.metrics;
    match lie {
        "short-column" => drop(metrics.name.pop()),
        "no-text" => frame.strings.text.fill(0xff),
        "bad-index" => metrics.name.fill(u32::MAX),
        "bad-kind" => metrics.kind.fill(99),
        "no-name" => {
            // One more text, of no length.
            metrics.name.fill(frame.strings.ends.len() as u32);
            frame.strings.ends.push(frame.strings.text.len() as u32);
        }
        "twin-series" => {
            // The first point of the first gauge or sum once more.
            let kinds = metrics.kind.iter();
            if let Some(metric) = kinds.clone().position(|kind| [1, 2].contains(kind)) {
                metrics.points[metric] += 1;
                let numbers = &mut frame.numbers;
                numbers.points.attributes.insert(0, numbers.points.attributes[0]);
                numbers.points.start.insert(0, numbers.points.start[0]);
                numbers.points.time.insert(0, numbers.points.time[0]);
                numbers.points.flags.insert(0, numbers.points.flags[0]);
                numbers.points.exemplars.insert(0, 0);
                numbers.tags.insert(0, numbers.tags[0]);
                numbers.bits.insert(0, numbers.bits[0]);
            }
        }
        _ => {}
    }
    frame
}
