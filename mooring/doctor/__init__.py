"""`invoke doctor`: what each host's engine is set to and does, and what is wrong
with it or will be.

session.py asks all rules about a host; each other file holds those about one thing.
"""
