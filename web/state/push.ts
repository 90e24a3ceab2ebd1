/** Being told in this browser of what one has not seen: the service worker, and its subscription at the browser's push service. */

import type { Language } from "@/i18n";
import { body, http } from "./http";
import { useStore } from "./store";

/** Whether this browser can be told, and is. */
export type PushState = "unsupported" | "denied" | "off" | "on";

/** Why a browser could not subscribe: the person said no, or its push service cannot be reached. */
export class PushRefused extends Error {
  override name = "PushRefused";
  constructor(readonly reason: "denied" | "unreachable") {
    super(reason);
  }
}

export async function pushState(): Promise<PushState> {
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    return "unsupported";
  }
  if (Notification.permission === "denied") {
    return "denied";
  }
  const subscription = await present();
  return subscription === null || Notification.permission !== "granted" ? "off" : "on";
}

/** Asks the person, subscribes and tells the server. Only on a click: browsers ask for it, and people expect it. */
export async function turnPushOn(serverKey: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new PushRefused("denied");
  }
  const registration = await registered();
  const key = bytesOf(serverKey);
  const before = await registration.pushManager.getSubscription();
  if (before !== null && !isFor(before, key)) {
    // The server has another key than when this browser subscribed.
    await before.unsubscribe();
  }
  let subscription: PushSubscription;
  try {
    subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    throw new PushRefused("unreachable");
  }
  try {
    await tell(subscription);
  } catch (error) {
    await subscription.unsubscribe();
    throw error;
  }
}

/** Ends the subscription here and on the server. */
export async function turnPushOff(): Promise<void> {
  const subscription = await present();
  if (subscription !== null) {
    const { items } = await body(http.GET("/api/v1/me/push-subscriptions"));
    const place = items.find((item) => item.url === subscription.endpoint);
    if (place !== undefined) {
      const path = { subscription: place.id };
      await body(http.DELETE("/api/v1/me/push-subscriptions/{subscription}", { params: { path } }));
    }
    await subscription.unsubscribe();
  }
}

/** The worker of a browser that is told shows its words in this language. */
export async function speakInPush(language: Language): Promise<void> {
  await navigator.serviceWorker.register(`/sw.js?language=${language}`, { scope: "/", updateViaCache: "none" });
}

async function present(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager.getSubscription()) ?? null;
}

async function registered(): Promise<ServiceWorkerRegistration> {
  await speakInPush(useStore.getState().language);
  return navigator.serviceWorker.ready;
}

async function tell(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  const wanted = { endpoint: endpoint ?? "", keys: { p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" } };
  await body(http.PUT("/api/v1/me/push-subscriptions", { body: wanted }));
}

function isFor(subscription: PushSubscription, key: Uint8Array): boolean {
  const own = subscription.options.applicationServerKey;
  return own !== null && new Uint8Array(own).every((byte, place) => byte === key[place]);
}

/** The bytes of a text in base64url. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}
