"""Building a projection a second time, blue/green: beside the live one, proven equal to it, then put in its place."""

from chassis.replay.archives import Archives, FetchPage
from chassis.replay.comparing import Comparison, Difference, Totals
from chassis.replay.generations import Generations, ReplayRefused
from chassis.replay.rebuilding import Progress, Replay, ReplayFailed, switch_back
from chassis.replay.topics import Topics

__all__ = [
    "Archives",
    "Comparison",
    "Difference",
    "FetchPage",
    "Generations",
    "Progress",
    "Replay",
    "ReplayFailed",
    "ReplayRefused",
    "Topics",
    "Totals",
    "switch_back",
]
