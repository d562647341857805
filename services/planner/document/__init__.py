"""The plan as a document: one model, and what is made of it: canonical JSON with its hash, drawings, PDF."""
