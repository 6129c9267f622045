"""The faults that the engine is to stand, by number, each with the tests that prove what becomes of it and what is said.

A proof is `file::function` of a test, or `file.out::words` of a text of the gallery, which is compared to the letter.
`ours` says where the engine answers otherwise than one might expect, and why.
"""

# ruff: noqa: E501  (a fault is a line, however many proofs it has)
# fmt: off

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fault:
    """A fault, its proofs below tests/, and what is deliberately different."""

    text: str
    proofs: tuple[str, ...]
    ours: str = ""


def _f(text: str, *proofs: str, ours: str = "") -> Fault:
    return Fault(text, proofs, ours)


_ERR = "workspace/err/"
_YAML = "source/test_yaml.py::"
_SAYS = "hostile/test_yaml.py::test_says"
_HERE = "faults/test_"

PLAYBOOKS: Final = {
    1: _f("a key twice", _SAYS, f"{_ERR}14-duplicate.out::`wait` is written twice in this step", f"{_YAML}test_what_is_refused"),
    2: _f("NO, yes, on, off", _SAYS, f"{_YAML}test_values_are_those_of_yaml_1_2"),
    3: _f("hours that YAML 1.1 reads as numbers", _SAYS, f"{_YAML}test_values_are_those_of_yaml_1_2"),
    4: _f("0123, 1_000, 1e5", _SAYS, f"{_YAML}test_a_text_field_gets_what_was_written"),
    5: _f("a phone number without quotation marks", f"{_YAML}test_a_text_field_gets_what_was_written", f"{_HERE}playbooks.py::test_a_phone_number_without_quotation_marks_stays_what_it_is"),
    6: _f("29 February 2026", _SAYS, f"{_ERR}conditions.out::`2026-02-30` is no day of the calendar"),
    7: _f("5,000 digits, infinity, NaN", _SAYS, f"{_YAML}test_values_are_those_of_yaml_1_2", "hostile/test_yaml.py::test_is_refused_with_its_place"),
    8: _f("an alias bomb", _SAYS, f"{_YAML}test_a_bomb_is_refused_at_its_first_anchor"),
    9: _f("a merge bomb", _SAYS, f"{_ERR}broken-yaml.out::error[merge-key]"),
    10: _f("nesting of 500, 5,000 and 50,000", _SAYS, f"{_YAML}test_depth_is_capped_before_anything_is_built"),
    11: _f("an alias of itself", _SAYS, f"{_YAML}test_what_is_refused"),
    12: _f("tags", _SAYS, f"{_ERR}broken-yaml.out::`!secret` is a YAML tag"),
    13: _f("tabs, NUL, bytes that are no UTF-8, marks", _SAYS, f"{_YAML}test_what_is_refused", f"{_YAML}test_a_byte_order_mark_is_accepted"),
    14: _f("an empty file, a word, a list, two documents", f"{_YAML}test_what_is_refused", f"{_ERR}broken-yaml.out::this file must begin with a key"),
    15: _f(
        "50 MB, 10,000 playbooks",
        f"{_HERE}playbooks.py::test_of_a_huge_file_no_more_is_read_than_may_be_in_it",
        f"{_YAML}test_the_number_of_values_is_capped",
        ours="Files are limited and their number is not: 1,000 playbooks load in seconds, 10,000 in about a minute.",
    ),
    16: _f("an unknown key", _SAYS, f"{_ERR}01-unknown-key.out::did you mean `within`?"),
    17: _f("a message, a segment or a channel that is not there", _SAYS, f"{_ERR}12-unknown-message.out::did you mean", f"{_ERR}unknown-segment.out::there is no segment", f"{_ERR}channels.out::declares no `chat`"),
    18: _f("two playbooks of one id; an id that changes", f"{_ERR}two-files.out::two files have the id `hello`", f"{_ERR}renamed.out::error[renamed-from]", "test_deploy.py::test_a_renamed_playbook_takes_its_people_and_its_past_along"),
    19: _f(
        "a circle, a step that is never reached",
        f"{_ERR}loop-without-wait.out::can be repeated without any wait",
        f"{_ERR}16-unreachable.out::this step can never run",
        f"{_ERR}broken-segment.out::one -> two -> one",
        ours="There is no goto; the only circle of steps is `repeat`, and it needs a wait.",
    ),
    20: _f("lengths below nothing, of nothing and of 10,000 years", _SAYS, f"{_ERR}nothing-at-all.out::`0 minutes` is no time at all"),
    21: _f("a rhythm that is none, and one that never comes", "clocks/test_times.py::test_what_is_no_rhythm", f"{_ERR}cron.out::`0 0 31 2 *` never comes"),
    22: _f("zones that are none", f"{_ERR}broken-settings.out::`Mars/Base` is not a time zone", f"{_HERE}playbooks.py::test_a_zone_that_is_none_is_told_with_the_one_that_was_meant"),
    23: _f("a window that never opens, or begins when it ends", f"{_ERR}never-opens.out::this window never opens", f"{_ERR}cron.out::begins when it ends"),
    24: _f(
        "conditions of unknown fields, of wrong types, with patterns that explode",
        _SAYS, f"{_ERR}05-type.out::error[type]", f"{_ERR}conditions.out::a condition has at most 2,000 letters", "conditions/test_types.py::test_what_is_too_long_or_too_deep_is_refused",
        ours="There are no patterns in conditions, so none can explode.",
    ),
    25: _f("braces without quotation marks", _SAYS, f"{_ERR}08-template.out::`{{{{ }}}}` belongs in message texts"),
    26: _f("a secret in a file", _SAYS, f"{_ERR}secret-in-file.out::stop: ***", "source/test_printing.py::test_a_secret_is_not_printed"),
    27: _f("paths and links that lead out", _SAYS, "workspace/test_load.py::test_a_file_that_leads_out_of_the_workspace_is_refused"),
    28: _f("a file that is half written while it is looked at", f"{_HERE}playbooks.py::test_a_file_that_still_grows_is_not_taken_in", "test_daemon.py::test_a_playbook_broken_by_an_edit_goes_on_as_it_was"),
    29: _f(
        "a playbook that is taken away while people are in it",
        "test_advance.py::test_a_playbook_that_is_taken_away_loses_nobody",
        "test_deploy.py::test_a_playbook_that_was_deleted_goes_on_from_the_day_it_is_back",
        "test_deploy.py::test_a_broken_file_is_not_a_deleted_playbook",
    ),
    30: _f(
        "an edit of the steps while people are in them",
        "test_deploy.py::test_people_finish_the_version_they_began_with",
        "test_deploy.py::test_people_move_to_the_step_that_is_named_for_theirs",
        "test_deploy.py::test_a_version_without_their_step_is_refused_and_the_old_one_goes_on",
        "test_taking_in.py::test_a_version_that_would_leave_people_behind_is_taken_in_once_they_have_gone",
    ),
    31: _f(
        "a playbook that everybody would enter at once",
        "triggers/test_enters.py::test_whoever_matches_on_the_day_of_launch_is_skipped_or_included",
        "brakes/test_admit.py::test_a_ceiling_lets_so_many_begin_an_hour_and_loses_nobody",
        "brakes/test_admit.py::test_a_canary_goes_ahead_and_the_others_follow",
        "answers/test_preview.py::test_the_reservations_of_a_month_are_counted",
        ours="Whoever matches at the launch is passed over unless the author says `existing: include`; then a ceiling or a canary holds the crowd.",
    ),
}

