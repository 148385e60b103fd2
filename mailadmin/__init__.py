"""The Django project: settings, addresses, accounts."""

#: What this is a checkout of; pyproject.toml says the same.
__version__ = "0.1.0"
