"""Whether a decorator hands back the class that it is given: read by running it on paper.

The functions here know one class only, the decorated one. What a statement or an expression makes of
it is followed through parameters, closures, `functools.partial` and small objects; anything else is
`ANYTHING`, and a result that may be anything is no promise.
"""
