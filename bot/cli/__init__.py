"""The command line: thin commands over the services. Heavy imports happen inside the command that needs them."""
