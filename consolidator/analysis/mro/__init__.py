"""Who inherits from whom, as CPython would have it: bases read, ordered, and doubted where due."""
