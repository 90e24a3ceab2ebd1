"use client";

import { Button, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useRouter, useSearchParams } from "next/navigation";
import type { FormEvent, KeyboardEvent } from "react";
import { usePageTexts } from "@/i18n/pages";
import { useClock, useTexts } from "@/state/language";
import { blocksQuery, conversationsQuery } from "@/state/queries";
import { addressOf, FIELDS, type Hit, isAsked, piecesOf, searchQuery, type Wanted, wantedOf } from "@/state/search";
import { useMe } from "@/state/store";
import { writerOf } from "@/state/writers";
import { More } from "./more";
import { titleOf } from "./names";
import { PageShell } from "./page-shell";
import { usePageLink } from "./place";
import { Problem } from "./problem";
import classes from "./search.module.css";
import { WriterBadge } from "./writer-badge";

/** Finds messages; the address says what is looked for, so that the way back leads here again. */
export function SearchPage() {
  const texts = usePageTexts().search;
  const parameters = useSearchParams();
  const wanted = wantedOf(parameters);
  return (
    <PageShell title={texts.title}>
      <Stack onKeyDown={stepThroughHits}>
        <SearchForm key={parameters.toString()} wanted={wanted} />
        <Hits wanted={wanted} />
      </Stack>
    </PageShell>
  );
}

/** The arrows go from the words to the hits, and from hit to hit. */
function stepThroughHits(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input[name="q"], li a')];
  const at = stops.indexOf(event.target as HTMLElement);
  const next = stops[at + (by ?? 0)];
  if (by !== undefined && at !== -1 && next !== undefined && !event.nativeEvent.isComposing) {
    event.preventDefault();
    next.focus();
  }
}

function SearchForm({ wanted }: { wanted: Wanted }) {
  const texts = usePageTexts().search;
  const router = useRouter();
  const me = useMe();
  const { data: conversations } = useQuery(conversationsQuery);
  const places = conversations?.map((each) => ({ value: each.id, label: titleOf(each, me.id) })) ?? [];
  const hasFilters = Object.keys(wanted).some((field) => field !== "q");
  const kinds = Object.entries(texts.kinds).map(([value, label]) => ({ value, label }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    router.replace(addressOf(Object.fromEntries(FIELDS.map((field) => [field, String(form.get(field) ?? "")]))));
  };
  return (
    <search>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            name="q"
            type="search"
            label={texts.words}
            description={texts.wordsHint}
            defaultValue={wanted.q}
            maxLength={1_000}
            autoFocus
          />
          <details open={hasFilters || undefined}>
            <summary>{texts.filters}</summary>
            <div className={classes.filters}>
              <TextInput
                name="from"
                label={texts.from}
                placeholder={texts.fromHint}
                defaultValue={wanted.from}
                maxLength={100}
              />
              <NativeSelect
                // The conversations come later than the field.
                key={places.length}
                name="in"
                label={texts.in}
                data={[{ value: "", label: texts.anywhere }, ...places]}
                defaultValue={wanted.in}
              />
              <TextInput name="after" type="date" label={texts.after} defaultValue={wanted.after} />
              <TextInput name="before" type="date" label={texts.before} defaultValue={wanted.before} />
              <NativeSelect
                name="has"
                label={texts.has}
                data={[{ value: "", label: texts.anything }, ...kinds]}
                defaultValue={wanted.has}
              />
              <NativeSelect
                name="sort"
                label={texts.order}
                data={[
                  { value: "", label: texts.newest },
                  { value: "best", label: texts.best },
                ]}
                defaultValue={wanted.sort}
              />
            </div>
          </details>
          <Button type="submit">{texts.go}</Button>
        </Stack>
      </form>
    </search>
  );
}

function Hits({ wanted }: { wanted: Wanted }) {
  const texts = usePageTexts().search;
  const { data, error, isFetching, hasNextPage, fetchNextPage } = useInfiniteQuery(searchQuery(wanted));
  const hits = data?.pages.flatMap((page) => page.items) ?? [];
  if (!isAsked(wanted)) {
    return <Text c="dimmed">{texts.begin}</Text>;
  }
  return (
    <>
      <Problem error={error} />
      <Text size="sm" role="status">
        {data !== undefined &&
          (hits.length === 0 && !hasNextPage ? texts.none : texts.count(hits.length, !hasNextPage))}
      </Text>
      <ul className={classes.hits} aria-label={texts.hits}>
        {hits.map((hit) => (
          <HitRow key={hit.message_id} hit={hit} />
        ))}
      </ul>
      <More label={texts.more} list={{ hasNextPage, isFetchingNextPage: isFetching, fetchNextPage }} />
    </>
  );
}

function HitRow({ hit }: { hit: Hit }) {
  const texts = usePageTexts().search;
  const clock = useClock();
  const link = usePageLink();
  const me = useMe();
  const { hiddenMessage } = useTexts();
  const { data: conversations } = useQuery(conversationsQuery);
  const { data: blocks } = useQuery(blocksQuery);
  const isHidden = blocks?.some((block) => block.id === hit.author.id) === true;
  const conversation = conversations?.find((each) => each.id === hit.conversation_id);
  const place = conversation === undefined ? "" : titleOf(conversation, me.id);
  return (
    <li>
      <a className={classes.hit} {...link(`/chat?id=${hit.conversation_id}&message=${hit.message_id}`)}>
        <span className={classes.head}>
          <strong>{place === "" ? hit.author.name : texts.open(hit.author.name, place)}</strong>
          <WriterBadge writer={writerOf(hit as Parameters<typeof writerOf>[0])} />
          <Text c="dimmed" size="xs" component="span">
            {clock.day(hit.created_at)}, {clock.time(hit.created_at)}
          </Text>
        </span>
        <span className={classes.snippet}>{isHidden ? hiddenMessage : <Snippet snippet={hit.snippet} />}</span>
      </a>
    </li>
  );
}

/** The part of a message that was found. */
function Snippet({ snippet }: { snippet: Hit["snippet"] }) {
  const { text, begins_at, of_length, highlights } = snippet;
  const isCut = begins_at + Array.from(text).length < of_length;
  return (
    <>
      {begins_at > 0 && "…"}
      {piecesOf(text, highlights).map((piece, number) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces never change
        piece.isFound ? <mark key={number}>{piece.text}</mark> : <span key={number}>{piece.text}</span>,
      )}
      {isCut && "…"}
    </>
  );
}
