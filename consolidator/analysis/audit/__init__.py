"""What a plan would break: members, calls, integration points, what else names the old things."""