_CHECK = "render/test_check.py::"
_TEMPLATE = "render/test_template.py::"
_RENDER = "render/test_hostile.py::"
_REFUSES = f"{_RENDER}test_a_check_refuses_it"

TEMPLATES: Final = {
    32: _f("a slip of syntax, a block that is not closed", f"{_CHECK}test_the_place_of_a_mistake", f"{_ERR}message-slips.out::error[template-syntax]"),
    33: _f("a value that is missing when a mail is written", f"{_TEMPLATE}test_a_missing_value_is_false_in_tests_and_has_defaults_but_is_never_printed", "test_deliver.py::test_a_text_that_cannot_be_written_fails_alone", "brakes/test_refusals.py::test_twenty_mails_that_cannot_be_written_hold_the_playbook"),
    34: _f("texts of a gigabyte", _REFUSES, f"{_RENDER}test_what_no_check_can_foresee_costs_its_own_message_only", f"{_RENDER}test_no_process_takes_more_than_it_may"),
    35: _f("loops in loops", _REFUSES, "render/test_presses.py::test_a_text_beyond_its_limits_costs_its_own_message_only"),
    36: _f("ways to the objects of the program", _REFUSES, f"{_RENDER}test_the_sandbox_alone_would_hold_too", f"{_CHECK}test_what_is_not_allowed_is_refused_before_it_runs"),
    37: _f("what calls itself, 3,000 parentheses, 20,000 times not", _REFUSES, f"{_CHECK}test_nesting_without_end_is_a_problem_or_fine_but_no_crash"),
    38: _f("files of the system", _REFUSES, f"{_CHECK}test_what_is_not_allowed_is_refused_before_it_runs"),
    39: _f("a customer with the name of a template", f"{_RENDER}test_what_customers_type_stays_what_it_is", f"{_TEMPLATE}test_customers_data_is_only_ever_text"),
    40: _f("a customer with the name of a tag", f"{_RENDER}test_what_customers_type_stays_what_it_is", f"{_TEMPLATE}test_no_text_at_all_changes_the_page"),
    41: _f("a value in an address, a style, a script", _REFUSES, f"{_TEMPLATE}test_a_link_that_is_a_value_leads_to_the_web_mail_or_telephone_only", f"{_TEMPLATE}test_values_in_links_are_encoded_for_their_place"),
    42: _f("`safe`", f"{_CHECK}test_the_place_of_a_mistake", f"{_ERR}message-slips.out::error[unsafe-filter]"),
    43: _f("a division by nothing, a filter of dates on a text", f"{_TEMPLATE}test_what_does_not_fit_is_an_error_with_its_line", "test_deliver.py::test_a_text_that_cannot_be_written_fails_alone"),
    44: _f("a subject with line breaks, NUL, 10 kB, letters that turn it round", f"{_TEMPLATE}test_control_and_direction_characters_are_gone", f"{_TEMPLATE}test_a_subject_is_cut_where_it_is_endless", "render/test_mime.py::test_no_header_can_be_smuggled_in"),
    45: _f(
        "a page that is too long, a mail without a text part, a picture without words",
        f"{_TEMPLATE}test_a_mail_without_end_is_refused", f"{_TEMPLATE}test_the_text_part_reads_well", f"{_HERE}texts.py::test_a_picture_without_words_is_doubted", f"{_HERE}texts.py::test_a_long_text_is_doubted",
    ),
    46: _f(
        "marketing without a way out",
        f"{_TEMPLATE}test_marketing_mail_has_the_address_and_the_way_out_in_the_customers_language", f"{_ERR}opt-out.out::is told how to leave in another language, or not at all",
        ours="Nobody can forget it: the engine writes the way out into every such mail.",
    ),
    47: _f("what was written for one customer in the mail of another", f"{_RENDER}test_of_one_customer_nothing_is_in_the_mail_of_another_also_after_faults", f"{_TEMPLATE}test_one_customers_mail_never_has_another_customers_data"),
}

