"""Limits how long contenders may go on, so that a run ends in time, and each is measured at least once if it can be."""

import math
import time
from dataclasses import dataclass

from benchmarking.harness.spec import Outcome

_LARGEST_SHARE = 3
"""At most, times the time that each would have if all had the same."""
FIRST_ROUND_S = 120
"""Seconds that each has at least for its preparation and first round: who was never measured has no figure."""
_PREPARATION_SHARE = 0.5
"""Of the time of first rounds, for preparations before any of them: otherwise all might be prepared, and nobody be
measured."""
_FIRST_ROUND_SHARE = 0.5
"""Of what is left to first rounds, at most for one of them: whoever hangs, the others have some, and the run ends."""


@dataclass(frozen=True)
class Limits:
    """Says how long contenders may go on; infinite where nothing limits them."""

    deadline: float
    """Of later rounds, by `time.monotonic`."""
    first_deadline: float
    """Of first rounds."""
    most_s: float
    """Seconds of one contender."""
    first_round_s: float
    """Seconds of one contender's preparation and first round, if that many are left."""
    preparation_deadline: float
    """Of preparations before any first round."""

    @classmethod
    def start(
        cls, limit_s: float | None, first_rounds_s: float | None, first_round_s: float, num_contenders: int
    ) -> "Limits":
        """Start the time that `measure_interleaved` is given."""
        now = time.monotonic()
        all_s, first_all_s = (math.inf if seconds is None else seconds for seconds in (limit_s, first_rounds_s))
        most_s = _LARGEST_SHARE * all_s / max(1, num_contenders)
        preparation_deadline = now + _PREPARATION_SHARE * first_all_s
        return cls(now + all_s, now + first_all_s, most_s, max(most_s, first_round_s), preparation_deadline)

    def is_late(self) -> bool:
        """Return whether preparations have taken so long that who is prepared had better be measured."""
        return time.monotonic() > self.preparation_deadline

    def find_time_left(self, outcome: Outcome) -> float | None:
        """Return the seconds that a contender has left; None without a limit.

        The deadline of later rounds ends no first one: one that does not end makes the others' no shorter.
        """
        now = time.monotonic()
        if outcome.samples:
            left_s = min(self.deadline - now, self.most_s - outcome.elapsed_s)
        else:
            left_s = min(_FIRST_ROUND_SHARE * (self.first_deadline - now), self.first_round_s - outcome.elapsed_s)
        return None if math.isinf(left_s) else max(0, left_s)
