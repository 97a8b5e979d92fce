"""Which commits were fixes worth keeping, where each lives now, and which copies lack it."""
