// Rooms on Bun's own publish and subscribe, whose core is uWebSockets. An event says its room, who sent it, and what it is.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    if (new URL(request.url).searchParams.get("token") !== "secret") return new Response("no", { status: 401 });
    if (server.upgrade(request, { data: { user: crypto.randomUUID() } })) return;
    return new Response("no WebSocket", { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    message(socket, text) {
      const frame = JSON.parse(text);
      if (frame.op === "join") {
        socket.subscribe(frame.room);
        socket.send(JSON.stringify({ op: "joined" }));
      } else if (frame.op === "publish") {
        const { room, event, data } = frame;
        server.publish(room, JSON.stringify({ op: "event", room, user: socket.data.user, event, data }));
      } else if (frame.op === "ping") {
        socket.send(JSON.stringify({ op: "pong", ref: frame.ref }));
      }
    },
  },
});
console.log(`listening on ${server.port}`);
