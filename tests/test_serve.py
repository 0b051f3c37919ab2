"""`kg serve` as people run it: how it starts, what it refuses, and how it ends."""

import json
import signal
import urllib.request
from pathlib import Path

from conftest import serving


def test_it_answers_and_ends_when_told(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as served:
        with urllib.request.urlopen(f"{served.url}health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=30) == 0
