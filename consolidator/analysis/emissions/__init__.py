"""Where each critical event is built, whether that place can run, and whether it reaches a socket."""
