"""Tests, and the tasks that run them."""
