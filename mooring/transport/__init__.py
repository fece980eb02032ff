"""The way to a host: connections, the agent's bundle, frames, and the check of all that comes
back."""
