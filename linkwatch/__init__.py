"""linkwatch keeps the links in a person's notes alive."""

__version__ = "0.1.0"
