"""Pure rules of the intake: what an owner may send, about where, and whether its figures agree with each other."""
