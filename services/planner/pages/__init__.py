"""The public pages of the plan: the ambito, each municipality, owner, part and number, and what they are compared with.

The parts are the document's own chapters (`services.planner.document`), so that page, PDF and data cannot tell two
numbers; what may be told of households is decided in one place (`services.planner.domain.withholding`). Pages are kept
true by a stream of events while they are open.
"""

from services.planner.pages.routes import router

__all__ = ["router"]
