"""What the simulator remembers: one line of JSON for each thing that happened, read again at the start."""

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Taken:
    """A message the network has decided on: its id, or why it was refused, and which receipts have been sent."""

    key: str
    message_id: str
    recipient: str
    refusal: str
    taken_at: float
    reported: set[int] = field(default_factory=set)
    sender: str = ""


class Memory:
    """Every message by its key. A key is taken once; `again` in the file tells how often it was offered once more."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._by_key: dict[str, Taken] = {}
        self._by_id: dict[str, Taken] = {}
        self._lock = threading.Lock()
        if path.exists():
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    self._recall(line)
        self._file = path.open("a", encoding="utf-8")
        self._file.write("\n")  # ends a line that a killed process left unfinished

    def __iter__(self) -> Iterator[Taken]:
        return iter(list(self._by_key.values()))

    def find(self, key: str) -> Taken | None:
        """What was decided on this key, or None."""
        return self._by_key.get(key)

    def take(self, offered: Iterable[Taken]) -> list[Taken]:
        """Decide on messages once: return those that are new, in order; the others are noted as offered again."""
        new = []
        with self._lock:
            for each in offered:
                if each.key in self._by_key:
                    self._write({"again": each.key})
                    continue
                self._keep(each)
                fields = {"id": each.message_id, "to": each.recipient, "refusal": each.refusal, "at": each.taken_at}
                self._write({"taken": each.key, **fields, "from": each.sender})
                new.append(each)
            self._file.flush()
        return new

    def reported(self, receipts: Iterable[tuple[str, int]]) -> None:
        """Note that these receipts (message id, which of its receipts) were heard."""
        with self._lock:
            for message_id, number in receipts:
                if message_id in self._by_id:
                    self._by_id[message_id].reported.add(number)
                self._write({"reported": message_id, "number": number})
            self._file.flush()

    def close(self) -> None:
        """Close the file; everything is in it already."""
        self._file.close()

    def _keep(self, taken: Taken) -> None:
        self._by_key[taken.key] = taken
        if taken.message_id:
            self._by_id[taken.message_id] = taken

    def _write(self, line: dict[str, object]) -> None:
        self._file.write(json.dumps(line) + "\n")

    def _recall(self, line: str) -> None:
        try:
            said = json.loads(line)
        except ValueError:  # the last line of a process that was killed while it wrote
            return
        if "taken" in said:
            self._keep(
                Taken(said["taken"], said["id"], said["to"], said["refusal"], said["at"], sender=said.get("from", ""))
            )
        elif "reported" in said and said["reported"] in self._by_id:
            self._by_id[said["reported"]].reported.add(said["number"])