_CORPUS = "store/importing/test_corpus.py::test_a_file_of_the_corpus"
_RUN = "store/importing/test_run.py::"

CUSTOMERS: Final = {
    48: _f("two addresses in one", "hostile/test_addresses.py::test_is_refused_in_a_sentence", "store/importing/test_values.py::test_what_is_not_exactly_one_address", "channels/test_smtp.py::test_an_address_that_is_not_one_never_becomes_a_command"),
    49: _f("addresses with line breaks, routes, quotation marks", "hostile/test_addresses.py::test_is_refused_in_a_sentence", "hostile/test_addresses.py::test_none_is_imported_and_each_row_is_told"),
    50: _f("letters of the world in an address", f"{_HERE}customers.py::test_a_domain_of_any_letters_goes_over_the_wire_as_ascii", f"{_HERE}customers.py::test_a_name_of_other_letters_costs_its_row", "channels/test_smtp_faults.py::test_an_address_that_needs_smtputf8_is_refused_with_the_reason"),
    51: _f(
        "one address in several spellings",
        f"{_HERE}customers.py::test_spellings_of_one_address_are_told", f"{_HERE}customers.py::test_a_dead_address_is_dead_in_every_spelling",
        ours="An id is a customer. An address that several have is told at the import; dots are letters like others.",
    ),
    52: _f("files of other delimiters, encodings and ends; torn rows and quotes", _CORPUS, "store/importing/test_corpus.py::test_a_field_of_100_megabytes_is_passed_over_without_being_held", f"{_RUN}test_bad_rows_go_to_a_file_and_good_rows_go_in", ours="Good rows go in and bad ones into a file beside it; there is no all or nothing."),
    53: _f("columns that are missing, twice or unknown", f"{_RUN}test_a_bad_first_line_stops_everything", f"{_RUN}test_a_refusal_is_told_as_all_problems_are"),
    54: _f("formulas", _CORPUS, "export/test_archive.py::test_no_text_becomes_a_formula", "web/events/test_hostile.py::test_formulas_and_markup_are_stored_as_they_are"),
    55: _f("who left or was erased comes again in a file", "erase/test_person.py::test_no_import_and_no_event_brings_him_back", "store/ingest/test_customers.py::test_a_withdrawn_consent_comes_back_only_by_a_later_word", "cli/test_erasing.py::test_an_import_says_per_row_who_was_erased"),
    56: _f("days that are none", _CORPUS, "store/importing/test_values.py::test_no_time_and_no_date", "triggers/test_anniversary.py::test_29_february_is_kept_in_common_years"),
    57: _f("amounts that are none, tags without end", "store/importing/test_corpus.py::test_amounts_that_are_none_cost_their_rows", f"{_HERE}customers.py::test_tags_without_end_cost_their_row"),
    58: _f("an import that is killed half-way", f"{_RUN}test_an_import_that_was_cut_off_is_completed_by_the_next", "store/ingest/test_receiving.py::test_after_a_crash_the_same_again_completes_it", "test_inbox.py::test_after_a_crash_the_file_is_imported_once_more_and_nothing_is_doubled"),
    59: _f("a customer who is erased between the plan and the mail", "erase/test_person.py::test_runs_end_and_what_waits_is_cancelled", "erase/test_person.py::test_what_becomes_of_each_message"),
    60: _f("zones and languages that are none", f"{_RUN}test_doubtful_values_are_left_out_and_counted", "test_rhythm.py::test_unknown_zones_and_none_beat_in_the_brands", "render/test_values.py::test_a_language_that_does_not_exist_reads_english"),
    61: _f(
        "two customers with one address",
        f"{_HERE}customers.py::test_spellings_of_one_address_are_told", f"{_HERE}customers.py::test_a_dead_address_is_dead_in_every_spelling",
        ours="The engine merges nobody: which of two records is right, and whose voucher it is, the shop knows. It is told at the import.",
    ),
}

