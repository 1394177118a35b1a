"""The subcommands of `tickets`, one module each."""
