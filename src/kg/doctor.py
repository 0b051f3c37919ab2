"""What is installed, which folders are used, and what is missing."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kg import __version__
from kg.errors import KgError
from kg.layout_cache import cache_folder
from kg.project import Project, shipped_home

PACKAGES = ("rdflib", "pyoxigraph", "pyshacl", "networkx", "pyvis", "SPARQLWrapper", "openpyxl")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


def find_browser() -> str | None:
    """Find a Chromium for the browser tests: `KG_CHROMIUM`, else one of `BROWSERS` on the path."""
    return os.environ.get("KG_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def examine(home: Path | None) -> tuple[list[str], bool]:
    """Look at the installation and give lines to read, and whether all that is needed is there.

    Example:
        >>> lines, healthy = examine(None)
        >>> healthy
        True
    """
    lines = [f"kg {__version__} on Python {platform.python_version()}, {platform.system()}"]
    healthy = True
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            healthy = False
            lines.append(f"{package} is missing: install evidence-kg again")
    try:
        project = Project(home)
        shipped = project.home == shipped_home()
        lines.append(f"home: {project.home.as_posix()}{' (came with kg)' if shipped else ''}")
        for name, found in (
            ("data files", project.data_files()),
            ("shapes files", project.shape_files()),
            ("saved queries", project.files("queries", "*.rq")),
            ("views", project.files("viz", "*.toml")),
        ):
            lines.append(f"{name}: {len(found)}")
            healthy = healthy and bool(found)
    except KgError as error:
        healthy = False
        lines.append(str(error))
    cache = cache_folder()
    lines.append(f"cache of layouts: {cache.as_posix() if cache else 'none; set KG_CACHE'}")
    browser = find_browser()
    lines.append(
        f"browser for the tests: {Path(browser).name if browser else 'none; install chromium'}"
    )
    lines.append("all that is needed is here" if healthy else "something is missing: see above")
    return lines, healthy
