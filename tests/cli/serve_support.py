"""A recto serve that runs for a test, and plain HTTP to it."""
import base64
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request

from support import RECTO, environment


class Server:
    """Started with these arguments on a free port; its log is kept in `log`."""

    def __init__(self, *arguments, env=None, before=()):
        command = [*before, str(RECTO), "serve", "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, env=environment(env))
        self.log, self.url = [], None
        for line in self.process.stderr:
            self.log.append(line)
            found = re.search(r"serving .* on (https?://\S+:(\d+))$", line.rstrip())
            if found:
                self.url, self.port = found[1], int(found[2])
                break
        assert self.url, f"{command} does not serve:\n{''.join(self.log)}"
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.log.append(line)

    def text(self):
        return "".join(self.log)

    def wait_for(self, text, seconds=30):
        """Until the log has that."""
        deadline = time.monotonic() + seconds
        while text not in self.text():
            assert time.monotonic() < deadline, f"{text} is not said:\n{self.text()}"
            time.sleep(0.01)

    def end(self, number=signal.SIGTERM, timeout=60):
        """Its exit status after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout)
        self.reader.join(10)
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(10)
        self.process.stderr.close()

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])

    def ask(self, path, body=None, headers=None, method=None, context=None, raw=None):
        """Status, headers and content (JSON where it is that) of an answer."""
        headers = dict(headers or {})
        if body is not None or raw is not None:
            headers.setdefault("Content-Type", "application/json")
            raw = raw if raw is not None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, raw, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as answer:
                return answer.status, answer.headers, content_of(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, content_of(error)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, data):
        """What comes back for these bytes until the server closes."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_all(connection)


def content_of(answer):
    data = answer.read()
    return json.loads(data) if data and answer.headers.get_content_type() == "application/json" else data


def read_all(connection):
    out = b""
    while True:
        try:
            data = connection.recv(65536)
        except ConnectionResetError:
            return out
        if not data:
            return out
        out += data


def data_url(image, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def picture(image, text=None):
    """Parts of an input."""
    parts = [{"type": "image_url", "image_url": {"url": data_url(image)}}]
    return parts + ([{"type": "text", "text": text}] if text else [])


def certificate(directory):
    """cert.pem and key.pem for localhost and 127.0.0.1."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")],
                   check=True, capture_output=True)
    return directory / "cert.pem", directory / "key.pem"


def trust(path):
    return ssl.create_default_context(cafile=os.fspath(path))
