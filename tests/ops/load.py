"""A little of everything that people and programs do to two nodes, good and bad, so that whatever is measured has something to show."""

import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
import urllib.error
import urllib.request
import uuid

import websockets
from programs import wait_until

ANSWER_SECONDS_MAX = 90
PASSWORD = "correct horse battery"
DEMO = {"email": "demo@example.com", "password": "demo-password"}
LONG_TEXT = "a long way behind " * 880
# So many fill the outbox of who does not read beyond its half; with so many more it overflows, whatever the sockets hold.
LONG_TEXTS, MORE_LONG_TEXTS = 60, 60
DROPPABLE = 10


def http(url, path, body=None, token="", method=None, kind="application/json"):
    """Status and JSON of an answer."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": kind, "Authorization": f"Bearer {token}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS_MAX) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read() or b"null")


def done(answer):
    status, body = answer
    if status >= 300:
        raise AssertionError(f"{status}: {body}")
    return body


class Client:
    """A WebSocket client that takes turns with itself: it asks, and waits for the frame that answers."""

    def __init__(self, connection):
        self.connection = connection
        self.last_seq = 0

    async def say(self, op, **fields):
        await self.connection.send(json.dumps({"op": op, **fields}))

    async def until(self, *ops):
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            while True:
                frame = json.loads(await self.connection.recv())
                self.last_seq = max(self.last_seq, frame.get("seq", 0))
                if frame["op"] in ops:
                    return frame


@contextlib.asynccontextmanager
async def client(url):
    # Of a thousand messages none waits for this client to look at it.
    async with websockets.connect(url.replace("http", "ws", 1) + "/ws", subprotocols=["twin.v1.json"], max_queue=None) as connection:
        yield Client(connection)


@contextlib.asynccontextmanager
async def follower(url, token, room):
    async with client(url) as one:
        await one.say("identify", token=token)
        await one.say("subscribe", conversation_id=room)
        await one.until("subscribed")
        yield one


def send(one, room, text):
    return one.say("send", conversation_id=room, client_id=str(uuid.uuid4()), text=text)


def person(url, name):
    email = f"{uuid.uuid4()}@example.com"
    made = done(http(url, "/api/v1/auth/register", {"email": email, "name": name, "password": PASSWORD}))
    return {"email": email, "token": made["access_token"], "id": made["user"]["id"]}


async def everything(first, second, hook):
    """Does all of it once, on two nodes."""
    kim, lee = person(first, "Kim"), person(second, "Lee")
    room = done(http(first, "/api/v1/conversations", {"members": [lee["id"]]}, kim["token"]))["id"]
    requests_good_and_bad(first, kim)
    log_ins_good_and_bad(second, kim, lee)
    await chat_over_both_nodes(first, second, kim, lee, room)
    await come_back(second, lee, room)
    await read_too_slowly(first, kim, lee, room)
    await be_told(first, second, kim, lee, room, hook)
    demo = done(http(second, "/api/v1/auth/login", DEMO))["access_token"]
    documents_good_and_bad(second, demo)
    await talk_with_a_twin(second, demo)
    await talk_with_a_twin(first, demo)
    done(http(first, "/api/v1/search?q=lighthouse", token=kim["token"]))


def requests_good_and_bad(url, kim):
    done(http(url, "/api/v1/me", token=kim["token"]))
    expect(401, http(url, "/api/v1/me", token="forged"))
    expect(404, http(url, "/api/v1/nothing-here"))
    expect(422, http(url, "/api/v1/twins", {"name": ""}, kim["token"]))


def log_ins_good_and_bad(url, kim, lee):
    done(http(url, "/api/v1/auth/login", {"email": kim["email"], "password": PASSWORD}))
    wrong = {"email": lee["email"], "password": "guessed"}
    for _ in range(3):
        expect(401, http(url, "/api/v1/auth/login", wrong))
    expect(429, http(url, "/api/v1/auth/login", wrong))


def expect(status, answer):
    if answer[0] != status:
        raise AssertionError(f"{answer} instead of {status}")


async def chat_over_both_nodes(first, second, kim, lee, room):
    async with follower(first, kim["token"], room) as here, follower(second, lee["token"], room) as there:
        for number in range(20):
            await send(here, room, f"The lighthouse blinks, {number}")
            await here.until("ack")
            await there.until("message")
        await here.say("typing", conversation_id=room)
        await there.say("broadcast", conversation_id=room, event="cursor", data="1")
        await here.until("broadcast")
        await here.say("juggle", ref="1")
        await here.until("error")


async def come_back(url, lee, room):
    async with client(url) as back:
        await back.say("resume", token=lee["token"], cursors=[{"conversation_id": room, "after_seq": 3}])
        await back.until("resumed")
    async with client(url) as lost:
        await lost.say("resume", token=lee["token"], cursors=[{"conversation_id": room, "after_seq": 1_000_000}])
        await lost.until("reset")


async def read_too_slowly(url, kim, lee, room):
    """A reader that does not read: it is left out of what may be lost, and cut off."""
    with slow_reader(url, lee["token"], room):
        async with follower(url, kim["token"], room) as writer:
            looked_at = outboxes_looked_at(url)
            for _ in range(LONG_TEXTS):
                await send(writer, room, LONG_TEXT)
                await writer.until("ack")
            for number in range(DROPPABLE):
                await writer.say("broadcast", conversation_id=room, event="move", data=str(number))
            await writer.say("ping")
            await writer.until("pong")
            seen = lambda: outboxes_looked_at(url) > looked_at  # noqa: E731
            await asyncio.to_thread(wait_until, seen, ANSWER_SECONDS_MAX, "a look at the outbox")
            for _ in range(MORE_LONG_TEXTS):
                await send(writer, room, LONG_TEXT)
                await writer.until("ack")


def outboxes_looked_at(url):
    return sample(url, "twin_outbox_frames_count")


def sample(url, series):
    """The value of one series of a node."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=ANSWER_SECONDS_MAX) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"{series} "):
                return float(line.rpartition(" ")[2])
    raise AssertionError(f"{url} has no {series}")


