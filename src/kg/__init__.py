"""An evidence graph from literature reviews: every claim, where it stands, and what it rests on."""

__version__ = "0.1.0"
