"""Ways to a host: SSH by paramiko, which is imported only in this package, and the local machine."""
