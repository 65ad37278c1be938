"""The command line: ``app`` finds the command, the other files hold the commands by group."""
