"""Jinja2 bent to Ansible's meaning: native types, strict and late undefined values, lazily
resolved variables.

Only the files of this package import jinja2; templating.py is what the rest of Mooring talks to.
"""
