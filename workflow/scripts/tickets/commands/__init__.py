"""What the command `tickets` can do, a module a command."""
