// Rooms on Bun's own publish and subscribe, whose core is uWebSockets.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    if (new URL(request.url).searchParams.get("token") !== "secret") return new Response("no", { status: 401 });
    if (server.upgrade(request)) return;
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
        server.publish(frame.room, JSON.stringify({ op: "event", room: frame.room, data: frame.data }));
      } else if (frame.op === "ping") {
        socket.send(JSON.stringify({ op: "pong", ref: frame.ref }));
      }
    },
  },
});
console.log(`listening on ${server.port}`);
