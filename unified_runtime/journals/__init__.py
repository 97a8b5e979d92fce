"""Where events are kept. `base` states what every journal promises; each backend is one file."""
