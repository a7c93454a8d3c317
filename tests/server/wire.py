"""A wire between a client and the server that can be cut where a test wants: before a commit gets through, or after."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class Wire:
    """Passes what is said on to the server's socket. `conninfo` leads through it.

    `cut_at` tells at how manieth commit the connection breaks: with `heard`, the server still hears that commit, and its
    answer is lost. While `down`, nobody gets through.
    """

    def __init__(self, server: Path, folder: Path) -> None:
        self.server = server / ".s.PGSQL.5432"
        self.folder = folder
        self.down = False
        self.cut_at = -1
        self.heard = False
        self.commits = 0
        self.cuts = 0
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def conninfo(self, direct: str) -> str:
        return " ".join(f"host={self.folder}" if word.startswith("host=") else word for word in direct.split())

    def cut(self) -> None:
        """Break all connections that there are."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self.down:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self.server))
            except OSError:
                client.close()
                continue
            self._open += [client, server]
            threading.Thread(target=self._forth, args=(client, server), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if b"COMMIT" in data:
                    self.commits += 1
                    if self.commits == self.cut_at:
                        self.cuts += 1
                        client.shutdown(socket.SHUT_RDWR)
                        if self.heard:
                            server.sendall(data)
                        else:
                            server.shutdown(socket.SHUT_RDWR)
                        return
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 16):
                client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
