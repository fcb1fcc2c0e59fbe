"""What a protocol has to hold, ready to run: for the protocols here and for those of others.

`conformance` the laws of a `ProtocolPlugin`, as plain functions that raise AssertionError;
`damage` what is done to sample conversations to see them hold; `playbook` a responder's
dialogue, line by line. Nothing here needs a test framework.
"""

from reenact.testing.conformance import check_all
from reenact.testing.damage import Turns, mutations, noise
from reenact.testing.playbook import Playbook

__all__ = ["Playbook", "Turns", "check_all", "mutations", "noise"]
