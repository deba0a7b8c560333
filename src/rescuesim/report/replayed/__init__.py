"""A replay of recorded incidents, for people to read: in words (`words`) and as a page (`page`)."""

from __future__ import annotations

from rescuesim.report.replayed.page import REPLAY_FILES as REPLAY_FILES
from rescuesim.report.replayed.page import replay_summary as replay_summary
from rescuesim.report.replayed.page import write_replay as write_replay
from rescuesim.report.replayed.words import replay_in_words as replay_in_words
