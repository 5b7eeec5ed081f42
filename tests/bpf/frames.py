# SPDX-License-Identifier: GPL-3.0-or-later
"""Captures whose frames the kernel programs are tested with."""
import pathlib
import subprocess


def made(segtext, replay, work):
    """Of the replay scripts, made in the folder work."""
    files = []
    for script in sorted(pathlib.Path(replay).glob("*.seg")):
        out = pathlib.Path(work) / (script.stem + ".pcap")
        subprocess.run([segtext, script, out], check=True, timeout=20)
        files.append(out)
    return files


def real(captures):
    """Those in a folder that may be missing, which is said then."""
    files = sorted(p for p in pathlib.Path(captures).glob("*/*") if p.suffix in (".pcap", ".pcapng", ".cap"))
    if not files:
        print(f"{captures} is not there: frames of the replay scripts only")
    return files
