// A bot that asks one question in a room and prints the answer, whatever becomes of the connection meanwhile.
//
//     npm run build:connection
//     URL=ws://127.0.0.1:8000/ws TOKEN=… ROOM=… node connection/examples/bot.mjs "@Ada Who are you?"

import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { Connection, messagePackCodec } from "../dist/index.js";

const { URL, TOKEN, ROOM } = process.env;
const connection = new Connection({
  url: URL,
  // A bot has one token: when it is not taken there is no other.
  token: async (refused) => (refused === undefined ? TOKEN : null),
  codec: messagePackCodec,
  WebSocket,
});

connection.listen((event) => {
  if (event.type === "frame" && event.frame.op === "message_done") {
    console.log(event.frame.text);
    connection.stop();
  }
  if (event.type === "state" && event.state.name === "signed_out") {
    console.error("the token is not taken");
    process.exitCode = 1;
  }
});
connection.follow(ROOM);
connection.send({ op: "send", conversation_id: ROOM, client_id: randomUUID(), text: process.argv[2] });
connection.start();