_TELLING = "web/events/test_telling.py::"
_DOOR = "web/events/test_door.py::"
_BODIES = "web/events/test_hostile.py::"

EVENTS: Final = {
    62: _f("the same id again, and fifty times at once", f"{_TELLING}test_an_event_is_stored_and_a_repeat_is_known_as_one", f"{_TELLING}test_fifty_at_once_are_one", f"{_TELLING}test_two_doors_on_one_store_take_an_event_once"),
    63: _f("the same id with another body", f"{_TELLING}test_another_body_under_the_same_id_is_a_conflict_and_changes_nothing"),
    64: _f("no id", f"{_BODIES}test_what_is_no_event_is_refused_with_its_field"),
    65: _f("JSON with keys twice, NaN, surrogates, NUL, depth", f"{_BODIES}test_what_is_not_json_is_refused_with_its_place"),
    66: _f("bodies that are huge, packed, slow, or of another type", f"{_DOOR}test_a_large_body_is_refused_before_it_is_read", f"{_DOOR}test_a_large_body_in_pieces_is_refused_on_its_way", f"{_DOOR}test_packed_bodies_are_refused", f"{_DOOR}test_a_slow_body_is_not_waited_for", f"{_DOOR}test_the_type_is_exactly_json"),
    67: _f("times of the future, of 1969, without a zone, long ago", f"{_BODIES}test_what_is_no_event_is_refused_with_its_field", f"{_TELLING}test_what_happened_long_ago_is_late_and_stored"),
    68: _f("customers, events and fields that nobody knows", f"{_BODIES}test_what_is_no_event_is_refused_with_its_field", f"{_TELLING}test_a_source_may_be_allowed_to_make_customers", f"{_TELLING}test_what_was_refused_can_be_told_again_once_it_is_mended"),
    69: _f("a batch of which some are bad", f"{_TELLING}test_a_batch_has_a_result_for_each_event_in_its_place", f"{_BODIES}test_the_same_in_a_batch_spoils_nothing_but_itself", f"{_BODIES}test_a_batch_has_at_most_ten_thousand"),
    70: _f("keys that are wrong, old or missing; a signature again", f"{_DOOR}test_without_a_right_key_every_answer_is_the_same", f"{_DOOR}test_a_source_with_a_secret_signs"),
    71: _f("a flood", f"{_DOOR}test_too_many_events_of_a_source_are_put_off", f"{_DOOR}test_of_a_flood_nothing_that_was_acknowledged_is_lost"),
    72: _f("a store that is away while events come", f"{_DOOR}test_while_the_database_is_away_nothing_is_acknowledged", f"{_DOOR}test_while_another_program_holds_the_store_nothing_is_acknowledged", f"{_DOOR}test_a_full_disk_is_told_and_nothing_acknowledged"),
    73: _f("10,000 purchases of one customer", f"{_TELLING}test_many_events_of_one_customer_are_each_stored", f"{_HERE}time.py::test_of_a_storm_of_purchases_each_is_one_occasion_and_the_cap_holds"),
}

