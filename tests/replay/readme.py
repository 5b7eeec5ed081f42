#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""readme.py MIRUO README: each block that follows <!-- output: miruo ARGUMENTS --> is what miruo prints (in UTC)."""
import difflib
import os
import pathlib
import re
import shlex
import subprocess
import sys

miruo, readme = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
blocks = re.findall(r"<!-- output: miruo (.*?) -->\n```\n(.*?)```\n", readme.read_text(), re.DOTALL)
if not blocks:
    sys.exit(f"{readme}: no block with an output comment")
status = 0
for arguments, expected in blocks:
    run = subprocess.run([miruo, *shlex.split(arguments)], cwd=readme.parent, env={**os.environ, "TZ": "UTC"},
                         capture_output=True, text=True, timeout=20)
    diff = list(difflib.unified_diff(expected.splitlines(), run.stdout.splitlines(), "README", "miruo " + arguments, lineterm=""))
    if diff or run.returncode:
        print("\n".join(diff), run.stderr, sep="\n")
        status = 1
sys.exit(status)
