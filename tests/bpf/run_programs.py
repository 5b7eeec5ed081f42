#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_programs.py COMPARE SEGTEXT REPLAY-FOLDER CAPTURES-FOLDER: the kernel programs against the decoder, over the frames of
the replay scripts and, where that folder is there, over real captures."""
import subprocess
import sys
import tempfile

import frames

compare, segtext, replay, captures = sys.argv[1:5]
with tempfile.TemporaryDirectory() as work:
    files = frames.made(segtext, replay, work) + frames.real(captures)
    sys.exit(subprocess.run([compare, *files], timeout=280).returncode)
