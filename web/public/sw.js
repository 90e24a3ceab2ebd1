// Shows what the server pushes, and leads to where it belongs.
//
// It keeps nothing and answers no request of a page: pages always come from the server, so that none is older than the server is.
// A new version of this file takes over at once.

const CHINESE = (new URLSearchParams(self.location.search).get("language") ?? "").startsWith("zh");

const TEXTS = CHINESE
  ? {
      many: (count) => `${count} 条新消息`,
      one: "新消息",
      from: (author, room) => (room === undefined ? `来自 ${author}` : `来自 ${author} · ${room}`),
    }
  : {
      many: (count) => `${count} new messages`,
      one: "New message",
      from: (author, room) => (room === undefined ? `From ${author}` : `From ${author} in ${room}`),
    };

/** One notification stands for all that is unread: a newer one takes its place. */
const TAG = "new-message";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.conversation));
});

/** A push has no text of a message; it names who and where only for people who wish so. A browser wants each to be shown. */
function show(data) {
  const said = parsed(data);
  const count = Number.isInteger(said.count) && said.count > 1 ? said.count : 1;
  const author = typeof said.author?.name === "string" ? said.author.name : undefined;
  const room = typeof said.conversation === "string" ? said.conversation : undefined;
  return self.registration.showNotification(count > 1 ? TEXTS.many(count) : TEXTS.one, {
    body: author === undefined ? "" : TEXTS.from(author, room),
    data: { conversation: said.conversation_id },
    icon: "/icon-192.png",
    lang: CHINESE ? "zh-CN" : "en",
    renotify: true,
    tag: TAG,
  });
}

function parsed(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

/**
 * In the conversations where they are open, without loading the page anew; else in a window of its own, since another page may
 * hold what is not kept yet.
 */
async function open(conversation) {
  const id = typeof conversation === "string" && /^[0-9a-f-]{36}$/.test(conversation) ? conversation : undefined;
  const windows = await self.clients.matchAll({ includeUncontrolled: true, type: "window" });
  const chat = windows.find((each) => new URL(each.url).pathname === "/chat");
  if (chat === undefined) {
    await self.clients.openWindow(id === undefined ? "/chat" : `/chat?id=${id}`);
    return;
  }
  chat.postMessage({ type: "open", conversation: id });
  await chat.focus();
}
