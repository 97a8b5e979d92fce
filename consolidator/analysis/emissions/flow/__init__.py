"""How far a value travels, through calls, queues and groups, until it is on a socket."""
