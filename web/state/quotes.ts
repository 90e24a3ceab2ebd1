/** Where a quote stands in a document. Pure. */

/** A piece of a document. */
export interface Segment {
  text: string;
  isQuoted: boolean;
}

/** Fewer letters in a row than this are alike by chance. */
const LETTERS_MIN = 8;

/**
 * The document in pieces, of which those are marked that a quote was made of. A quote may leave sentences out and is written
 * with other white space. Without a mark where the quote does not stand in the document.
 */
export function segmentsOf(text: string, quote: string): Segment[] {
  const { letters, places } = squeezed(text);
  const segments: Segment[] = [];
  let rest = squeezed(quote).letters;
  let from = 0;
  let cut = 0;
  while (rest !== "") {
    const length = longestPrefix(letters, rest, from);
    if (length < Math.min(LETTERS_MIN, rest.length)) {
      break;
    }
    const at = letters.indexOf(rest.slice(0, length), from);
    const [start, end] = [places[at] ?? 0, (places[at + length - 1] ?? 0) + 1];
    segments.push({ text: text.slice(cut, start), isQuoted: false }, { text: text.slice(start, end), isQuoted: true });
    cut = end;
    from = at + length;
    rest = rest.slice(length);
  }
  segments.push({ text: text.slice(cut), isQuoted: false });
  return segments.filter((segment) => segment.text !== "");
}

/** A text without its white space, and where each letter stood. */
function squeezed(text: string): { letters: string; places: Uint32Array } {
  const places = new Uint32Array(text.length);
  const words: string[] = [];
  let count = 0;
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    for (let place = 0; place < word.length; place += 1) {
      places[count + place] = index + place;
    }
    count += word.length;
    words.push(word);
  }
  return { letters: words.join(""), places };
}

/** How many of the first letters stand in a row somewhere from this place on. */
function longestPrefix(letters: string, wanted: string, from: number): number {
  let [found, missing] = [0, wanted.length + 1];
  while (missing - found > 1) {
    const length = Math.floor((found + missing) / 2);
    if (letters.indexOf(wanted.slice(0, length), from) === -1) {
      missing = length;
    } else {
      found = length;
    }
  }
  return found;
}
