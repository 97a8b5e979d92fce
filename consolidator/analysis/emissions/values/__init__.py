"""What an expression can be: instances, functions, texts, containers."""
