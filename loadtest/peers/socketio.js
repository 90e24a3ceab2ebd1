// Rooms on socket.io over WebSockets only: a token is checked when a client connects. An event says its room, who sent it, and
// what it is.
const { randomUUID } = require("crypto");
const { createServer } = require("http");
const { Server } = require("socket.io");

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, httpCompression: false });
io.use((socket, next) => next(socket.handshake.auth.token === "secret" ? undefined : new Error("no")));
io.on("connection", (socket) => {
  const user = randomUUID();
  socket.on("join", (room) => {
    socket.join(room);
    socket.emit("joined");
  });
  socket.on("publish", (room, event, data) => io.to(room).emit("event", { room, user, event, data }));
  socket.on("echo", (answer) => answer("pong"));
});
http.listen(0, "127.0.0.1", () => console.log(`listening on ${http.address().port}`));
