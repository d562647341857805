"""The public pages of the plan: the ambito, each municipality, and the stream that keeps an open page true."""

from services.planner.pages.routes import router

__all__ = ["router"]
