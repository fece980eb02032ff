"""A stand-in for Docker Hub: its tokens, limits and redirects in front of a real registry. Runs on
the host `hub`."""
