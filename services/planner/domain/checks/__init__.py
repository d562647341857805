"""Verifiche del piano sui dati trasmessi (domain.md §6): what the planner checks, since it knows the registry."""
