"""What an expression's value is, followed through assignments, calls, annotations and attributes."""
