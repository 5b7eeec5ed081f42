#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_filters.py COMPARE EXPRESSIONS SEGTEXT REPLAY-FOLDER CAPTURES-FOLDER: translated expressions against libpcap's interpreter,
over the frames of the replay scripts and, where that folder is there, of real captures."""
import pathlib
import subprocess
import sys
import tempfile

compare, expressions, segtext, replay, captures = sys.argv[1:6]
with tempfile.TemporaryDirectory() as work:
    files = []
    for script in sorted(pathlib.Path(replay).glob("*.seg")):
        out = pathlib.Path(work) / (script.stem + ".pcap")
        subprocess.run([segtext, script, out], check=True, timeout=20)
        files.append(out)
    real = sorted(p for p in pathlib.Path(captures).glob("*/*") if p.suffix in (".pcap", ".pcapng", ".cap"))
    if not real:
        print(f"{captures} is not there: frames of the replay scripts only")
    sys.exit(subprocess.run([compare, expressions, *(real or files)], timeout=280).returncode)
