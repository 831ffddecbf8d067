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
    bad_input {
        a_metric_has_a_name
        a_monotonic_sum_is_not_negative
        a_point_has_a_value_or_says_that_it_has_none
        a_temporality_has_to_be_given
        advice_that_makes_no_sense_is_told
        an_attribute_has_a_key
        buckets_have_to_fit
        c8_of_a_repeated_key_the_last_value_counts
        g8_not_finite_where_a_sum_is_built
        h8_exponential_buckets_lie_within_the_doubles
        instruments_are_bounded
        keys_of_any_text
        measurements_beyond_the_bound_on_sources_overflow
        no_point_ends_before_it_starts
        refused_measurements_are_told_once
        sources_are_bounded
    }
    bound {
        a_series_that_a_binding_waits_for_may_begin_with_a_swap
        a7_bindings_follow_a_swap
        b13_what_is_refused_is_refused_when_bound
        k1_a_binding_that_waits_starts_after_a_swap_too
        k1_binding_alone_is_no_measurement
        k1_bound_and_unbound_are_the_same_series
        k1_the_start_is_that_of_the_first_measurement
        k2_a_binding_may_overflow
        k2_views_apply_to_bound_attributes
        k5_every_synchronous_kind_can_be_bound
    }
    callbacks {
        a_run_observes_a_bounded_number_of_values
        a_total_that_comes_back_after_its_expiry_counts_once
        b13_observed_values_are_checked
        b6_callbacks_can_be_added_and_removed
        b7_one_callback_observes_several_instruments
        b8_each_callback_runs_once_in_a_collection
        i1_observations_are_those_of_the_collecting_reader
        i2_a_callback_observes_only_observable_instruments
        i2_values_from_outside_of_a_callback_are_ignored
        i3_a_callback_that_is_given_up_leaves_out_its_series
        i5_what_is_not_observed_is_not_exported
        i6_a_set_observed_twice
        i7_a_callback_that_panics_harms_only_itself
        i8_a_callback_may_create_and_use_instruments
        j10_a_total_whose_callback_is_late_counts_once
        several_callbacks_of_one_counter_add_up
    }
    cardinality {
        deltas_of_observed_totals_overflow_without_loss
        deltas_that_have_ended_take_room_of_their_interval
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
        what_has_ended_takes_room_until_that_is_told
    }
    composable_views {
        a13_the_mode_decides
        a_plugin_renames_only_what_has_no_name
        a_plugin_that_fails_is_passed_over
        a_plugin_that_names_a_stream_renames
        a_set_that_a_plugin_refuses_is_dropped
        f6_a_later_aggregation_undoes_a_drop
        f6_an_aggregation_is_taken_as_a_whole
        f6_an_invalid_setting_falls_back_to_the_view_before
        f6_attributes_have_to_pass_every_list
        f6_the_last_view_wins_for_each_aspect
        f6_views_are_grouped_by_name
        plugins_are_asked_in_order
        plugins_compose_over_what_the_file_makes
        resources_have_rules_too
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
        c7_of_several_descriptions_the_longest_is_exported
        of_a_shared_stream_the_advice_given_first_counts
    }
    exemplars {
        e6_a_view_chooses_the_reservoir
        exemplars_of_before_a_swap_stay_with_their_series
        k3_bound_instruments_sample_with_the_context_of_each_measurement
        m1_what_is_refused_is_no_exemplar
        m2_a_received_exemplar_takes_along_what_a_view_removed
        m2_an_exemplar_has_the_attributes_that_are_not_on_its_point
        m2_observations_have_exemplars_too
        m3_always_off_keeps_all_exemplars_out
        m3_always_on_takes_every_measurement
        m3_trace_based_takes_measurements_of_sampled_spans
        m4_an_exemplar_is_exported_once
        m4_exemplars_are_of_the_interval
        m4_reservoirs_of_readers_are_apart
        m6_m5_a_histogram_has_one_for_each_bucket
        m6_others_have_one
        one_from_the_future_keeps_none_out
        the_overflow_tells_the_whole_set
    }
    expiry {
        a_reader_that_nobody_collects_for_keeps_nothing_that_is_long_gone
        a_received_gauge_counts_until_its_expiry
        a_received_series_without_news_ends
        what_is_refused_keeps_no_series_alive
        what_was_measured_here_does_not_expire
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
        g6_observed_and_negative_values_too
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
        measurements_of_one_time_leave_the_last_one
        observations_that_meet_under_a_view_leave_the_last_one
        the_last_value_of_a_received_counter
    }
    merging_workers {
        a_restarted_worker_does_not_bend_the_sum
        a_silent_worker_is_forgotten
        a_view_says_how_states_combine
        a_worker_that_returns_counts_only_what_is_new
        an_exported_start_never_moves
        counters_add_up
        deltas_of_workers_add_up
        integers_are_compared_exactly
        recorded_states_merge_as_received_ones
        states_are_those_of_all_workers_together
    }
    observed {
        a_total_that_begins_anew_is_a_reset
        a_total_that_comes_back_counts_once
        a_view_is_told_observable_kinds
        states_that_ended_are_gone_at_once
    }
    readers {
        an_empty_engine_exports_nothing
        n1_a_reader_says_the_temporality_of_each_kind
        o5_a_filter_leaves_out_metrics
        o5_a_filter_leaves_out_series
    }
    received {
        a_late_state_of_the_process_before_is_none
        a_total_that_is_repeated_stays_known
        a_total_that_turns_from_integers_to_doubles_is_one_series
        cumulative_in_cumulative_out
        deltas_count_in_any_order
        gauges_have_the_newest_value
        integers_and_doubles_of_one_metric_stay_what_they_are
        j1_cumulative_becomes_delta
        j1_delta_becomes_cumulative
        j1_deltas_of_an_up_down_counter_become_its_state
        j7_a_decrease_is_a_reset
        j7_a_late_point_of_the_process_before_counts_once
        j7_a_new_start_is_a_restart
        j7_a_repeated_delta_counts_once
        j7_a_series_that_ended_says_so_once
        j7_overlapping_deltas_are_told
        j7_the_end_of_one_writer_leaves_the_others
        j7_what_is_not_new_is_refused
        j7_workers_that_share_an_identity_are_told_apart_by_their_start
        j8_a_delta_from_before_the_start_is_refused
        j8_a_gap_between_deltas_loses_nothing
        metadata_stays_on_the_stream
        one_point_from_the_future_does_not_silence_its_series
        several_owners_in_one_request
        summaries_pass_as_they_are
        the_state_of_a_restarted_writer_is_its_new_one
    }
    received_histograms {
        a_view_may_coarsen_bounds
        an_empty_exponential_point_keeps_the_resolution
        approximate_bounds_split_no_bucket_that_fits
        approximate_buckets_may_be_of_another_sort
        bounds_that_were_not_received_are_not_invented
        equal_bounds_add_bucket_by_bucket
        explicit_ones_do_not_become_exponential
        h5_the_wider_zero_bucket_swallows_what_it_covers
        h6_a_writer_may_come_down_in_scale
        h6_scales_meet_at_the_coarser_one
        its_sum_may_become_a_sum
        j7_a_bucket_that_shrinks_is_a_reset
        j9_deltas_become_cumulative_with_extremes
        j9_explicit_histograms_become_deltas_without_extremes
        one_series_with_several_bounds_keeps_every_count
        unlike_bounds_are_not_merged
        unlike_bounds_meet_in_the_overflow
        without_buckets_only_count_and_sum_are_kept
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
    swap {
        a7_instruments_handed_out_before_follow_the_new_views
        a7_what_does_not_change_keeps_value_and_start
        a_drop_ends_everything
        a_fault_refuses_the_swap
        a_gauge_keeps_its_state_and_a_counter_no_last_value
        a_limit_is_used_by_what_goes_on_before_what_is_new
        a_limit_that_a_swap_gives_room_under_is_used
        a_series_of_a_swap_claims_no_extremes_of_before
        a_swap_at_the_time_of_a_collection
        another_aggregation_is_another_series
        another_name_is_another_series
        each_measurement_is_in_one_generation
        f3_views_that_make_no_sense_are_not_swapped_in
        histograms_that_meet_after_a_swap_have_the_bounds_of_the_first
        nothing_changes_until_the_commit
        observed_totals_count_each_increment_once
        of_two_prepared_swaps_the_last_committed_serves
        received_series_keep_their_baselines
        states_move_whole
        there_and_back_within_an_interval_leaves_no_trace
        what_stays_as_received_goes_on
        what_was_said_of_a_metric_is_said_of_its_new_stream
    }
    temporality {
        j10_a_total_that_is_left_out_once_keeps_its_baseline
        j1_an_up_down_counter_can_be_delta
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
    threads {
        a_bound_instrument_serves_all_threads
        a_swap_parts_what_threads_have_measured
        measurements_of_all_threads_add_up
        the_last_value_is_the_last_of_all_threads
        the_start_is_that_of_the_first_thread
    }
    time {
        a_clock_that_goes_back_does_not_take_the_points_along
        a_gauge_has_no_start
        a_measurement_that_overtakes_a_collection_gives_no_point_that_ends_before_it_starts
        points_end_when_the_collection_is_made
        what_is_received_after_a_clock_went_back_is_news
    }
    views {
        a_reader_may_drop_a_kind
        a_second_stream_of_one_name_has_bounds_of_its_own
        a_view_is_told_name_kind_and_unit
        a_view_is_told_the_scope
        b11_an_instrument_tells_whether_it_is_of_any_use
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
        histograms_that_meet_under_a_name_have_the_bounds_of_the_first
        the_specifications_example_of_a_conflict
        the_specifications_example_of_a_view_for_each_instrument
        the_specifications_example_of_dropping_all_but_one
        two_instruments_of_one_stream_add_up
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