_SMTP = "channels/test_smtp_faults.py::"
_SECURE = "channels/test_smtp_secure.py::"
_DELIVERY = "channels/test_smtp_delivery.py::"
_STATUS = "channels/test_statuses.py::"

PROVIDERS: Final = {
    74: _f("a relay that is not there, has no name, no trusted certificate", f"{_SMTP}test_a_relay_that_is_not_there_is_left_alone_for_a_while_and_costs_one_letter", f"{_SMTP}test_a_name_that_leads_nowhere", f"{_SMTP}test_a_host_that_takes_the_connection_and_says_nothing", f"{_SECURE}test_starttls_is_never_given_up", f"{_SECURE}test_a_certificate_that_is_not_to_be_trusted_ends_it"),
    75: _f("421", f"{_SMTP}test_421_shuts_the_door_at_any_step_and_loses_nothing", f"{_SMTP}test_421_between_letters_costs_a_connection_and_nothing_else"),
    76: _f("greylisting", f"{_DELIVERY}test_a_greylisted_mail_comes_again_as_the_same_mail"),
    77: _f("an address that is dead", f"{_DELIVERY}test_a_dead_address_is_suppressed_and_a_policy_is_not", f"{_SMTP}test_a_refused_recipient_is_certain"),
    78: _f("a refusal for what we are", f"{_DELIVERY}test_a_dead_address_is_suppressed_and_a_policy_is_not", "channels/test_smtp_domains.py::test_after_a_row_of_refusals_for_what_we_are_a_domain_is_left_alone", "brakes/test_refusals.py::test_twenty_refused_contents_hold_the_playbook_and_the_rest_waits"),
    79: _f("a login that is refused", f"{_SMTP}test_a_refused_login_stops_the_relay_with_advice_and_keeps_every_letter", f"{_DELIVERY}test_a_refused_login_keeps_every_message_and_says_why"),
    80: _f("a connection that breaks before, in and after the content", f"{_SMTP}test_before_the_content_every_fault_is_certain", f"{_SMTP}test_once_the_content_has_begun_silence_is_uncertain_whatever_became_of_it", f"{_SMTP}test_a_drop_after_the_reply_costs_nothing", f"{_DELIVERY}test_silence_after_the_dot_is_on_record_as_a_doubt_and_nothing_is_repeated"),
    81: _f("an answer that comes too late", f"{_SMTP}test_an_answer_that_comes_too_late_is_uncertain_and_given_to_no_other_letter", "delivering/test_crashes.py::test_a_zombies_late_answer_ends_the_doubt_before_anything_is_sent_again"),
    82: _f("answers without an end", f"{_SMTP}test_an_answer_without_an_end_is_broken_off_in_time", f"{_SMTP}test_an_answer_without_an_end_to_a_content_is_none"),
    83: _f("answers out of step, lines that nobody asked for", f"{_SMTP}test_an_answer_too_many_ends_the_connection_before_the_content", f"{_SMTP}test_a_line_that_nobody_asked_for_ends_the_connection", f"{_SMTP}test_a_line_too_many_between_pipelined_letters_confuses_no_letter_with_another"),
    84: _f("a bounce after the relay took it", "bounces/test_record.py::test_a_dead_address_gets_nothing_more_and_the_message_and_the_event_say_so", "mta/test_postfix.py::test_a_bounce_comes_back_and_ends_it"),
    85: _f("bounces that are forged, spoilt, of 5 MB, in a circle", "bounces/test_record.py::test_what_pretends_changes_nothing_and_is_kept", "bounces/test_record.py::test_what_strangers_have_signed_changes_nothing", "bounces/test_report.py::test_it_changes_nothing_and_says_why", "bounces/test_report.py::test_a_burden_is_borne"),
    86: _f("a mail that is too large, or asks for what the relay has not", f"{_SMTP}test_a_mail_that_is_too_large_fails_before_data_with_the_reason", f"{_SMTP}test_a_mail_in_8_bits_goes_only_where_that_was_announced", f"{_SMTP}test_an_address_that_needs_smtputf8_is_refused_with_the_reason"),
    87: _f("dots, bare line ends, endless lines", "channels/test_smtp.py::test_a_letter_arrives_with_every_dot", "channels/test_smtp.py::test_a_content_that_others_would_read_differently_is_refused_before_anything_is_said", "render/test_mime.py::test_the_standard_library_reads_what_was_written"),
    88: _f(
        "what webhooks answer: pages of errors, redirects, 410, 429, silence",
        f"{_STATUS}test_redirects", f"{_STATUS}test_waits", f"{_STATUS}test_never", "channels/test_webhook.py::test_a_good_status_is_enough", "channels/test_webhook.py::test_a_refusal_is_for_good_and_suppresses_nobody", "channels/test_webhook.py::test_one_that_takes_nothing_rests_and_the_others_go_on", "channels/test_webhook.py::test_silence_after_the_request_is_a_doubt", "test_doors_out.py::test_a_short_wait_that_was_asked_for_is_no_leave_to_hammer", "test_over_http.py::test_one_that_refuses_again_and_again_is_asked_ever_more_slowly",
        ours="A wait is obeyed up to 4 hours, the longest that the engine itself waits between two attempts. It is never so short that we hammer: a door rests for 10 seconds at least, and what was refused waits for 5 minutes, longer each time.",
    ),
    89: _f("an answer of a gigabyte, or packed", "channels/test_http.py::test_a_status_counts_whatever_becomes_of_the_body"),
    90: _f(
        "an SMS that is taken and not delivered",
        "channels/test_sms.py::test_what_twilio_answers", "outgoing/test_tries.py::test_an_answer_of_stop_holds_from_the_next_message_on",
        ours="Nothing is heard of an SMS after the answer to its request: there is no door for notices of providers, so none can be forged, repeated or early.",
    ),
    91: _f(
        "a provider without an id, or with one twice",
        "channels/test_sms.py::test_what_twilio_answers", "channels/test_sms.py::test_a_page_of_a_gateway_is_no_promise",
        ours="Without an id it is a doubt. An id that comes twice is not noticed: ids of providers are kept as evidence, and nothing is looked up by them.",
    ),
}

