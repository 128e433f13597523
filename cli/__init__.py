"""`sinergi`: the command-line program of those who run Sinergi."""
