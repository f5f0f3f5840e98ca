"""Names that tie what is shown to what is clicked: each action, callback and block id of views and listeners.

A button's value is never authority, only a name or an id; state and rights are read again when it is pressed.
"""

from __future__ import annotations

from typing import Final

# Buttons in messages; behind each, what its value holds.
OPEN_SET: Final = "open_set"  # a workload's name, or "" to choose in the modal
SHOW_STATUS: Final = "show_status"  # a workload's name, or "" for the overview
SHOW_SPEND: Final = "show_spend"  # a dimension
SHOW_WORKLOADS: Final = "show_workloads"  # always ""
SHOW_HELP: Final = "show_help"  # a topic, or "" for all of them
APPROVE_REQUEST: Final = "approve_request"  # the request's number
DECLINE_REQUEST: Final = "decline_request"  # the request's number
ADD_RULE: Final = "add_rule"  # whatever the caller of catch_message gave as `private`
ADD_RULE_AND_MOVE: Final = "add_rule_and_move"  # the same
ADD_RULE_AND_MOVE_BACK: Final = "add_rule_and_move_back"  # the same, three months back
PREVIEW_RULE: Final = "preview_rule"  # a workload and the pairs of a rule
SHOW_SOURCES: Final = "show_sources"  # always ""
SHOW_UNATTRIBUTED: Final = "show_unattributed"  # always ""
SHOW_RULES: Final = "show_rules"  # a workload's name
RULE_MENU: Final = "rule_menu"  # what to do with which rule, "remove:7" or "move:7"
REMOVE_RULE: Final = "remove_rule"  # the rule's number, its workload and its pairs
RESTORE_RULE: Final = "restore_rule"  # the same
PREVIEW_MOVE: Final = "preview_move"  # pairs
MOVE_USAGE: Final = "move_usage"  # pairs and how many months
MOVE_USAGE_BACK: Final = "move_usage_back"  # the same
SHOW_TAGS: Final = "show_tags"  # a tag, or "" for all of them
MERGE_TAGS: Final = "merge_tags"  # a tag, the spellings and the value that is kept
MERGE_AND_RELABEL: Final = "merge_and_relabel"  # the same
DROP_ALIAS: Final = "drop_alias"  # a tag and a spelling
SHOW_FORECAST: Final = "show_forecast"  # a workload's name, or "" for all
SHOW_ACCURACY: Final = "show_accuracy"  # the same
SHOW_WHY: Final = "show_why"  # a workload's name; `NAME vs=last` and the like
OPEN_PLAN: Final = "open_plan"  # a workload's name, or ""
SAVE_AS_PLAN: Final = "save_as_plan"  # what was tried, packed; see views/whatif.py
PROPOSE_ENVELOPE: Final = "propose_envelope"  # a workload and nanos, packed
ACCEPT_PROPOSAL: Final = "accept_proposal"  # a cycle and a workload's number, "2026-11/7"
DISCUSS_PROPOSAL: Final = "discuss_proposal"  # the same
WITHDRAW_PLAN: Final = "withdraw_plan"  # the plan's number
OPEN_METRIC: Final = "open_metric"  # a workload's name
ACKNOWLEDGE_BREACH: Final = "acknowledge_breach"  # the breach's number
WHY_BREACH: Final = "why_breach"  # the same
USE_THRESHOLDS: Final = "use_thresholds"  # a workload, soft and hard in ten-thousandths, and nanos
SHOW_REPLAY: Final = "show_replay"  # a workload's name
SHOW_HOME: Final = "show_home"  # always ""; the front page of the Home tab
SHOW_MY_ENVELOPES: Final = "show_my_envelopes"  # how many of them were shown before
SHOW_ROLLOUT: Final = "show_rollout"  # always ""
OPEN_ROLLOUT: Final = "open_rollout"  # always ""; the form to start with
STEER_ROLLOUT: Final = "steer_rollout"  # pause or resume
TICK_ITEM: Final = "tick_item"  # an item's number, picked from a menu
SEND_TEST_ALERT: Final = "send_test_alert"  # always ""
SEE_TEST_ALERT: Final = "see_test_alert"  # the subject of the test alert in the outbox

