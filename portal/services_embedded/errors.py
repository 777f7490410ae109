"""What can go wrong when the services start; every message is a sentence for the person at the terminal."""


class ServiceUnavailable(Exception):
    """A service could not be found, started or reached; the message says what to do."""


class FolderInUse(ServiceUnavailable):
    """Another process already runs services from the same folder."""
