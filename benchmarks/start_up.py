"""How long a cold command takes, as a ratio to `python -c "import rdflib"` in the same run.

Aim: a cold saved query takes at most 1.5 times the import of rdflib. The pairs are measured
turn about, so that what else the machine does falls on both alike.
"""

import statistics
import subprocess
import sys
import time

ROUNDS = 15
AIM = 1.5
RUN = "from kg.cli import main; main()"
COMMANDS = {
    "kg query run challenge-crossing-agencies": ["query", "run", "challenge-crossing-agencies"],
    "kg query run statement-by-theme": ["query", "run", "statement-by-theme"],
    "kg --help": ["--help"],
}


def seconds(*arguments: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", *arguments], check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> int:
    missed = 0
    for name, arguments in COMMANDS.items():
        seconds("import rdflib")  # warms the disk for both
        seconds(RUN, *arguments)
        ratios = [seconds(RUN, *arguments) / seconds("import rdflib") for _ in range(ROUNDS)]
        ratio = statistics.median(ratios)
        missed += ratio > AIM
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{name}: {ratio:.2f} times import rdflib ({spread}; aim {AIM})")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
