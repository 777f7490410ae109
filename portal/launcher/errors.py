"""What stops a start; every message is a sentence for the person at the terminal."""


class LaunchFailed(Exception):
    """Saldo cannot run here and now; the message says what to do."""