_CRASH = "delivering/test_crashes.py::"
_STORE = f"{_HERE}store.py::"

STORES: Final = {
    92: _f("a store that is locked, and a reader who becomes a writer", f"{_STORE}test_a_lock_of_ten_seconds_is_outlived", f"{_STORE}test_who_reads_first_and_then_writes_is_never_told_that_it_is_too_late", "store/test_full_disk.py::test_a_store_that_is_locked_is_tried_again", "store/test_faults.py::test_a_locked_store", "test_daemon.py::test_a_second_engine_is_refused_and_a_locked_store_stops_nothing_for_good"),
    93: _f("a full disk", "store/test_full_disk.py::test_on_a_full_disk_nothing_goes_that_is_not_on_record", "store/test_faults.py::test_a_full_disk", f"{_DOOR}test_a_full_disk_is_told_and_nothing_acknowledged", "doctor/test_database.py::test_room"),
    94: _f("a file that may not be written, belongs to another, or is damaged", f"{_STORE}test_a_store_of_somebody_else_is_refused_with_advice", f"{_STORE}test_a_damaged_store_is_refused_with_advice", "store/test_faults.py::test_a_store_that_cannot_be_written", "store/test_faults.py::test_a_file_that_is_no_database", "doctor/test_database.py::test_a_damaged_page", "doctor/test_database.py::test_who_may_open_the_store"),
    95: _f("a Postgres that is started anew, or ends a connection, also during a commit", f"{_CRASH}test_a_store_that_goes_away_during_a_commit_makes_no_doubt", f"{_CRASH}test_a_backend_that_is_ended_while_a_letter_is_under_way_makes_no_doubt", "store/test_faults.py::test_a_connection_that_breaks"),
    96: _f("a standby that has not got everything", "doctor/test_database.py::test_how_postgres_is_set", "killer/test_torn_down.py::test_what_a_program_remembers_of_a_server_that_was_torn_down_hides_no_event", ours="What a database loses is lost; the doctor warns of settings by which it may."),
    97: _f("two transactions in each other's way", f"{_STORE}test_two_who_lock_each_other_out_both_finish", "store/ingest/test_orders.py::test_two_writers_of_one_customers_orders_both_count"),
    98: _f("tables of another version; a migration that is killed", "store/test_migrate.py::test_a_store_of_another_version_is_refused", "store/test_migrate.py::test_a_newer_store_is_not_migrated", "store/test_migrate.py::test_a_migration_that_fails_leaves_the_store_as_it_was"),
    99: _f("too few connections; a pooler that changes them between transactions", f"{_STORE}test_nothing_is_kept_in_a_connection_between_two_transactions", f"{_STORE}test_a_server_without_room_for_another_connection_is_waited_for"),
    100: _f("two engines on one file; a file on another machine", "test_daemon.py::test_a_second_engine_is_refused_and_a_locked_store_stops_nothing_for_good", "doctor/test_database.py::test_where_the_store_lies"),
    101: _f(
        "an old backup that is put back",
        f"{_STORE}test_an_old_backup_sends_nothing_until_a_person_has_looked", f"{_STORE}test_a_store_that_only_went_on_is_no_backup",
        ours="Seen where the store is a file: beside it stands how far it had come. Of a Postgres nobody outside of it knows that.",
    ),
}

