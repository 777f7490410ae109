"""The ledgers that are measured side by side, each a process of its own with a database of its own."""
