"""Calls on moved classes and functions: which they are, and what each becomes."""
