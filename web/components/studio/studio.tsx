"use client";

import { Anchor, Badge, Group, Loader, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { proposalsQuery } from "@/state/proposals";
import { type Twin, twinsQuery } from "@/state/queries";
import { useMe } from "@/state/store";
import { ownedBy } from "@/state/studio";
import { ConnectionBanner } from "../connection-banner";
import { Face } from "../face";
import { useLiveConversations } from "../live-conversations";
import { Notice } from "../notice";
import { usePageLink } from "../place";
import { Problem } from "../problem";
import { Documents } from "./documents";
import { MakeTwin } from "./make-twin";
import { Memories } from "./memories";
import { Persona } from "./persona";
import { PARTS, type Part, studioPath, useStudioPlace } from "./place";
import { Reviews } from "./reviews";
import { Sharing } from "./sharing";
import classes from "./studio.module.css";
import { Talks } from "./talks";
import { useStudioTexts } from "./texts";

/** Where one makes twins and looks after them. */
export function Studio() {
  const texts = useStudioTexts();
  const me = useMe();
  const link = usePageLink();
  const place = useStudioPlace();
  useLiveConversations();
  const { data: twins, isPending, error } = useQuery({ ...twinsQuery, select: ownedBy(me.id) });
  const twin = twins?.find((each) => each.id === place.twin);
  return (
    <div className={classes.page} data-open={place.twin !== null || undefined}>
      <ConnectionBanner />
      <Notice />
      <div className={classes.columns}>
        <nav className={classes.side} aria-label={texts.myTwins}>
          <Anchor {...link("/chat")} size="sm">
            ← {texts.toConversations}
          </Anchor>
          <a className={classes.quiet} {...link(studioPath(null))}>
            {texts.studio}
          </a>
          {isPending && <Loader aria-label={texts.loading} />}
          <ul>
            {twins?.map((each) => (
              <li key={each.id}>
                <a
                  className={classes.twin}
                  {...link(studioPath(each.id, place.part))}
                  aria-current={each.id === place.twin ? "page" : undefined}
                >
                  <Face name={each.name} isSmall />
                  <span className={classes.name}>{each.name}</span>
                </a>
              </li>
            ))}
          </ul>
          {place.twin !== null && (
            <Anchor {...link(studioPath(null))} size="sm">
              + {texts.makeTwin}
            </Anchor>
          )}
        </nav>
        <main className={classes.main}>
          <Problem error={error} />
          {twin !== undefined && <TwinStudio key={twin.id} twin={twin} part={place.part} />}
          {twins !== undefined && place.twin !== null && twin === undefined && (
            <div className={classes.part}>
              <Title order={1} size="h4">
                {texts.notYourTwin}
              </Title>
              <Anchor {...link(studioPath(null))}>{texts.back}</Anchor>
            </div>
          )}
          {place.twin === null && <MakeTwin isFirst={twins?.length === 0} />}
        </main>
      </div>
    </div>
  );
}

function TwinStudio({ twin, part }: { twin: Twin; part: Part }) {
  const texts = useStudioTexts();
  const link = usePageLink();
  const { data: proposals } = useQuery(proposalsQuery(twin.id));
  const waiting = proposals?.length ?? 0;
  return (
    <>
      <header className={classes.header}>
        <Group gap="sm" wrap="nowrap">
          <Anchor className={classes.back} {...link(studioPath(null))} aria-label={texts.back}>
            ←
          </Anchor>
          <Title order={1} size="h4" lineClamp={1}>
            {twin.name}
          </Title>
          <Badge variant="default" tt="none">
            {texts.visibilities[twin.visibility]}
          </Badge>
        </Group>
        <nav className={classes.parts} aria-label={texts.partsOf(twin.name)}>
          {PARTS.map((each) => (
            <a key={each} {...link(studioPath(twin.id, each))} aria-current={each === part ? "page" : undefined}>
              {texts.parts[each]}
              {each === "conversations" && waiting > 0 && (
                <Badge size="sm" circle={waiting < 10} ml={6}>
                  <span aria-hidden>{waiting}</span>
                  <span className="only-read-out"> {texts.proposals(waiting)}</span>
                </Badge>
              )}
            </a>
          ))}
        </nav>
      </header>
      {part === "persona" && <Persona twin={twin} />}
      {part === "documents" && <Documents twin={twin} />}
      {part === "memory" && <Memories twin={twin} />}
      {part === "sharing" && <Sharing twin={twin} />}
      {part === "conversations" && <Talks twin={twin} />}
      {part === "reviews" && <Reviews twin={twin} />}
    </>
  );
}
