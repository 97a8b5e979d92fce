"""What the bodies of functions do, as records read from syntax; other code sees no syntax tree."""
