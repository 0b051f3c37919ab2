"""Run the notebook of this folder anew, and keep what it answers: `make docs`."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

PATH = Path(__file__).parent / "analysts.ipynb"


def main() -> None:
    """Write the notebook with its answers, and without the times at which they were given."""
    notebook = nbformat.read(PATH, as_version=4)
    NotebookClient(notebook, record_timing=False).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    # Which Python ran it is no part of what it says.
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, PATH)


if __name__ == "__main__":
    main()