# The modal of `/budget rollout start`.
ROLLOUT_MODAL: Final = "start_rollout"
BLOCK_ROLLOUT_CHANNEL: Final = "rollout_channel"
BLOCK_ROLLOUT_FROM: Final = "rollout_from"
BLOCK_ROLLOUT_PEOPLE: Final = "rollout_people"
OPEN_GRANT: Final = "open_grant"  # an escalation's number
KEEP_DEGRADED: Final = "keep_degraded"  # the same
STOP_WORKLOAD: Final = "stop_workload"  # the same
DECLINE_MORE: Final = "decline_more"  # the same
LIFT: Final = "lift_response"  # a workload's name
DEGRADE_AGAIN: Final = "degrade_again"  # a workload's name
SHOW_APPROVALS: Final = "show_approvals"  # always ""
OPEN_REQUEST: Final = "open_request"  # a workload's name
OPEN_HOLDBACK: Final = "open_holdback"  # a workload's name

# The modals of grants, `/budget request` and `/budget holdback`.
GRANT_MODAL: Final = "grant_more"
REQUEST_MODAL: Final = "ask_for_more"
HOLDBACK_MODAL: Final = "draw_holdback"
BLOCK_MORE_AMOUNT: Final = "more_amount"
BLOCK_MORE_UNTIL: Final = "more_until"
BLOCK_MORE_REASON: Final = "more_reason"

SIGN_RECONCILIATION: Final = "sign_reconciliation"  # a comparison's number and the beginning of its digest
REFUSE_RECONCILIATION: Final = "refuse_reconciliation"  # the same
MEND_RECONCILIATION: Final = "mend_reconciliation"  # the same
PREVIEW_MEND: Final = "preview_mend"  # the same, and the number of the cause
PREVIEW_CAPTURE: Final = "preview_capture"  # a comparison's number and the beginning of its digest
UNDO_SOURCE_RULE: Final = "undo_source_rule"  # the number of a rule; the place on the screen stands behind the action
OPEN_RECONCILE: Final = "open_reconcile"  # a provider and a month
VOUCH_UNITS: Final = "vouch_units"  # what was uploaded, for whom; see views/reconcile_progress.py

# The modals of `/budget reconcile`.
RECONCILE_MODAL: Final = "reconcile"
MEND_PRICE_MODAL: Final = "mend_price"
CHOOSE_SOURCE_MODAL: Final = "choose_source"
REFUSE_MODAL: Final = "refuse_to_sign"
BLOCK_INVOICE_FILE: Final = "invoice_file"
BLOCK_INVOICE_PROVIDER: Final = "invoice_provider"
BLOCK_INVOICE_MONTH: Final = "invoice_month"
BLOCK_INVOICE_RATE: Final = "invoice_rate"
BLOCK_REPRICE: Final = "reprice"
BLOCK_WHICH_SOURCE: Final = "which_source"
BLOCK_TAKE_OUT: Final = "take_out"
BLOCK_REFUSAL: Final = "refusal_reason"

# The modals of `/budget plan` and `/budget metric`.
PLAN_MODAL: Final = "plan_change"
METRIC_MODAL: Final = "tie_metric"
BLOCK_PLAN_WORKLOAD: Final = "plan_workload"
BLOCK_PLAN_CHANGES: Final = "plan_changes"
BLOCK_PLAN_FROM: Final = "plan_from"
BLOCK_PLAN_NOTE: Final = "plan_note"
BLOCK_METRIC_UNIT: Final = "metric_unit"
BLOCK_METRIC_DAYS: Final = "metric_days"

# The modal of `/budget set`.
SET_MODAL: Final = "set_envelope"
PICK_WORKLOAD: Final = "pick_workload"  # a select that refills the modal; its value is a name or NEW_WORKLOAD
MORE_OPTIONS: Final = "more_options"  # a button that shows the optional fields and keeps what was typed
NEW_WORKLOAD: Final = "+new"  # cannot be a workload's name: those start with a letter or digit

# Its blocks; an error is shown at the block whose id it is given under.
BLOCK_WORKLOAD: Final = "set_workload"
BLOCK_AMOUNT: Final = "set_amount"
BLOCK_OWNER: Final = "set_owner"
BLOCK_FINANCE: Final = "set_finance"
BLOCK_SPONSOR: Final = "set_sponsor"
BLOCK_DEPUTY: Final = "set_deputy"
BLOCK_CHANNEL: Final = "set_channel"
BLOCK_SOFT: Final = "set_soft"
BLOCK_HARD: Final = "set_hard"
BLOCK_MARGIN: Final = "set_margin"
BLOCK_HOLDBACK: Final = "set_holdback"
BLOCK_DEGRADE: Final = "set_degrade"
BLOCK_QUIET: Final = "set_quiet"
BLOCK_MORE: Final = "set_more"
