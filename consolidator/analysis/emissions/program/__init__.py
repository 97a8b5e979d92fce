"""The functions and classes of a program, found by name."""
