"use client";

import { Anchor, Code } from "@mantine/core";
import { memo } from "react";
import ReactMarkdown, { type Components, type Options } from "react-markdown";
import remarkGfm from "remark-gfm";
import classes from "./markdown.module.css";

/** Where a link may lead; anything else stays words. */
const LINK_SCHEMES: readonly string[] = ["http:", "https:", "mailto:"];

const components: Components = {
  a: ({ href, children }) => <Link href={href ?? ""}>{children}</Link>,
  // A picture would be fetched from wherever the text says, and so tell that it was read: its words are shown.
  img: ({ alt, src }) => (typeof src === "string" && src !== "" ? <Link href={src}>{alt || src}</Link> : alt),
  table: ({ children }) => (
    <div className={classes.wide}>
      <table>{children}</table>
    </div>
  ),
  code: ({ children }) => <Code>{children}</Code>,
  pre: ({ children }) => <pre className={classes.wide}>{children}</pre>,
};

interface MarkdownProps {
  text: string;
  isRunning?: boolean;
  /** What reads the text besides, and how it draws what it finds. */
  plugins?: Options["remarkPlugins"];
  extra?: Components;
}

const PLUGINS = [remarkGfm];

/** The text of a message. What stands in it as HTML is shown as text; nothing in it is fetched. */
export const Markdown = memo(function Markdown({ text, isRunning = false, plugins, extra }: MarkdownProps) {
  return (
    <div className={classes.markdown} data-running={isRunning || undefined}>
      <ReactMarkdown remarkPlugins={[...PLUGINS, ...(plugins ?? [])]} components={{ ...components, ...extra }}>
        {text}
      </ReactMarkdown>
    </div>
  );
});

/** A link shows the host that it leads to, and tells that host nothing of us. */
function Link({ href, children }: { href: string; children: React.ReactNode }) {
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url === undefined || !LINK_SCHEMES.includes(url.protocol)) {
    return <>{children}</>;
  }
  return (
    <>
      <Anchor href={url.href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </Anchor>
      {url.host !== "" && children !== url.href && <span className={classes.host}> ({url.host})</span>}
    </>
  );
}
