"""The post room: what is said, to whom, and what became of it."""
