"""Start everything, say where it is, keep it running, stop everything: `python -m portal.launcher`."""

import os
import signal
import sys
from types import FrameType

from portal.launcher.errors import LaunchFailed
from portal.launcher.parts import parts_of
from portal.launcher.preparation import Place, prepare, show_who_to_log_in_as
from portal.launcher.supervisor import Supervisor
from portal.launcher.terminal import say
from portal.services_embedded import Services, ServiceUnavailable
from portal.services_embedded.processes import end_with_parent

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run until Ctrl-C (or SIGTERM). Returns the exit code: 0 when asked to stop, 1 when something refused."""
    _stop_when_asked()
    # `make` waits for us; if it is killed outright, nobody is left to press Ctrl-C.
    if "MAKELEVEL" in os.environ:
        end_with_parent()
    try:
        place = Place.from_environment(os.environ)
        place.check_port()
        _run(place)
    except KeyboardInterrupt:
        say("Saldo has stopped.")
        return 0
    except (LaunchFailed, ServiceUnavailable) as refusal:
        say(str(refusal), error=True)
        return 1
    return 0


def _run(place: Place) -> None:
    """Services first, then the data, then the parts; backwards at the end. Left by an exception only."""
    say("Starting PostgreSQL and Redis")
    with Services(place.folder) as services:
        os.environ.update(place.environment(services))
        prepare(place)
        say("Starting the web, the worker, the timetable and the gateway simulator")
        supervisor = Supervisor(parts_of(place, services), place.log_folder)
        try:
            supervisor.start()
            supervisor.run_until_answered(place.port, "/healthz")
            say(f"\nSaldo runs at {place.address}\n")
            show_who_to_log_in_as()
            say("\nCtrl-C stops it.")
            supervisor.run()
        finally:
            say("Stopping")
            supervisor.stop()


def _stop_when_asked() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        # A second Ctrl-C must not cut the orderly end short: each part is given seconds at most anyway.
        for one in _STOP_SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for one in _STOP_SIGNALS:
        signal.signal(one, stop)


if __name__ == "__main__":
    sys.exit(main())
