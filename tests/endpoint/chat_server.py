"""An OpenAI-compatible chat endpoint with faults on demand, for tests.

    chat_server.py LOG [--tls CERTIFICATE KEY]

Prints its port. The path of a request says what happens: the n-th request to
/STEP,STEP,.../v1/chat/completions meets the n-th step, those after the last one the last again.
A step is a name of the table STEPS, some with a number after a colon. LOG gets a line of JSON for
each request before it is answered.
"""
import base64
import hashlib
import json
import select
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = ["main", "secondary", "visual", "semantic"]
LOCK = threading.Condition()
COUNTS = {}
RUNNING = {}
LOG = None


def picture(request):
    """The bytes of the picture in a request, which must be one that OpenAI's API takes."""
    assert request["messages"][0]["role"] == "user" and len(request["messages"]) == 1
    images = [part for part in request["messages"][0]["content"] if part["type"] == "image_url"]
    assert len(images) == 1
    head, data = images[0]["image_url"]["url"].split(",", 1)
    assert head == "data:image/jpeg;base64"
    jpeg = base64.b64decode(data, validate=True)
    assert jpeg[:3] == b"\xff\xd8\xff"
    return jpeg


def jpeg_size(jpeg):
    at = 2
    while jpeg[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
    height, width = struct.unpack(">HH", jpeg[at + 5:at + 9])
    return width, height


def answer(request, **changes):
    mark = hashlib.sha256(picture(request)).hexdigest()[:8]
    fields = {"language": "en", **{kind: f"How does the {kind} pump of model {mark} start?" for kind in KINDS}}
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def completion(content, finish="stop", usage=True, **message):
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "finish_reason": finish,
                         "message": {"role": "assistant", "content": content, **message}}]}
    if usage:
        body["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return json.dumps(body)


def good(**changes):
    return lambda h, r, n: h.reply(200, completion(json.dumps(answer(r, **changes))))


def content(make):
    return lambda h, r, n: h.reply(200, completion(make(r, h)))


def status(code, **headers):
    message = f"error number {code}\nsaid to {{key}}"
    return lambda h, r, n: h.reply(
        code, json.dumps({"error": {"message": message.replace("{key}", str(h.headers.get("Authorization")))}}),
        {name.replace("_", "-"): value for name, value in headers.items()})


def raw(body, code=200):
    return lambda h, r, n: h.reply(code, body)


def retry_after(code):
    return lambda h, r, n: h.reply(code, '{"error": {"message": "slow down"}}', {"Retry-After": n})


def wait_for_close(handler, *_):
    """Says nothing until the client hangs up."""
    select.select([handler.connection], [], [], 60)
    handler.hang_up()


def close(handler, *_):
    handler.hang_up()


def half(handler, request, _):
    body = completion(json.dumps(answer(request))).encode()
    handler.begin(200, len(body) + 1000)
    handler.wfile.write(body)
    handler.hang_up()


def drip(handler, request, _):
    handler.begin(200, 10 ** 6)
    while True:
        handler.wfile.write(b"x")
        if select.select([handler.connection], [], [], 0.02)[0]:
            return handler.hang_up()


def endless(handler, *_):
    handler.begin(200, 10 ** 12)
    while True:
        handler.wfile.write(b"{" * 65536)


def headers_without_end(handler, *_):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")


def together(handler, request, number):
    """Answers once the group of `number` requests that this one belongs to has arrived."""
    group_end = -(-handler.number // number) * number
    with LOCK:
        LOCK.wait_for(lambda: COUNTS[handler.scenario] >= group_end, timeout=5)
    good()(handler, request, number)


STEPS = {
    "ok": good(),
    "german": good(language="de-DE"),
    "unasked": good(visual=""),
    "nothing": good(main="", secondary="", visual="", semantic=""),
    "same": good(main="What is the voltage of the pump?", secondary="what is the  voltage of the pump?"),
    "fence": content(lambda r, h: "```json\n" + json.dumps(answer(r), indent=1) + "\n```\n"),
    "think": content(lambda r, h: "<think>Let me see {..}.</think>\n\n" + json.dumps(answer(r))),
    "parts": content(lambda r, h: [{"type": "text", "text": json.dumps(answer(r))}]),
    "nousage": lambda h, r, n: h.reply(200, completion(json.dumps(answer(r)), usage=False)),
    "echo": content(lambda r, h: json.dumps(answer(r, main="What is " + str(h.headers.get("Authorization"))))),
    # answers that break the schema
    "prose": content(lambda r, h: "Here you are: " + json.dumps(answer(r))),
    "cutjson": content(lambda r, h: json.dumps(answer(r))[:-20]),
    "missing": good(semantic=None),
    "extra": good(score="1"),
    "number": good(main=7),
    "listfield": good(main=[]),
    "lines": good(main="What is\nthe voltage?"),
    "long": good(main="why " * 200),
    "control": good(main="What is \u0007 this?"),
    "bidi": good(main="What is \u202e this?"),
    "surrogate": content(lambda r, h: '{"language": "en", "main": "\\ud800", "secondary": "", "visual": "", "semantic": ""}'),
    "twice": content(lambda r, h: '{"language": "en", "main": "a b c", "main": "", "secondary": "", "visual": "", "semantic": ""}'),
    "language": good(language="English"),
    "list": content(lambda r, h: "[1, 2]"),
    "empty": content(lambda r, h: ""),
    "length": lambda h, r, n: h.reply(200, completion(json.dumps(answer(r)), "length")),
    "refusal": lambda h, r, n: h.reply(200, completion(None, refusal="I cannot help with that.")),
    "filter": lambda h, r, n: h.reply(200, completion("", "content_filter")),
    # what no chat completion is
    "broken": raw('{"choices": [{"message": {"content": "'),
    "binary": raw(b"\xff\xfe\x00\x01"),
    "html": raw("<html><body>It works!</body></html>"),
    "nochoice": raw('{"choices": []}'),
    "errorbody": raw('{"error": {"message": "overloaded", "code": 529}}'),
    "deep": raw("[" * 100000),
    "nobody": raw("", 204),
    # the transport
    "silent": wait_for_close,
    "close": close,
    "half": half,
    "drip": drip,
    "endless": endless,
    "headers": headers_without_end,
    "redirect": status(302, Location="http://127.0.0.1:1/elsewhere"),
    "later": retry_after(429),
    "later503": retry_after(503),
    "quota": raw('{"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}', 429),
    "together": together,
}


def step_action(name):
    name, _, number = name.partition(":")
    return (STEPS[name] if name in STEPS else status(int(name))), int(number or 0)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def begin(self, code, length, headers=None):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()

    def reply(self, code, body, headers=None):
        body = body if isinstance(body, bytes) else body.encode()
        self.begin(code, len(body), headers)
        self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.scenario, _, rest = self.path.lstrip("/").partition("/")
        request = json.loads(text)
        width, height = jpeg_size(picture(request))
        with LOCK:
            self.number = COUNTS[self.scenario] = COUNTS.get(self.scenario, 0) + 1
            RUNNING[self.scenario] = RUNNING.get(self.scenario, 0) + 1
            LOCK.notify_all()
            LOG.write(json.dumps({
                "path": self.path, "time": time.monotonic(), "running": RUNNING[self.scenario],
                "authorization": self.headers.get("Authorization"), "width": width, "height": height,
                "text": "".join(p.get("text", "") for p in request["messages"][0]["content"]),
                "request": {k: v for k, v in request.items() if k != "messages"}}) + "\n")
            LOG.flush()
        try:
            steps = self.scenario.split(",")
            action, argument = step_action(steps[min(self.number, len(steps)) - 1])
            if rest != "v1/chat/completions":
                action = status(404)
            action(self, request, argument)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.hang_up()
        finally:
            with LOCK:
                RUNNING[self.scenario] -= 1
                LOCK.notify_all()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # clients that go away


def main():
    global LOG
    LOG = open(sys.argv[1], "a")
    server = Server(("127.0.0.1", 0), Handler)
    if "--tls" in sys.argv:
        at = sys.argv.index("--tls")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[at + 1], sys.argv[at + 2])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
