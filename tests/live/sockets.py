# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP connection between the two hosts of a lab, with a time limit on all that it does."""
import socket

import lab

PORT = 8000


def listen():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((lab.SERVER, PORT))
    s.listen(16)
    s.settimeout(20)
    return s


def accept(listener):
    s = listener.accept()[0]
    s.settimeout(20)
    return s


def connect():
    s = socket.create_connection((lab.SERVER, PORT), 20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s
