import { isAbsolute } from "node:path";
import type { DeployRequest, SoloApi } from "../../api/index.ts";
import { lookUp } from "../../system/index.ts";
import { bring, contentOf, type FileToBring, fileNameOf } from "../bring.ts";
import type { Session } from "../session.ts";

type Services = DeployRequest["services"];
type Spec = Services[number]["spec"];

/**
 * Brings the programs of services to a kernel that does not see this machine's files, and names them as that kernel does:
 * sources as one module each, wasm modules, and executables that are given by a path which is here. What has the same
 * content is brought once.
 */
export async function bringPrograms(services: Services, kernel: SoloApi, session: Session): Promise<Services> {
  const brought: Services = [];
  for (const { name, spec } of services) {
    const program = await programFor(name, spec, session);
    if (program === undefined) {
      brought.push({ name, spec });
      continue;
    }
    brought.push({ name, spec: at(spec, await bring(program, kernel, session)) });
  }
  return brought;
}

async function programFor(name: string, spec: Spec, session: Session): Promise<FileToBring | undefined> {
  const { kind, path, command: [executable = ""] = [] } = spec;
  if (kind === "source" && path !== undefined) {
    const content = await (await session.door()).bundle(path);
    return { file: `${name}.js`, content, executable: false };
  }
  if (kind === "wasm" && path !== undefined) {
    return { file: `${name}.wasm`, content: await contentOf(path), executable: false };
  }
  // One that is not here may be there: its kernel says so when it is not.
  if (!isAbsolute(executable) || !(await lookUp(executable))?.isFile()) return undefined;
  return { file: fileNameOf(executable), content: await contentOf(executable), executable: true };
}

function at(spec: Spec, path: string): Spec {
  if (spec.command === undefined) return { ...spec, path };
  return { ...spec, command: [path, ...spec.command.slice(1)] };
}
