// Draws the icons of the client as PNG: two people, the one the other's outline, on the colour of the client. They are drawn by
// distance, so that every size has smooth edges; nothing is needed but zlib.

import { deflateSync } from "node:zlib";

const BACKGROUND = [0x3b, 0x5b, 0xdb];
const FOREGROUND = [0xff, 0xff, 0xff];

/** All lengths are parts of the icon's side; what matters lies within the middle four fifths, which every mask leaves. */
const HEAD = 0.105;
const SHOULDERS = { width: 0.19, top: 0.56, bottom: 0.74 };
const OUTLINE = 0.03;

/** A square icon of so many pixels a side, as a PNG file. */
export function icon(side) {
  const row = 1 + side * 3;
  const pixels = Buffer.alloc(row * side);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const share = coverage((x + 0.5) / side, (y + 0.5) / side, 1 / side);
      for (let channel = 0; channel < 3; channel += 1) {
        const mixed = BACKGROUND[channel] * (1 - share) + FOREGROUND[channel] * share;
        pixels[y * row + 1 + x * 3 + channel] = Math.round(mixed);
      }
    }
  }
  return png(side, pixels);
}

/** How much of a pixel the drawing covers. */
function coverage(x, y, pixel) {
  const solid = person(x - 0.4, y);
  const twin = Math.abs(person(x - 0.6, y)) - OUTLINE / 2;
  // The one in front hides the other's outline, with a little air between them.
  const behind = Math.max(twin, OUTLINE - solid);
  return Math.min(Math.max(0.5 - Math.min(solid, behind) / pixel, 0), 1);
}

/** How far a place is from a person in the middle of the line x = 0; negative inside. */
function person(x, y) {
  const head = Math.hypot(x, y - 0.38) - HEAD;
  const dx = Math.abs(x) - SHOULDERS.width / 2;
  const dy = y - SHOULDERS.bottom;
  const radius = SHOULDERS.bottom - SHOULDERS.top;
  const round = Math.hypot(Math.max(dx + radius / 2, 0), Math.min(dy, 0)) - radius;
  return Math.min(head, Math.max(round, dy));
}

function png(side, pixels) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // Eight bits of each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(pixels, { level: 9 });
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
