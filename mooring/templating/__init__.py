"""Values: templates, filters, tests, lookups, variables and their precedence."""
