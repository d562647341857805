"""Pure rules of the registry (anagrafe): which reports are legal, and what is true of a unit, when."""

from services.registry.domain.history import Decision, Entry, decide, needs_history, state_at
from services.registry.domain.refusals import Refusal

__all__ = ["Decision", "Entry", "Refusal", "decide", "needs_history", "state_at"]
