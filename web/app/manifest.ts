import type { MetadataRoute } from "next";

export const dynamic = "force-static";

/** How the client is called and looks where it is installed like a program. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    id: "/",
    name: "Digital Twin",
    short_name: "Digital Twin",
    description: "Talk with people, their twins and their bots.",
    start_url: "/chat",
    scope: "/",
    display: "standalone",
    background_color: "#ffffff",
    theme_color: "#3b5bdb",
    icons: [
      { src: "/icon-192.png", sizes: "192x192", type: "image/png" },
      { src: "/icon-512.png", sizes: "512x512", type: "image/png" },
      { src: "/icon-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
    ],
  };
}
