"""What at least two services need: contracts, bus, database session, sign-in, logging, pages. No business rule."""
