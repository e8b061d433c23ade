"""The client side of a session, without a clock, a socket or chance of its own."""
