//! Frames between the contract's types and this crate's: the same columns, moved.

use super::bindings::processor::wasmeter::plugin::frames;
use crate::frame::tables::Tables;
use crate::frame::texts::Texts;
use crate::frame::{Frame, columns};

/// Moves columns between two records that have the same ones.
macro_rules! moved {
    ($from:expr => $($to:ident)::+ { $($column:ident),* $(; points: $points:expr)? }) => {
        $($to)::+ { $($column: $from.$column,)* $(points: $points($from.points),)? }
    };
}

/// Declares both directions of each table.
macro_rules! both_ways {
    ($($table:ident { $($column:ident),* } $($with_points:ident)?;)*) => {
        mod taken {
            use super::{columns, frames};
            $(#[allow(non_snake_case, reason = "named like the table")]
            pub(super) fn $table(table: frames::$table) -> columns::$table {
                moved!(table => columns::$table { $($column),* $(; points: $with_points)? })
            })*
        }
        mod given {
            use super::{columns, frames};
            $(#[allow(non_snake_case, reason = "named like the table")]
            pub(super) fn $table(table: columns::$table) -> frames::$table {
                moved!(table => frames::$table { $($column),* $(; points: $with_points)? })
            })*
        }
    };
}

both_ways! {
    Bounds { bounds, ends };
    Resources { attributes, schema_url, dropped_attributes };
    Scopes { resource, name, version, schema_url, attributes, dropped_attributes };
    Metrics { scope, name, description, unit, kind, temporality, monotonic, metadata, points };
    Points { attributes, start, time, flags, exemplars };
    Numbers { tags, bits } Points;
    Histograms { count, known, sum, min, max, bounds, counts, counts_ends } Points;
    Exponentials { count, known, sum, min, max, scale, zero_count, zero_threshold, positive_offset, positive, positive_ends, negative_offset, negative, negative_ends } Points;
    Summaries { count, sum, quantiles, quantile_values, quantile_ends } Points;
    Exemplars { attributes, time, tags, bits, trace_id_high, trace_id_low, span_id };
}

/// The host only gives out UTF-8, so this is a check and no copy.
fn text(bytes: Vec<u8>) -> String {
    if is_ascii(&bytes) {
        // SAFETY: ASCII is UTF-8.
        return unsafe { String::from_utf8_unchecked(bytes) };
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Most texts are. The standard library finds that out eight bytes at a time, and a loop of a plugin had better turn seldom.
#[inline(never)]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let (wide, rest) = bytes.as_chunks::<64>();
    let is_ascii = |bytes: &[u8; 64]| {
        let words = bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        words.fold(0, |bits, word| bits | word) & HIGH_BITS == 0
    };
    wide.iter().all(is_ascii) && rest.is_ascii()
}

/// The host's frame.
pub(super) fn taken(frame: frames::Frame) -> Frame {
    Frame {
        tables: Tables {
            text: Texts::unchecked(frame.strings.text, text),
            text_ends: frame.strings.ends,
            tags: frame.values.tags,
            bits: frame.values.bits,
            blob: frame.values.blob,
            blob_ends: frame.values.blob_ends,
            keys: frame.sets.keys,
            values: frame.sets.values,
            set_ends: frame.sets.ends,
        },
        bounds: taken::Bounds(frame.bounds),
        resources: taken::Resources(frame.resources),
        scopes: taken::Scopes(frame.scopes),
        metrics: taken::Metrics(frame.metrics),
        numbers: taken::Numbers(frame.numbers),
        histograms: taken::Histograms(frame.histograms),
        exponentials: taken::Exponentials(frame.exponentials),
        summaries: taken::Summaries(frame.summaries),
        exemplars: taken::Exemplars(frame.exemplars),
    }
}

/// A frame for the host.
pub(super) fn given(frame: Frame) -> frames::Frame {
    let tables = frame.tables;
    frames::Frame {
        strings: frames::Strings { text: tables.text.into_bytes(), ends: tables.text_ends },
        values: frames::Values {
            tags: tables.tags,
            bits: tables.bits,
            blob: tables.blob,
            blob_ends: tables.blob_ends,
        },
        sets: frames::Sets { keys: tables.keys, values: tables.values, ends: tables.set_ends },
        bounds: given::Bounds(frame.bounds),
        resources: given::Resources(frame.resources),
        scopes: given::Scopes(frame.scopes),
        metrics: given::Metrics(frame.metrics),
        numbers: given::Numbers(frame.numbers),
        histograms: given::Histograms(frame.histograms),
        exponentials: given::Exponentials(frame.exponentials),
        summaries: given::Summaries(frame.summaries),
        exemplars: given::Exemplars(frame.exemplars),
    }
}