_WINDOW = "clocks/test_times.py::"

PROCESSES: Final = {
    102: _f("SIGKILL, SIGTERM, SIGSTOP, at any time", "killer/test_killer.py::test_nothing_is_lost_and_nothing_said_twice_in_silence", "test_daemon.py::test_kill_9_loses_nothing_and_doubles_nothing_in_silence", "test_daemon.py::test_sigterm_lets_what_is_under_way_finish", f"{_CRASH}test_a_worker_that_stood_still_before_the_first_byte_sends_nothing", f"{_CRASH}test_a_zombie_whose_letter_is_taken_after_another_went_is_a_known_duplicate", f"{_CRASH}test_the_workers_that_die_of_a_message_leave_it_to_a_person"),
    103: _f("a clock that is wrong, set or set back, or not the database's", "test_wrong_clock.py::test_a_clock_that_jumps_ahead_by_years_plans_and_sends_nothing", "test_wrong_clock.py::test_a_clock_that_is_set_back_fires_nothing_twice", "test_wrong_clock.py::test_a_clock_that_the_database_contradicts", "clocks/test_trust.py::test_a_jump_ahead_stops_until_it_is_set_back", "test_enrol.py::test_a_clock_that_is_put_back_fires_nothing_twice"),
    104: _f("nights in which clocks change, days that do not exist", "test_rhythm.py::test_every_day_beats_once_in_every_zone_however_time_is_cut", f"{_WINDOW}test_a_local_time_is_one_instant", f"{_WINDOW}test_a_window_opens", "triggers/test_every.py::test_a_night_in_which_clocks_change_has_one_beat", "triggers/test_every.py::test_a_customer_who_moves_is_not_met_twice_for_one_nominal_time"),
    105: _f("30 days of downtime", f"{_HERE}time.py::test_after_thirty_days_nothing_comes_late_and_everything_is_on_record", "runs/test_lateness.py::test_a_planned_message_that_cannot_leave_in_time_expires", "brakes/test_admit.py::test_a_backlog_waits_for_a_release_while_the_timely_go_on", "test_enrol.py::test_after_a_standstill_events_are_caught_up_with_to_a_limit"),
    106: _f("nobody reads the log, its disk is full, no descriptor is left", f"{_HERE}process.py::test_a_log_that_nobody_takes_ends_nothing", f"{_HERE}process.py::test_without_descriptors_the_work_waits_until_there_are_some"),
}

