// Rooms on the `ws` package: a token is checked at the handshake, frames are JSON, and a room is a set of sockets. An event says
// its room, who sent it, and what it is.
const { randomUUID } = require("crypto");
const { WebSocketServer } = require("ws");

const rooms = new Map();
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: false,
  verifyClient: ({ req }) => new URL(req.url, "http://localhost").searchParams.get("token") === "secret",
});

server.on("connection", (socket) => {
  const user = randomUUID();
  socket.on("message", (data) => {
    const frame = JSON.parse(data);
    if (frame.op === "join") {
      if (!rooms.has(frame.room)) rooms.set(frame.room, new Set());
      rooms.get(frame.room).add(socket);
      socket.send(JSON.stringify({ op: "joined" }));
    } else if (frame.op === "publish") {
      const { room, event, data } = frame;
      const text = JSON.stringify({ op: "event", room, user, event, data });
      for (const member of rooms.get(room)) member.send(text);
    } else if (frame.op === "ping") {
      socket.send(JSON.stringify({ op: "pong", ref: frame.ref }));
    }
  });
  socket.on("close", () => rooms.forEach((members) => members.delete(socket)));
});
server.on("listening", () => console.log(`listening on ${server.address().port}`));
