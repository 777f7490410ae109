"""`make run`: the whole of Saldo on one machine, started and stopped together."""
