//! The exam of every engine: what the seams promise, seen through nothing but the seams.
//!
//! Each question is a function that is given a [`world::World`]. A question that is not listed below is dead code, and
//! the compiler says so; an engine sits the exam of every seam that it has.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod advance;
mod artifacts;
mod audit;
mod backlog;
mod beat;
mod broker;
mod budget;
mod campaigns;
mod cancel;
mod claim;
#[path = "../redis/clock.rs"]
mod clock;
mod closings;
mod concurrency;
mod control;
mod dead_letters;
// Only the seeds that an order is drawn from.
#[path = "../interleavings/dice.rs"]
mod dice;
mod embedded;
mod epochs;
mod finish;
mod groups;
mod history;
mod lanes;
mod ledger;
mod list;
mod losses;
#[path = "../s3/objects.rs"]
mod objects;
mod outbox;
mod rabbitmq;
mod redis;
mod registry;
mod requests;
mod retention;
mod s3;
mod schedules;
mod spending;
mod suspect;
// Its ways to fail are no part of the exam.
#[allow(dead_code)]
#[path = "../s3/server.rs"]
mod s3_server;
#[path = "../redis/server.rs"]
mod server;
mod submit;
mod sweep;
mod tokens;
#[path = "../amqp/vhost.rs"]
mod vhost;
mod world;

