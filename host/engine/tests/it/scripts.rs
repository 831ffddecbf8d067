//! The scripts of `tests/scripts`, a test each: what the engine does, in a language that knows nothing of this engine.

macro_rules! scripts {
    ($($area:ident { $($idea:ident)* })*) => {
        $(mod $area {
            $(#[test]
            fn $idea() {
                crate::script::check(stringify!($area), stringify!($idea));
            })*
        })*

        const LISTED: &[&str] = &[$($(concat!(stringify!($area), "/", stringify!($idea))),*),*];
    };
}

scripts! {
    callbacks {
        b13_observed_values_are_checked
        b6_callbacks_can_be_added_and_removed
        b7_one_callback_observes_several_instruments
        b8_each_callback_runs_once_in_a_collection
        i1_observations_are_those_of_the_collecting_reader
        i2_a_callback_observes_only_observable_instruments
        i2_values_from_outside_of_a_callback_are_ignored
        i5_what_is_not_observed_is_not_exported
        i6_a_set_observed_twice
        i7_a_callback_that_panics_harms_only_itself
        i8_a_callback_may_create_and_use_instruments
    }
    cardinality {
        e7_a_view_wins_over_the_readers_limit
        l1_the_limit_counts_what_views_leave
        l2_histograms_overflow_bucket_by_bucket
        l2_the_overflow_does_not_count_for_the_limit
        l2_the_overflow_of_a_gauge_has_the_last_value
        l3_a_delta_interval_has_the_whole_room
        l3_sets_seen_before_the_overflow_go_on
        l4_of_observed_sets_the_first_ones_are_kept
        l5_a_reader_has_a_limit_for_each_kind
        l6_attributes_are_not_shortened
    }
    composable_views {
        a13_the_mode_decides
        a_plugin_that_fails_is_passed_over
        a_plugin_that_names_a_stream_renames
        a_set_that_a_plugin_refuses_is_dropped
        f6_a_later_aggregation_undoes_a_drop
        f6_an_aggregation_is_taken_as_a_whole
        f6_attributes_have_to_pass_every_list
        f6_the_last_view_wins_for_each_aspect
        f6_views_are_grouped_by_name
        plugins_compose_over_what_the_file_makes
        the_file_has_the_last_word_on_dropping
    }
    duplicates {
        a1_the_resource_is_on_every_metric
        a5_the_same_name_in_two_scopes_is_no_conflict
        an_instrument_without_a_name_is_refused
        c1_another_kind_is_another_metric
        c3_identical_instruments_are_one
        c4_names_differ_by_more_than_case
        c5_advice_given_first_counts
    }
    explicit_histograms {
        b14_advice_gives_boundaries
        c6_advice_that_makes_no_sense_counts_as_none
        each_attribute_set_has_its_own_buckets
        f4_a_view_wins_over_advice
        g5_no_sum_where_values_may_be_negative
        g5_smallest_and_largest_can_be_left_out
        g6_buckets_include_their_upper_bound
        g6_default_boundaries
        g6_no_boundaries_are_one_bucket
        g7_observations_are_counted_one_by_one
        g8_what_is_not_finite_is_refused
        j3_a_delta_has_the_smallest_and_largest_of_its_interval
    }
    exponential_histograms {
        g1_a_view_asks_for_it
        g5_no_sum_where_values_may_be_negative
        h2_all_doubles_have_a_bucket
        h2_zeros_and_negative_values_have_their_own_buckets
        h3_one_value_has_the_finest_scale
        h3_the_maximum_scale_is_the_views
        h3_the_scale_falls_as_far_as_it_must
        h4_powers_of_two_are_upper_bounds
        j3_a_delta_interval_has_its_own_scale
        n1_a_reader_may_prefer_it
    }
    gauges {
        a_gauge_says_what_it_was_told
        an_observable_gauge_is_silent_when_nothing_is_observed
        g4_the_last_value_counts
        g4_the_last_value_of_a_counter_is_its_last_increment
    }
    sums {
        a_sum_of_nothing_is_a_point_of_zero
        an_attribute_that_is_not_a_number_names_one_series
        b13_a_counter_does_not_take_negative_increments
        c8_of_a_repeated_key_the_last_value_counts
        c8_the_order_of_attributes_does_not_matter
        doubles_do_not_drift
        g3_sums_are_monotonic_for_counters_and_histograms
        g3_the_sum_of_a_gauge_adds_its_measurements
        g8_a_sum_of_integers_ends_at_the_largest
        j3_delta_is_what_came_since
        up_down_counters_take_both_signs
        values_of_other_types_are_other_attributes
    }
    temporality {
        j10_a_total_that_is_left_out_once_keeps_its_baseline
        j1_observed_totals_become_deltas
        j2_cumulative_is_cumulative_for_every_kind
        j2_delta_is_delta_for_counters_and_histograms
        j2_low_memory_is_delta_where_that_needs_no_memory
        j3_cumulative_points_repeat_without_news
        j3_delta_points_are_those_measured_since
        j3_of_observable_instruments_only_what_is_observed_now
        j3_states_persist_for_a_delta_reader
        j4_cumulative_starts_stay
        j4_delta_intervals_follow_each_other
        j5_a_cumulative_series_starts_with_its_first_measurement
        j5_a_first_delta_starts_with_its_instrument
        j5_observed_totals_start_with_instrument_or_collection_before
        j6_readers_do_not_disturb_each_other
    }
    time {
        a_clock_that_goes_back_does_not_take_the_points_along
        a_gauge_has_no_start
        a_measurement_that_overtakes_a_collection_gives_no_point_that_ends_before_it_starts
        points_end_when_the_collection_is_made
    }
    views {
        a_view_is_told_name_kind_and_unit
        a_view_is_told_the_scope
        d4_f2_every_matching_view_makes_a_stream
        e1_the_name_of_a_stream_may_be_any_text
        e2_description_and_unit_are_labels
        e3_advised_attributes_hold_until_a_view_says_otherwise
        e3_listed_attributes_are_kept
        e4_excluded_attributes_are_removed
        e5_a_view_wins_over_the_readers_aggregation
        f1_without_views_kind_and_advice_decide
        f2_streams_of_one_identity_are_both_exported_and_told
        f3_a_view_that_makes_no_sense_is_passed_over
        f5_an_instrument_that_no_view_matches_is_exported
        f5_everything_can_be_off_by_default
        g7_what_meets_under_a_view_is_added
    }
}

#[test]
fn every_script_is_listed_here() {
    let mut found = Vec::new();
    for area in std::fs::read_dir(crate::script::folder()).unwrap().map(Result::unwrap) {
        if !area.file_type().unwrap().is_dir() {
            continue;
        }
        for script in std::fs::read_dir(area.path()).unwrap().map(Result::unwrap) {
            let path = script.path().with_extension("");
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            found.push(format!("{}/{name}", area.file_name().to_string_lossy()));
        }
    }
    found.sort();
    let mut listed: Vec<String> = LISTED.iter().map(|name| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(found, listed, "the scripts there are (left) and those this file lists (right)");
}
