"""What is to be done: playbooks and roles, read and checked into frozen tasks."""