/// Puts questions to an engine; an attribute before its name goes to every test.
macro_rules! exam {
    (#[$attribute:meta] $engine:ident: $world:expr; $($subject:ident { $($question:ident)+ })+) => {
        mod $engine {
            $(mod $subject {
                $(#[tokio::test]
                #[$attribute]
                async fn $question() {
                    crate::$subject::$question($world).await;
                })+
            })+
        }
    };
    ($($questions:tt)+) => {
        exam! { #[cfg(test)] $($questions)+ }
    };
}

/// The exam of a store, with its ledger and registry.
macro_rules! exam_of_a_store {
    ($engine:ident: $world:expr) => {
        exam! {
            $engine: $world;
            submit {
                a_new_operation_is_pending_and_its_message_is_in_the_outbox
                the_same_id_is_created_once
                the_same_key_gives_the_first_operation
                of_submits_that_race_for_one_key_one_creates
                what_can_not_be_is_refused
            }
            claim {
                a_claim_counts_the_try_and_raises_the_fence
                a_held_operation_is_leased_to_everyone
                of_claims_that_race_one_wins
                a_lapsed_lease_is_taken_over
                an_ended_operation_is_terminal_and_an_unknown_one_missing
                a_lapsed_lease_of_the_last_try_ends_as_attempts_exhausted
                a_lapsed_lease_with_a_cancel_request_ends_as_cancelled
                a_root_is_never_claimed
            }
            suspect {
                whoever_is_suspected_and_does_not_beat_loses_the_lease_soon
                whoever_is_suspected_and_beats_keeps_it
                suspecting_again_gives_no_more_time
                a_lease_that_lapses_sooner_stays
                nobody_is_suspected_where_nobody_else_holds_it
            }
            losses {
                a_lost_worker_gives_the_try_back
                the_first_loss_makes_nobody_wait_and_each_later_one_longer
                a_claim_that_finds_a_lapsed_lease_keeps_to_the_wait
                a_job_that_kills_its_workers_ends_when_they_have_cost_its_tries
                who_was_only_near_when_a_worker_died_does_not_pay
                of_several_that_could_pay_for_a_worker_one_does
                tries_that_failed_and_workers_that_were_lost_are_counted_apart
            }
            beat {
                a_beat_extends_the_lease_and_stores_progress
                a_beat_tells_of_a_cancel_request
                a_beat_that_is_late_but_not_replaced_is_still_alive
                a_replaced_attempt_is_fenced
                figures_that_are_no_numbers_do_not_spoil_the_row
            }
            finish {
                completed_is_recorded_with_its_event
                failed_keeps_reason_error_and_result
                a_retry_waits_until_it_is_due
                a_retry_without_tries_left_fails_as_attempts_exhausted
                a_release_gives_the_try_back_and_keeps_the_fence
                a_deferral_waits_until_it_is_due_and_gives_the_try_back
                a_zombie_is_refused_and_told_the_fence_of_the_row
                repeating_a_finish_is_refused_with_ones_own_fence
                the_same_fence_of_another_process_is_refused
                completed_wins_over_a_cancel_request_and_is_marked_too_late
                everything_else_yields_to_a_cancel_request
                of_finishes_that_race_one_is_recorded
                an_oversized_result_is_refused_and_the_attempt_goes_on
                how_long_an_attempt_took_is_not_told_by_a_clock_that_jumps
            }
            cancel {
                a_pending_operation_is_cancelled_at_once
                a_running_operation_is_asked_to_stop
                the_first_request_keeps_its_words
                an_ended_operation_is_too_late_and_an_unknown_one_missing
                a_cancel_during_the_wait_for_a_retry_is_done_at_once
                a_root_passes_the_request_to_its_pending_child
                a_root_passes_the_request_to_its_running_child
                a_root_that_stayed_where_its_child_ended_is_told_of_it_again
                a_waiting_root_is_cancelled_at_once
            }
            groups {
                a_group_is_cancelled_in_batches
                a_running_one_is_asked_and_its_history_says_by_whom
                of_a_campaign_that_is_being_cancelled_nothing_starts
                a_cancelled_campaign_is_finished_by_the_sweep_when_nobody_else_does
                cycles_that_run_pass_the_request_on
                what_is_submitted_meanwhile_is_not_meant
                a_cancelled_campaign_can_be_gone_on_with
                cancelling_a_group_again_changes_nothing
                a_group_is_bounded_by_kind_status_and_campaign
                a_group_that_was_asked_for_earlier_is_no_larger
                a_campaign_that_was_cancelled_earlier_goes_on_with_later_cycles
                groups_that_can_not_be_are_refused
            }
            campaigns {
                cycles_are_counted_by_what_became_of_them
                each_gate_and_each_reason_is_counted_apart
                campaigns_come_newest_first_in_pages
                a_campaign_lists_its_cycles_and_their_children
                a_campaign_that_nobody_began_is_not_there
            }
            sweep {
                a_lapsed_lease_brings_the_operation_back
                a_lease_within_its_grace_is_left_alone
                a_lost_worker_of_a_cancelled_operation_ends_it
                a_worker_lost_once_too_often_ends_it_as_attempts_exhausted
                a_lost_event_is_announced_again_and_marked
                a_sweep_handles_at_most_its_limit
                sweeping_twice_does_nothing_more
            }
            advance {
                a_root_starts_with_its_first_child
                an_advance_creates_the_next_child_and_its_message
                repeating_an_advance_is_stale
                an_advance_before_the_child_ended_is_early
                a_wrong_decision_about_a_failed_child_is_a_mismatch
                a_failed_child_fails_the_root
                a_gate_may_fail_a_root_whose_child_completed
                a_cancelled_child_cancels_the_root
                a_cancel_request_closes_the_root_instead_of_advancing
                a_completed_root_has_its_result_and_one_event
                of_advances_that_race_one_moves
                an_advance_of_an_unknown_root_or_a_wrong_phase_is_stale
            }
            lanes {
                as_many_roots_start_as_may_be_in_flight
                a_generation_starts_when_all_before_it_have_ended
                fewer_in_flight_than_a_generation_go_through_it_in_order
                cancelling_does_not_open_the_way_to_the_next_generation_early
                the_end_of_a_root_starts_the_next_in_its_lane
                a_cancelled_root_is_skipped
                a_cancelled_waiting_root_starts_nothing
                a_failed_root_starts_the_next_one
                submitting_roots_twice_changes_nothing
                roots_that_can_not_be_are_refused
            }
            concurrency {
                a_root_is_admitted_while_there_is_a_place_under_each_of_its_keys
                of_submits_that_race_for_the_last_place_one_gets_it
                however_a_root_ends_its_places_are_free
                a_root_that_is_not_admitted_takes_no_place
                the_same_root_is_admitted_once
                limits_that_can_not_be_are_refused
            }
            list {
                rows_come_newest_first_with_their_totals
                a_summary_says_what_it_is_about_and_a_cycle_is_called_by_its_design
                filters_combine
                pages_follow_each_other
                a_list_without_a_sensible_limit_is_refused
                a_list_tells_the_time_of_its_store
                a_part_begins_where_the_one_before_it_ended_whatever_came_meanwhile
                several_statuses_and_kinds_are_meant_at_once
                the_oldest_come_first_when_they_are_asked_for
                totals_follow_every_change
            }
            history {
                every_attempt_is_told_with_its_fence_its_worker_and_its_error
                lost_workers_are_named
                the_first_cancel_request_is_told_with_its_words
                a_cycle_tells_of_its_lane_its_phases_and_its_end
                what_changes_nothing_is_not_told
                what_is_published_again_and_again_is_told_once
                the_latest_entries_are_kept
                a_long_note_is_cut_between_characters
            }
            backlog {
                what_waits_is_counted_by_queue
                what_waits_for_a_time_says_when_it_is_due
                what_waits_for_its_next_attempt_is_counted_until_it_is_due_or_over
                what_is_claimed_or_waits_for_its_retry_is_not_counted
                a_queue_counts_once_something_in_it_is_old
                a_pending_operation_is_published_again_after_its_age
                a_message_still_in_the_outbox_is_not_doubled
                the_oldest_are_published_again_first
                only_what_waits_in_that_queue_is_published_again
                what_is_published_again_goes_the_same_way
            }
            dead_letters {
                those_that_used_up_their_tries_are_dead_letters
                a_dismissed_one_leaves_the_list_and_keeps_its_row
                only_dead_letters_are_dismissed
                dead_letters_come_in_pages
            }
            retention {
                what_ended_long_ago_goes_with_its_history_and_the_newest_row_stays
                a_dry_run_tells_what_would_go_and_nothing_does
                for_ever_is_for_ever
                what_was_counted_and_what_is_a_candidate_stay_with_their_cycle
                a_campaign_that_is_not_closed_keeps_its_rows_and_its_counts_outlive_them
                dead_letters_stay_until_somebody_dismissed_them
                what_somebody_has_to_hear_of_stays
                a_key_gives_the_same_operation_for_a_week_at_least
                however_small_its_steps_a_pass_reaches_everything
                no_history_loses_what_a_replay_needs
            }
            outbox {
                entries_come_in_order_and_stay_until_relayed
                removing_an_entry_twice_is_harmless
                changes_are_hinted
            }
            ledger {
                a_look_counts_once_per_operation_and_before_it_showed_anything
                what_a_look_showed_is_written_down_once
                looks_are_those_at_one_instrument_and_time_whoever_takes_them_and_at_whatever_file
                a_replay_is_no_look
                a_look_that_is_to_repeat_none_is_counted_once_for_each_content_and_time
                of_many_who_look_at_the_same_at_once_one_is_counted
                trials_come_back_oldest_first
                parts_of_a_list_follow_each_other_whatever_is_added_meanwhile
                every_look_counts_however_many_there_are
                a_cycle_is_remembered_once
                lessons_come_newest_first
                a_hypothesis_is_written_once_and_so_is_each_word_on_it
                hypotheses_come_newest_first
            }
            closings {
                an_exam_is_a_candidate_once_and_candidates_come_back_oldest_first
                a_campaign_is_closed_once_and_again_only_after_its_last_closing
                tests_of_a_sequence_follow_each_other_without_a_gap
                of_many_who_close_at_once_one_does_and_tests_are_numbered_in_the_order_they_are_written
                a_closing_is_hinted
            }
            budget {
                the_worst_case_is_set_aside_and_what_it_cost_is_paid
                what_is_held_is_known_until_it_is_settled_or_lapses
                whatever_is_said_twice_counts_once
                no_account_is_overdrawn_by_a_micro_dollar
                a_campaign_may_spend_what_it_was_allowed_instead_of_what_every_one_may
                tokens_and_machine_time_are_limited_like_money
                of_those_that_race_for_what_is_left_as_many_get_it_as_it_is_enough_for
                a_reservation_whose_time_is_over_is_paid_at_its_worst_case
                who_reserves_next_finds_paid_what_was_left_behind
                what_is_reserved_for_a_batch_outlives_what_is_reserved_for_a_call
                a_call_belongs_to_the_day_on_which_it_was_reserved
                days_begin_where_they_are_counted
                what_was_spent_already_is_paid_once_whatever_the_limits_say
                what_cost_more_than_was_set_aside_is_paid_whole
                whether_something_may_begin_is_told_without_setting_anything_aside
                costs_that_can_not_be_are_refused
            }
            spending {
                no_order_of_calls_overspends_or_leaks
                every_broken_rule_is_noticed
            }
            tokens {
                a_token_is_in_force_until_its_time_is_over
                a_revoked_token_is_gone_at_once
                an_id_is_taken_once
                tokens_that_can_not_be_are_refused
            }
            audit {
                what_is_asked_for_is_numbered_and_comes_back_newest_first
                an_outcome_is_written_once
                parts_of_the_log_follow_each_other
            }
            requests {
                a_key_stands_for_one_request_until_its_time_is_over
                of_those_who_answer_the_first_is_kept
                of_requests_that_race_all_have_one_mark
                however_many_keys_end_a_live_one_stays
                what_can_not_be_an_answer_is_refused
            }
            schedules {
                a_schedule_is_made_once_and_comes_back_as_it_was_said
                a_pause_stands_until_it_is_ended
                a_schedule_that_is_deleted_leaves_its_records
                plans_that_can_not_be_are_refused
                one_leads_until_its_lease_is_over_and_each_term_has_a_greater_number
                of_those_that_race_for_the_lead_one_gets_it
                what_is_decided_is_written_with_how_far_it_goes
                only_who_leads_decides_and_only_on_what_was_read
                a_tick_has_one_record_whoever_writes_it
                a_record_is_moved_by_who_read_it_last
                what_waits_or_runs_is_found_oldest_first
                records_come_latest_first_in_parts
            }
            registry {
                workers_that_announced_themselves_are_there
                a_worker_is_listed_until_its_lease_is_over
                the_latest_announcement_stands
                a_worker_that_goes_or_falls_silent_is_no_longer_there
            }
            control {
                nothing_is_asked_of_a_worker_at_first
                a_worker_that_is_asked_to_end_is_told_each_time_and_no_other_is
                who_is_not_there_can_not_be_asked_to_end
                a_worker_that_was_cut_off_for_a_while_still_hears_that_it_should_end
                a_pause_says_since_when_and_repeating_it_changes_nothing
                a_paused_kind_is_told_to_everyone_until_it_is_resumed
                what_is_so_already_is_not_changed
                cycles_have_no_jobs_to_pause
                every_order_is_hinted
            }
        }
    };
}

/// The exam of a broker.
macro_rules! exam_of_a_broker {
    ($(#[$attribute:meta])? $engine:ident: $world:expr) => {
        exam! {
            $(#[$attribute])? $engine: $world;
            broker {
                a_consumer_holds_no_more_than_its_prefetch
                an_unacknowledged_message_is_delivered_again
                acknowledgements_in_any_order_forget_those_messages_and_no_others
                a_dropped_consumer_gives_back_what_it_had_not_handed_out
                what_a_dropped_consumer_handed_out_can_still_be_acknowledged
                a_message_wakes_a_waiting_consumer
                an_abandoned_wait_loses_nothing
                a_cycle_has_no_queue
                jobs_that_ask_for_a_device_wait_where_its_workers_find_them
                a_wish_that_its_kind_does_not_know_changes_nothing
                events_go_to_the_orchestrator
            }
        }
    };
}

/// The exam of a place for artefacts.
macro_rules! exam_of_artifacts {
    ($engine:ident: $world:expr) => {
        exam! {
            $engine: $world;
            epochs {
                of_stores_that_are_met_at_once_all_agree_on_one
                epochs_are_added_in_order_and_none_is_ever_replaced
                a_record_that_can_not_be_read_is_no_missing_one
            }
            artifacts {
                what_was_put_is_read_back_and_replaced
                create_refuses_to_replace
                of_creates_that_race_one_wins
                what_is_not_there_is_not_found
                a_list_names_what_lies_below_a_folder
                what_lies_there_is_told_and_removed
                a_folder_is_not_read
                keys_that_climb_are_no_keys
            }
        }
    };
}

exam_of_a_store!(sqlite_store: crate::embedded::world());
exam_of_a_store!(redis_store: crate::redis::world().await);
exam_of_a_broker!(memory_broker: crate::embedded::world());
exam_of_a_broker!(#[ignore = "needs services: RabbitMQ"] amqp_broker: crate::rabbitmq::world().await);
// RabbitMQ's quorum queues have no strict priorities before 4.3.
exam!(memory_broker_by_priority: crate::embedded::world(); broker { messages_come_in_order_of_priority_then_age });
exam_of_artifacts!(local_artifacts: crate::embedded::world());
exam_of_artifacts!(s3_artifacts: crate::s3::world().await);
exam_of_artifacts!(cached_s3_artifacts: crate::s3::cached_world().await);
// Object storage has no folders: a key may be an artefact and lead to others.
exam!(local_artifacts_in_folders: crate::embedded::world(); artifacts { below_an_artefact_is_no_place });
