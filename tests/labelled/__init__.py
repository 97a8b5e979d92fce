"""Pairs of small classes with a verdict: one thing written twice, or not. Our own miniatures, all of them."""
