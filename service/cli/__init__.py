"""The command line: `adaline`. A command is a few calls of the client; what it shows is made in rendering.

app (the program, its exit status) · machine (commands that run a server) · learning, predicting and looking (commands
that talk to one) · choices (options to a spec) · sending, rendering, reporting, watching (what is shown)
"""

from service.cli.main import main

__all__ = ["main"]
