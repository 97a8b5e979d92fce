"""Who calls whom, where control enters, and what can run at all."""
