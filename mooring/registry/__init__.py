"""The registry's HTTP API from the control side: push, look, delete; no Docker engine needed here."""
