"""How a run ends. The numbers are the exit codes of the process and are never renumbered: start-job and people name them."""
from __future__ import annotations

PUBLISHED = 0  # everything published, or nothing to do (NOOP)
ERROR = 1  # something unexpected: the same run may succeed when tried again
USAGE = 2  # argparse's own code
GATE_FAILED = 3  # a data gate refused the candidate: repeating changes nothing until the data does
HELD = 4  # the pipeline waits for a person

NAMES = {PUBLISHED: "PUBLISHED", ERROR: "ERROR", USAGE: "USAGE", GATE_FAILED: "GATE_FAILED", HELD: "HELD"}


class RunnerError(Exception):
    """An expected failure with a sentence for a person; ends a run with ERROR."""


class GateStopped(Exception):
    """A gate said no: nothing downstream of it starts, nothing is published."""

    def __init__(self, gate: str, status: str, rules: "list[str]", counts_for_halt: bool) -> None:
        super().__init__(f"{gate} {status}: {', '.join(rules)}")
        self.gate = gate
        self.status = status
        self.rules = rules
        self.counts_for_halt = counts_for_halt
