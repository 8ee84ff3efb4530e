import { sdkDeclaration } from "../../host/sdk/declaration.ts" with { type: "macro" };

export const templateNames = ["service", "fetch", "worker"] as const;
export type TemplateName = (typeof templateNames)[number];

/** The text of a new service's `service.ts`. */
export const programs: Readonly<Record<TemplateName, string>> = {
  service: `import { defineService } from "solo";

let hits = 0;

export default defineService({
  start(ctx) {
    ctx.log.info("started", { instance: ctx.instance });
  },
  health: () => ({ status: "healthy" }),
  fetch(request, ctx) {
    hits += 1;
    ctx.log.debug("request", { url: request.url });
    return Response.json({ service: ctx.service, hits });
  },
});
`,
  fetch: `export default {
  fetch(request: Request): Response {
    return new Response(\`hello from \${new URL(request.url).pathname}\\n\`);
  },
};
`,
  worker: `import { defineService } from "solo";

const intervalMs = 5_000;

export default defineService({
  start(ctx) {
    const timer = setInterval(() => ctx.log.info("tick"), intervalMs);
    ctx.signal.addEventListener("abort", () => clearInterval(timer));
  },
});
`,
};

/** What lies beside every program. */
export function companions(name: string): Readonly<Record<string, string>> {
  return {
    "solo.toml": `# Deploy with: solo deploy -f solo.toml\n[service.${name}]\nsource = "service.ts"\n`,
    "tsconfig.json": tsconfig,
    "solo.d.ts": sdkDeclaration(),
    ".gitignore": "node_modules\n.env\n",
    "README.md": readme(name),
  };
}

const tsconfig = `{
  "compilerOptions": {
    "target": "ESNext",
    "module": "Preserve",
    "moduleResolution": "bundler",
    "lib": ["ESNext", "DOM", "DOM.Iterable"],
    "types": [],
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true
  },
  "include": ["**/*.ts"]
}
`;

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
solo deploy -f solo.toml    # deploy, and again after each change
solo status ${name}
solo logs ${name} -f
solo kill ${name}
\`\`\`

\`solo.d.ts\` holds the types of the SDK, so that an editor knows \`import { defineService } from "solo"\`.
`;
}
