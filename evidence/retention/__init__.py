"""Keeping footage and destroying it on time."""