_LEAVING = "web/test_leaving.py::"
_LINKS = "web/test_hostile.py::"

WEB: Final = {
    107: _f("links that machines look at", f"{_LEAVING}test_scanners_and_browsers_that_look_ahead_change_nothing", f"{_LEAVING}test_the_button_of_the_page_leaves_and_says_how"),
    108: _f("one click, in every form", f"{_LEAVING}test_one_click_is_enough_however_it_is_sent", f"{_LEAVING}test_what_a_click_did_is_evidence_once"),
    109: _f("links that are cut, changed, of others, of other days", f"{_LINKS}test_each_is_answered_like_every_other", f"{_LINKS}test_links_of_other_days_and_secrets_work", f"{_LINKS}test_what_is_looked_for_in_vain_takes_as_long_as_what_is_not_ours"),
    110: _f("ids that somebody tries", f"{_LINKS}test_nothing_of_a_customer_stands_in_a_link_or_a_page", "web/test_wall.py::test_who_tries_links_has_to_wait_and_the_others_have_not", "render/test_unsubscribe.py::test_nothing_of_what_it_says_can_be_read_off_it"),
    111: _f("links that lead on to another site", f"{_HERE}web.py::test_no_answer_leads_to_another_site", ours="No link of a mail leads through us, so there is nothing to be led on by."),
    112: _f(
        "scripts in names, requests of other sites, frames, paths in names of files",
        "web/test_wall.py::test_words_of_the_shop_are_text_and_never_part_of_the_page", "web/test_wall.py::test_every_answer_is_closed_to_others", "export/test_archive.py::test_the_name_of_the_file_stays_in_the_folder", f"{_SMTP}test_what_a_relay_says_is_kept_printable",
        ours="There is no dashboard with a login yet; what there is of pages stands behind the same wall.",
    ),
}

CATALOGUE: Final = {**PLAYBOOKS, **TEMPLATES, **CUSTOMERS, **EVENTS, **PROVIDERS, **STORES, **PROCESSES, **WEB}

#: What must hold whatever happens, as far as no machine of states looks after it.
INVARIANTS: Final = {
    "I24": _f("secrets stand nowhere", "erase/test_secrets.py::test_every_variable_has_a_canary", "erase/test_secrets.py::test_no_canary_is_seen_anywhere", "channels/test_webhook.py::test_no_secret_is_told", "channels/test_sms.py::test_no_secret_is_told"),
    "I25": _f("nothing of one customer is in the mail of another", f"{_RENDER}test_of_one_customer_nothing_is_in_the_mail_of_another_also_after_faults", "render/test_presses.py::test_two_batches_under_way_do_not_mix"),
    "I26": _f("nothing remains of who was erased", "erase/test_person.py::test_no_byte_of_a_canary_remains", "erase/test_person.py::test_no_import_and_no_event_brings_him_back", "erase/test_tables.py::test_every_table_is_in_the_registry"),
    "I27": _f("a webhook comes again under the same id, and every body verifies", "channels/test_webhook.py::test_a_repeated_attempt_has_the_same_key_and_its_own_time", "channels/test_webhook.py::test_a_changed_body_does_not_verify", "test_over_http.py::test_a_webhook_without_an_answer_is_repeated_word_for_word"),
    "I28": _f("several planners do what one does", "test_enrol.py::test_two_engines_on_one_database_enrol_as_one_does", "brakes/test_sends.py::test_workers_side_by_side_keep_to_the_ceiling", "runs/test_counting.py::test_several_workers_never_exceed_it"),
    "I29": _f("no half of a report or an archive", "export/test_archive.py::test_a_crash_leaves_what_was_there", f"{_RUN}test_an_import_that_was_cut_off_is_completed_by_the_next"),
    "I30": _f("nothing is shown that was not committed", f"{_STORE}test_why_tells_only_what_was_committed"),
}
