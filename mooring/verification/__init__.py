"""`invoke verify`: checks of every host, and the proof that each client really pulls through the registry.

session.py    the checks of a connected fleet
fleet.py      the hosts, their variables and connections      member.py    one of them
findings.py   which layer is wrong, by what was seen          settings.py  what an engine reports
proof.py      images and how a pull is judged                 trial.py     the proof carried out
causes.py     failed checks by their root cause
plugin.py     the bridge to pytest, which runs tests/hosts/   summary.py   the result
"""
