"""The registry's certificate, judged as its clients judge it: every engine is written in Go.

names.py     whether a certificate is for a name
chain.py     from a certificate up to an authority, by Go's rules
problems.py  what is wrong with one, in words
subjects.py  which hosts serve which file, and which trust which
"""
