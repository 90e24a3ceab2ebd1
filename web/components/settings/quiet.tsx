"use client";

import { Group, NativeSelect, Switch, TextInput } from "@mantine/core";
import { usePageTexts } from "@/i18n/pages";
import type { NotificationSettings } from "@/state/account";

type Hours = NonNullable<NotificationSettings["quiet_hours"]>;

interface QuietProps {
  hours: Hours | null;
  onChange: (hours: Hours | null) => void;
}

/** A night, where the browser is. */
function firstHours(): Hours {
  return { from: "22:00", until: "07:00", time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}

/** When nothing is sent. */
export function Quiet({ hours, onChange }: QuietProps) {
  const texts = usePageTexts().settings;
  return (
    <div>
      <Switch
        label={texts.quiet}
        description={texts.quietHint}
        checked={hours !== null}
        onChange={(event) => onChange(event.currentTarget.checked ? firstHours() : null)}
      />
      {hours !== null && (
        <Group mt="xs" align="flex-end">
          <Time label={texts.quietFrom} value={hours.from} onChange={(from) => onChange({ ...hours, from })} />
          <Time label={texts.quietUntil} value={hours.until} onChange={(until) => onChange({ ...hours, until })} />
          <NativeSelect
            label={texts.timeZone}
            value={hours.time_zone}
            data={zones(hours.time_zone)}
            onChange={(event) => onChange({ ...hours, time_zone: event.currentTarget.value })}
          />
        </Group>
      )}
    </div>
  );
}

interface TimeProps {
  label: string;
  value: string;
  onChange: (time: string) => void;
}

function Time({ label, value, onChange }: TimeProps) {
  return (
    <TextInput
      // What another device has set is shown.
      key={value}
      type="time"
      label={label}
      defaultValue={value}
      onBlur={(event) => {
        const time = event.currentTarget.value;
        if (time !== "" && time !== value) {
          onChange(time);
        }
      }}
    />
  );
}

/** The zones that the browser knows; the chosen one is among them, whatever it is called here. */
function zones(chosen: string): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return known.includes(chosen) ? known : [chosen, ...known];
}
