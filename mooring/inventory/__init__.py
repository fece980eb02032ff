"""Who the hosts are: inventories, patterns, group_vars and host_vars."""
