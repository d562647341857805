"""Figures with what they are made of, and the sentences that are written from them."""
