"use client";

import { Button, Group, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { useTexts } from "@/state/language";
import { retryConnection } from "@/state/live";
import { useStore } from "@/state/store";
import classes from "./banner.module.css";

/** Says that the connection is lost, what waits for it, and when it is tried again. */
export function ConnectionBanner() {
  const texts = useTexts();
  const connection = useStore((state) => state.connection);
  const waiting = useStore((state) => state.outbox.filter((entry) => entry.refusal === undefined).length);
  const wasOpen = useWasLost(connection.name);
  const now = useNow(connection.name === "waiting");
  if (connection.name === "stopped") {
    return (
      <div className={classes.banner} role="status">
        <Text size="sm">{texts.connectionEnded(connection.reason)}</Text>
      </div>
    );
  }
  if (!wasOpen) {
    return null;
  }
  const seconds = connection.name === "waiting" ? Math.max(Math.ceil((connection.until - now) / 1_000), 0) : 0;
  return (
    <div className={classes.banner}>
      <Group gap="sm" justify="center">
        <Text size="sm" role="status">
          {texts.offline} {waiting > 0 && texts.offlineWaiting(waiting)}
        </Text>
        {seconds > 0 && <Text size="sm">{texts.retryIn(seconds)}</Text>}
        <Button size="compact-xs" variant="default" onClick={retryConnection}>
          {texts.retryNow}
        </Button>
      </Group>
    </div>
  );
}

/** Whether the connection is lost; the first attempt to connect is none that was lost. */
function useWasLost(name: string): boolean {
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    if (name === "waiting") {
      setLost(true);
    } else if (name === "open" || name === "signed_out") {
      setLost(false);
    }
  }, [name]);
  return isLost;
}

function useNow(isNeeded: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isNeeded) {
      return;
    }
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [isNeeded]);
  return now;
}
