"""How a text becomes segments on the network, and how a written number becomes a telephone number."""
