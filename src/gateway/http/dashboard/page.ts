import type { DashboardAssets } from "./assets.ts";

/** Where the page's files lie. */
export const filesPath = "/dashboard/";

/** The page itself: it names its files, and has neither script nor style of its own. */
export function pageOf({ script, style, icon }: DashboardAssets): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Solo</title>
<link rel="stylesheet" href="${filesPath}${style}">
<link rel="icon" href="${filesPath}${icon}" type="image/svg+xml">
<script type="module" src="${filesPath}${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>The dashboard needs JavaScript. The command line does not: solo list</noscript>
</body>
</html>
`;
}
