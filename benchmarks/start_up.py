"""How long a cold command takes, as a ratio to `python -c "import rdflib"` in the same run.

Aim: a cold saved query takes at most 1.5 times the import of rdflib. The pairs are measured
turn about, so that what else the machine does falls on both alike.
"""

import statistics
import subprocess
import sys
import time

from told import say, tell_said

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


def main() -> None:
    for name, arguments in COMMANDS.items():
        seconds("import rdflib")  # warms the disk for both
        seconds(RUN, *arguments)
        ratios = [seconds(RUN, *arguments) / seconds("import rdflib") for _ in range(ROUNDS)]
        ratio = statistics.median(ratios)
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        met = "met" if ratio <= AIM else "MISSED"
        say(f"{name}: {ratio:.2f} times `import rdflib` ({spread}); {met}: {AIM}")
    tell_said("The start of a command", f"Medians of {ROUNDS} rounds.", ["rdflib"])


if __name__ == "__main__":
    main()
