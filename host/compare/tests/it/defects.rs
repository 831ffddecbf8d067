//! The ten cases: ours is right, and what the official SDK does is as it was when last looked at. Where its half fails after
//! an update, the official SDK has changed: look at the case, and write `docs/side-by-side.md` anew.

use wasmeter_compare::defects::{DEFECTS, HANGS, markdown, outcomes};

#[track_caller]
fn check(row: &str, ours: &str, official: &str) {
    let defect = DEFECTS.iter().find(|defect| defect.row == row).unwrap();
    assert_eq!(outcomes(defect), (ours.to_owned(), official.to_owned()));
}

#[test]
fn v1_observations_are_the_collecting_readers_alone() {
    check(
        "V1",
        "jobs histogram count=1 sum=3 min=3 max=3 buckets=[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
        "jobs histogram count=3 sum=9 min=3 max=3 buckets=[0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
    );
}

#[test]
fn v2_a_reader_sees_nothing_of_what_another_observed() {
    check(
        "V2",
        "generation{generation=1} gauge 1",
        "generation{generation=0} gauge 1; generation{generation=1} gauge 1",
    );
}

#[test]
fn v3_observations_that_a_view_lets_fall_together_are_added() {
    check("V3", "cpu.time sum+ 42", "cpu.time sum+ 32");
}

#[test]
fn v4_every_view_gives_its_stream() {
    check(
        "V4",
        "requests{method=GET} sum+ 1; requests{route=/cart} sum+ 1, with a warning",
        "requests{route=/cart} sum+ 1, without a warning",
    );
}

#[test]
fn v5_the_last_of_a_repeated_key_counts() {
    check(
        "V5",
        "requests{route=last} sum+ 1",
        "requests{route=first,route=last} sum+ 1, or requests{route=first} sum+ 1",
    );
}

#[test]
fn v6_a_gauge_can_be_summed() {
    check("V6", "level sum 11", "level gauge 6");
}

#[test]
fn v7_a_callback_may_make_instruments() {
    check("V7", "inner gauge 1; outer gauge 1", HANGS);
}

#[test]
fn v8_a_panic_is_the_callbacks_own() {
    check("V8", "healthy sum+ 7", "collecting fails: Operation failed: Failed to lock pipeline");
}

#[test]
fn v9_a_duplicate_registration_is_told() {
    check(
        "V9",
        "requests histogram count=1 sum=1 min=1 max=1 buckets=[1, 0]; requests sum+ 1, with a warning",
        "requests histogram count=1 sum=1 min=1 max=1 buckets=[1, 0]; requests sum+ 1, without a warning",
    );
}

#[test]
fn v10_nan_names_one_series() {
    check(
        "V10",
        "requests{share=NaN} sum+ 5",
        "requests{share=NaN} sum+ 1; requests{share=NaN} sum+ 1; requests{share=NaN} sum+ 1; requests{share=NaN} sum+ 1; requests{share=NaN} sum+ 1",
    );
}

#[test]
fn the_page_says_what_the_cases_do() {
    let page = include_str!("../../../../docs/side-by-side.md");
    assert_eq!(page, markdown(), "run `cargo xtask side-by-side`");
}
