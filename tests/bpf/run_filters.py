#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_filters.py COMPARE EXPRESSIONS SEGTEXT REPLAY-FOLDER CAPTURES-FOLDER: translated expressions against libpcap's interpreter,
over the frames of real captures, or, where that folder is not there, of the replay scripts."""
import subprocess
import sys
import tempfile

import frames

compare, expressions, segtext, replay, captures = sys.argv[1:6]
with tempfile.TemporaryDirectory() as work:
    files = frames.real(captures) or frames.made(segtext, replay, work)
    sys.exit(subprocess.run([compare, expressions, *files], timeout=280).returncode)
