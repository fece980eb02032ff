"""`invoke verify`: checks of every host, and the proof that each client really pulls
through the registry.

session.py is where it begins; the checks themselves stand in tests/hosts/, and plugin.py is their
bridge to pytest.
"""