@contextlib.contextmanager
def slow_reader(url, token, room):
    host, port = url.removeprefix("http://").split(":")
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((host, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        raw.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: twin.v1.json\r\n\r\n".encode()
        )
        raw.sendall(masked({"op": "identify", "token": token}) + masked({"op": "subscribe", "conversation_id": room}))
        heard = b""
        while b'"subscribed"' not in heard:
            part = raw.recv(4096)
            if not part:
                raise AssertionError(f"the reader was turned away: {heard!r}")
            heard += part
        yield


def masked(frame):
    """A text frame with a mask of zeros (RFC 6455, section 5.2)."""
    text = json.dumps(frame).encode()
    return struct.pack("!BBH4x", 0x81, 0x80 | 126, len(text)) + text


async def be_told(first, second, kim, lee, room, hook):
    done(http(second, "/api/v1/me/webhook", {"url": f"{hook.url}/told"}, lee["token"], "PUT"))
    # Who is told is decided by any node that has the conversation, and a node hears a little later who has left.
    for url in (first, second):
        await until_absent(url, kim, lee, room)
    since = len(hook.calls)
    async with follower(first, kim["token"], room) as writer:
        await send(writer, room, "Are you there?")
        await writer.until("ack")
    told = lambda path, _: path == "/told"  # noqa: E731
    await asyncio.to_thread(hook.wait_for, told, ANSWER_SECONDS_MAX, "a notification", since)


async def until_absent(url, kim, lee, room):
    """Waits until a node knows that nobody's program follows the room for Lee."""
    async with client(url) as one:
        await one.say("identify", token=kim["token"], presence=True)
        await one.say("subscribe", conversation_id=room)
        while lee["id"] in (await one.until("presence"))["online"]:
            pass


def documents_good_and_bad(url, demo):
    twin = done(http(url, "/api/v1/twins", token=demo))["items"][0]["id"]
    documents = f"/api/v1/twins/{twin}/documents"
    done(upload(url, documents, demo, f"The foghorn of Skarholm was painted green. {uuid.uuid4()}".encode()))
    status, body = upload(url, documents, demo, b"\x89PNG\r\n\x1a\n")
    if status not in (400, 415, 422):
        raise AssertionError(f"{status}: {body}")


def upload(url, path, token, content):
    edge = uuid.uuid4().hex
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="note.txt"\r\n\r\n'.encode()
    body = head + content + f"\r\n--{edge}--\r\n".encode()
    return http(url, path, body, token, kind=f"multipart/form-data; boundary={edge}")


async def talk_with_a_twin(url, demo):
    twin = done(http(url, "/api/v1/twins", token=demo))["items"][0]["id"]
    room = done(http(url, "/api/v1/conversations", {"twins": [twin]}, demo))["id"]
    async with follower(url, demo, room) as one:
        await send(one, room, "Which colour does the foghorn have?")
        reply = await one.until("message_done")
        if reply["stop_reason"] == "failed":
            raise AssertionError(f"the twin's reply failed: {reply}")
        await send(one, room, "Tell me all about the storm.")
        begun = await one.until("message_start")
        await one.say("stop", conversation_id=room, message_id=begun["message_id"])
        await one.until("message_done")
