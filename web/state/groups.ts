/** Groups of people over HTTP: whom one names together, to say what one's twins may tell them. */

import { queryOptions } from "@tanstack/react-query";
import { body, http } from "./http";
import type { Group } from "./people";
import { queries } from "./queries";

export const groupsQuery = queryOptions({
  queryKey: ["groups"],
  queryFn: async (): Promise<Group[]> => (await body(http.GET("/api/v1/groups"))).items,
});

export async function makeGroup(name: string, people: string[]): Promise<void> {
  await body(http.POST("/api/v1/groups", { body: { name, people } }));
  await queries.invalidateQueries({ queryKey: groupsQuery.queryKey });
}

export async function changeGroup(group: string, change: { name?: string; people?: string[] }): Promise<void> {
  const params = { path: { group } };
  const changed = await body(http.PATCH("/api/v1/groups/{group}", { params, body: change }));
  queries.setQueryData(groupsQuery.queryKey, (all) => all?.map((each) => (each.id === group ? changed : each)));
}

export async function deleteGroup(group: string): Promise<void> {
  await body(http.DELETE("/api/v1/groups/{group}", { params: { path: { group } } }));
  queries.setQueryData(groupsQuery.queryKey, (all) => all?.filter((each) => each.id !== group));
  // Nobody is told anything for its sake any more.
  for (const told of ["memories", "documents"]) {
    void queries.invalidateQueries({ queryKey: [told] });
  }
}
