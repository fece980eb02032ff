"""Looking at the fleet without changing it."""
