"use client";

import { Button, Group, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Problem } from "../problem";
import { Secret } from "./secret";

interface SecretFormProps {
  /** What one writes. */
  label: string;
  type?: "text" | "url";
  placeholder?: string;
  maxLength: number;
  /** What the button says. */
  button: string;
  /** What the server makes of what one wrote: a secret, and what it is called. */
  make: (written: string) => Promise<{ name: string; secret: string }>;
  /** What the secret is called. */
  secretLabel: (name: string) => string;
  /** Whether what the secret is of is still there; it is, where nothing is said. */
  isThere?: (name: string) => boolean;
  /** What else there is to say. */
  children?: ReactNode;
}

/** A line to fill in; the answer holds a secret, which is shown this once. */
export function SecretForm(props: SecretFormProps) {
  const { label, type = "text", placeholder, maxLength, button, make, secretLabel, isThere, children } = props;
  const [written, setWritten] = useState("");
  const making = useMutation({ mutationFn: () => make(written.trim()), onSuccess: () => setWritten("") });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <>
      <form onSubmit={submit}>
        <Group align="flex-end" maw={640}>
          <TextInput
            flex={1}
            miw={160}
            type={type}
            label={label}
            value={written}
            placeholder={placeholder}
            maxLength={maxLength}
            autoComplete="off"
            onChange={(event) => setWritten(event.currentTarget.value)}
          />
          {children}
          <Button type="submit" disabled={written.trim() === ""} loading={making.isPending}>
            {button}
          </Button>
        </Group>
      </form>
      <Problem error={making.error} />
      {making.data !== undefined && isThere?.(making.data.name) !== false && (
        <Secret label={secretLabel(making.data.name)} value={making.data.secret} onClose={making.reset} />
      )}
    </>
  );
}
