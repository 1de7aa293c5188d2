"""`python -m service` is `adaline`."""

import sys

from service.cli import main

if __name__ == "__main__":
    sys.exit(main())
