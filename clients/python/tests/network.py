"""A network between the client and the service that can be cut: a forward proxy, as `HTTP_PROXY` names it.

It passes every byte on as it is, and keeps the first line of each request.
"""

import re
import socket
import socketserver
import threading
import time
from urllib.parse import urlsplit

PIECE = 1 << 16

# A client sends the next request when it has read the answer, so that one begins with what is received.
REQUEST = re.compile(rb"(GET|HEAD|POST|PUT|DELETE) http://[^/ ]+(/[^ ]*)")

UNDER_REPAIR = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Network:
    """Connections to wherever the requests go. `budget` is how many more bytes may pass in both directions.

    `delay` is how many seconds each piece of 64 KiB takes. While it `is_under_repair`, requests are answered with 503.
    """

    def __init__(self):
        self.budget = None
        self.delay = 0
        self.is_under_repair = False
        self.requests = []
        self._lock = threading.Lock()
        network = self

        class Connection(socketserver.BaseRequestHandler):
            def handle(self):
                network.carry(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Connection)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def cut_after(self, size):
        """So many bytes still pass; then every connection breaks, also every new one."""
        self.budget = size

    def mend(self):
        """From now on everything passes."""
        self.budget = None

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def carry(self, client):
        """Passes the requests of one connection on, and their answers back. All of them go to one server."""
        head = client.recv(PIECE)
        if not head:
            return
        address = urlsplit(head.split(b" ")[1].decode())
        with socket.create_connection((address.hostname, address.port)) as server:
            back = threading.Thread(target=self.pipe, args=(server, client), daemon=True)
            back.start()
            if self.pass_on(head, client, server):
                self.pipe(client, server)
            back.join()

    def pipe(self, source, target):
        """Passes on what comes, until one side hangs up."""
        try:
            while piece := source.recv(PIECE):
                if not self.pass_on(piece, source, target):
                    return
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The other side has hung up.

    def pass_on(self, piece, source, target):
        """Passes some bytes on, unless that is too much; whether it has."""
        time.sleep(self.delay)
        request = REQUEST.match(piece)
        if request and self.is_under_repair:
            source.sendall(UNDER_REPAIR)
            source.shutdown(socket.SHUT_RDWR)
            target.shutdown(socket.SHUT_RDWR)
            return False
        with self._lock:
            if request:
                self.requests.append(f"{request[1].decode()} {request[2].decode()}")
            if self.budget is not None:
                self.budget -= len(piece)
                if self.budget < 0:
                    source.shutdown(socket.SHUT_RDWR)
                    target.shutdown(socket.SHUT_RDWR)
                    return False
        # A proxy is asked for a whole address, and asks a server for its path.
        target.sendall(REQUEST.sub(rb"\1 \2", piece, count=1) if request else piece)
        return True
