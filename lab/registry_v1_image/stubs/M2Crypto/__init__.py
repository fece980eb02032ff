"""Stands in for M2Crypto, which docker-registry asks only where a privileged_key is configured."""

BIO = RSA = None
