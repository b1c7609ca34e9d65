"""The witness: a small program of its own that cosigns only checkpoints that grow from the one before.

It imports no Django and reads no database, so that it can run under another user or on another machine.
"""
