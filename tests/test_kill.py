"""Killed at any moment, an import or `kg fmt` leaves each file as it was or as it was to be."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kg.project import Project

# Writes the same change there and back, over and over, as the import and as `kg fmt` do it.
IMPORT = """
import sys
from pathlib import Path
from kg.sheets.plan import Plan, carry_out
home = Path(sys.argv[1])
old = {path: path.read_text(encoding="utf-8") for path in sorted(home.rglob("*.ttl"))}
new = {path: text.replace("Laming", "L.") for path, text in old.items()}
print("ready", flush=True)
while True:
    carry_out(Plan(files=new))
    carry_out(Plan(files=old))
"""
FMT = """
import sys
from pathlib import Path
from kg.fmt import format_file
from kg.turtle import write_file
paths = sorted(Path(sys.argv[1]).rglob("o*.ttl"))
old = {path: path.read_text(encoding="utf-8") for path in paths}
print("ready", flush=True)
while True:
    for path in paths:
        write_file(path, old[path].replace("    ", "  ").replace("L.", "Laming"))
        write_file(path, format_file(path))
"""


@pytest.mark.full
@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("program", [IMPORT, FMT], ids=["import", "fmt"])
def test_every_file_is_the_old_one_or_the_new_one(program: str, seed: int, tmp_path: Path) -> None:
    shutil.copytree(Project().home / "data/triples", tmp_path / "data")
    before = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.ttl")}
    running = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        time.sleep(random.Random(seed).random() * 0.1)
        running.send_signal(signal.SIGKILL)
    for path, text in before.items():
        allowed = {text, text.replace("Laming", "L."), text.replace("    ", "  ")}
        assert path.read_text(encoding="utf-8") in allowed, path.name
