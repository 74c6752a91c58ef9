"""`python -m suite`: the command line."""

import sys

from suite import main

sys.exit(main.main(sys.argv[1:]))
