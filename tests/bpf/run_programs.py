#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_programs.py COMPARE SEGTEXT REPLAY-FOLDER CAPTURES-FOLDER: the kernel programs against the decoder, over the frames of
the replay scripts and, where that folder is there, over real captures."""
import pathlib
import subprocess
import sys
import tempfile

compare, segtext, replay, captures = sys.argv[1:5]
with tempfile.TemporaryDirectory() as work:
    files = []
    for script in sorted(pathlib.Path(replay).glob("*.seg")):
        out = pathlib.Path(work) / (script.stem + ".pcap")
        subprocess.run([segtext, script, out], check=True, timeout=20)
        files.append(out)
    real = sorted(p for p in pathlib.Path(captures).glob("*/*") if p.suffix in (".pcap", ".pcapng", ".cap"))
    if not real:
        print(f"{captures} is not there: frames of the replay scripts only")
    sys.exit(subprocess.run([compare, *files, *real], timeout=280).returncode)
