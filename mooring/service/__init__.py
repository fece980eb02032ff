"""The registry as a service: which images a fleet has, and how its registry comes to hold them."""
