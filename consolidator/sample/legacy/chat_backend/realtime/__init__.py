"""Names that older clients of this package still import."""
