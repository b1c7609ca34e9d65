"""Exports: packages of footage that prove themselves, approved by two persons."""
