"""The command line: `adaline`. A command is a few calls of the client; what it shows is made in rendering.

app (the program, its exit status) · machine (commands that run a server) · learning, predicting, batching, looking,
tables, registry, taking and deleting (commands that talk to one) · completing and known (completion in a shell) ·
choices (options to a spec) · wording (what a server says, in options and commands) · sending, watching, rendering,
reporting and the pages beside them (what is shown) · fitting (pages in their window)
"""

from service.cli.main import main

__all__ = ["main"]
