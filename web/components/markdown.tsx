"use client";

import { Anchor, Code } from "@mantine/core";
import { Marked, type Token, type Tokens } from "marked";
import { createElement, Fragment, memo, type ReactNode } from "react";
import classes from "./markdown.module.css";

/** Where a link may lead; anything else stays words. */
const LINK_SCHEMES: readonly string[] = ["http:", "https:", "mailto:"];

/** Lists in lists and quotes in quotes; what lies deeper is shown as it was written. */
const DEPTH_MAX = 24;

/** Tokens that are words themselves. */
const LEAVES: readonly string[] = ["text", "escape", "codespan", "code", "html"];

/** Line breaks count, as people expect who write to each other. */
const marked = new Marked({ gfm: true, breaks: true });

/** A piece of the words of a text: where it stands, and what it is where that is what was written, letter for letter. */
export interface Leaf {
  start: number;
  end: number;
  text: string | undefined;
}

/** Draws around the pieces of a text, which come in their order, what is known of their places. */
export type Marker = (leaf: Leaf, drawn: ReactNode) => ReactNode;

interface MarkdownProps {
  text: string;
  isRunning?: boolean;
  /** Makes the marker of one drawing. */
  marking?: () => Marker;
}

/** The text of a message. What stands in it as HTML is shown as text; nothing in it is fetched. */
export const Markdown = memo(function Markdown({ text, isRunning = false, marking }: MarkdownProps) {
  const tokens = tokensOf(text);
  const around = marking === undefined ? undefined : { marker: marking(), starts: startsOf(tokens, text) };
  return (
    <div className={classes.markdown} data-running={isRunning || undefined}>
      {drawn(tokens, { depth: 0, around })}
    </div>
  );
});

/** What is passed on from token to token. */
interface Drawing {
  depth: number;
  around: { marker: Marker; starts: ReadonlyMap<Token, number> } | undefined;
}

function tokensOf(text: string): Token[] {
  try {
    return marked.lexer(text.trimEnd());
  } catch {
    // Nested more deeply than there is a stack for.
    return [{ type: "text", raw: text, text }];
  }
}

/** Where each token begins: they follow each other, and each stands within the one that it is part of. */
function startsOf(all: readonly Token[], text: string): Map<Token, number> {
  const starts = new Map<Token, number>();
  const place = (tokens: readonly Token[], from: number) => {
    let at = from;
    for (const token of tokens) {
      // What is not found has lost its indentation: it begins about here.
      at = Math.max(at, text.indexOf(token.raw, at));
      starts.set(token, at);
      place(partsOfToken(token as Tokens.Generic), at);
      at += token.raw.length;
    }
  };
  place(all, 0);
  return starts;
}

function partsOfToken(token: Tokens.Generic): readonly Token[] {
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].flatMap((cells) => cells.flatMap((cell) => cell.tokens));
  }
  return token.type === "list" ? (token as Tokens.List).items : (token.tokens ?? []);
}

function drawn(tokens: readonly Token[] | undefined, drawing: Drawing): ReactNode[] {
  return (tokens ?? []).map((token, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a token is the one at its place, while a reply grows too
    <Fragment key={place}>{withPlace(token as Tokens.Generic, drawing)}</Fragment>
  ));
}

/** A token with what its place says of it, where it has words of its own. */
function withPlace(token: Tokens.Generic, { depth, around }: Drawing): ReactNode {
  const shown = depth > DEPTH_MAX ? token.raw : draw(token, { depth: depth + 1, around });
  const start = around?.starts.get(token as Token);
  const isLeaf = LEAVES.includes(token.type) && token.tokens === undefined;
  if (around === undefined || start === undefined || !isLeaf) {
    return shown;
  }
  const text = shown === token.raw ? token.raw : undefined;
  return around.marker({ start, end: start + token.raw.length, text }, shown);
}

function draw(token: Tokens.Generic, drawing: Drawing): ReactNode {
  const inner = () => drawn(token.tokens, drawing);
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return <p>{inner()}</p>;
    case "heading":
      return createElement(`h${token.depth}`, null, ...inner());
    case "blockquote":
      return <blockquote>{inner()}</blockquote>;
    case "hr":
      return <hr />;
    case "code":
      return (
        <pre className={classes.wide}>
          <Code>{token.text}</Code>
        </pre>
      );
    case "list":
      return <List list={token as Tokens.List} drawing={drawing} />;
    case "checkbox":
      return token.checked ? "☑ " : "☐ ";
    case "table":
      return <Table table={token as Tokens.Table} drawing={drawing} />;
    case "strong":
    case "em":
    case "del":
      return createElement(token.type, null, ...inner());
    case "codespan":
      return <Code>{token.text}</Code>;
    case "br":
      return <br />;
    case "link":
      return (
        <Link href={decoded(token.href)} text={token.text}>
          {inner()}
        </Link>
      );
    // A picture would be fetched from wherever the text says, and so tell that it was read: its words are shown.
    case "image":
      return (
        <Link href={decoded(token.href)} text={token.text}>
          {decoded(token.text) || decoded(token.href)}
        </Link>
      );
    case "escape":
      return token.text;
    case "text":
      return token.tokens === undefined ? decoded(token.text) : inner();
    default:
      return token.raw;
  }
}

function List({ list, drawing }: { list: Tokens.List; drawing: Drawing }) {
  const items = list.items.map((item, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: as above
    <li key={place}>{drawn(item.tokens, drawing)}</li>
  ));
  return list.ordered ? <ol start={list.start === "" ? undefined : list.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table, drawing }: { table: Tokens.Table; drawing: Drawing }) {
  const row = (cells: readonly Tokens.TableCell[], name: "th" | "td") => (
    <tr>
      {cells.map((cell, place) =>
        createElement(
          name,
          { key: place, style: { textAlign: cell.align ?? undefined } },
          ...drawn(cell.tokens, drawing),
        ),
      )}
    </tr>
  );
  return (
    <div className={classes.wide}>
      <table>
        <thead>{row(table.header, "th")}</thead>
        <tbody>
          {table.rows.map((cells, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <Fragment key={place}>{row(cells, "td")}</Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A link shows the host that it leads to, and tells that host nothing of us. */
function Link({ href, text, children }: { href: string; text: string; children: ReactNode }) {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url === undefined || !LINK_SCHEMES.includes(url.protocol)) {
    return <>{children}</>;
  }
  return (
    <>
      <Anchor href={url.href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </Anchor>
      {url.host !== "" && text !== href && text !== url.href && <span className={classes.host}> ({url.host})</span>}
    </>
  );
}

const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi;

/** The browser knows what all names of characters stand for; it is given nothing else than one such name. */
let decoder: HTMLTextAreaElement | undefined;

function decoded(text: string): string {
  return text.replace(ENTITY, (entity) => {
    decoder ??= document.createElement("textarea");
    decoder.innerHTML = entity;
    return decoder.value;
  });
}
