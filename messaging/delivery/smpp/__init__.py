"""SMPP 3.4 as a client speaks it: codec, session, link. Knows asyncio and the alphabets, and nothing of Saldo."""
