"""The registry's HTTP API from the control machine: push, look, delete; no Docker
engine needed here."""
