"""`invoke doctor`: what each host's engine is set to and does, and what is wrong with it or will be.

session.py    all rules on one host, the exit status     finding.py    a rule, what was seen, the remedy
engine.py     the rules about an engine (pure)           leftovers.py  what a broken transaction left
door.py       the rules about nginx, asked from outside  backing.py    the registry's container behind nginx
certificate.py  the rules about the served certificate   storage.py    whether images can be written
"""
