"""What the functions on an event's way do, compared with what the baseline says of them."""
