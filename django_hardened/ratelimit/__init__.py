"""Limits that hold: exact in any window, for any number of processes, in constant memory."""
