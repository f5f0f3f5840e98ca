"""Charts as PNG bytes, and the sentences that stand in for them where a picture cannot be seen.

Pure and safe in any thread: each chart is a figure of its own, nothing global in matplotlib is read or changed.
"""

from bot.charts.alternatives import alt_breakdown, alt_burn_up, labelled, unlabelled
from bot.charts.breakdown import breakdown_chart
from bot.charts.burn_up import burn_up
from bot.charts.fan import fan_chart
from bot.charts.foretold import alt_fan, alt_trial, alt_waterfall
from bot.charts.waterfall import waterfall

__all__ = [
    "alt_breakdown",
    "alt_burn_up",
    "alt_fan",
    "alt_trial",
    "alt_waterfall",
    "breakdown_chart",
    "burn_up",
    "fan_chart",
    "labelled",
    "unlabelled",
    "waterfall",
]
