"""A service of nothing: lives until it, or its parent's pipe, is ended. SMALL_SERVICE says how."""

import os
import signal
import subprocess
import sys

settings = os.environ  # noqa: TID251  it is too small for settings
manner = settings["SMALL_SERVICE"]
if manner == "fails":
    sys.exit("cannot do anything")
if manner == "stubborn":  # ignores the request to end, and has a child that does, too
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    sys.stdout.write(f"{child.pid}\n")
    sys.stdout.flush()
os.read(int(settings["PHOTOFACTORY_PARENT_FD"]), 1)
