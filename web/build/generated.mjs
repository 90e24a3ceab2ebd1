// Types from descriptions; the tests compare what comes out with what is committed.

import openapiTS, { astToString } from "openapi-typescript";

const HEAD = "// Made by `npm run generate`; never edited.\n\n";

/** The types of the frames that an AsyncAPI document describes. */
export async function framesOf(asyncapi) {
  const { schemas } = asyncapi.components;
  const types = await typesOf({ openapi: "3.1.0", info: asyncapi.info, paths: {}, components: { schemas } });
  const names = (action) => {
    const operations = Object.values(asyncapi.operations).filter((operation) => operation.action === action);
    const messages = operations.flatMap((operation) =>
      operation.messages.map((message) => message.$ref.split("/").at(-1)),
    );
    return [...new Set(messages)].sort();
  };
  // The document is written from the server's side: what it receives, a client sends.
  const client = names("receive");
  const server = Object.keys(schemas).filter((name) => name.startsWith("Server"));
  const union = (what, name, members) =>
    `/** ${what} */\nexport type ${name} =\n${members.map((member) => `    | Schemas["${member}"]`).join("\n")};\n`;
  return [
    HEAD,
    types,
    '\n/** Everything that the protocol names. */\nexport type Schemas = components["schemas"];\n\n',
    union("A frame that a client sends.", "ClientFrame", client),
    "\n",
    union("A frame that the server sends.", "ServerFrame", server),
  ].join("");
}

/** The types of the HTTP API that an OpenAPI document describes. */
export async function httpApiOf(openapi) {
  return HEAD + (await typesOf(openapi));
}

async function typesOf(document) {
  return astToString(await openapiTS(document));
}
