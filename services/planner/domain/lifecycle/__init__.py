"""Iter del piano: which step may follow which, what each must carry, and when a plan may be proposed (domain.md §4)."""
