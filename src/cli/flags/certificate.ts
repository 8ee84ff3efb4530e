import { custom, string } from "@oclif/core/flags";
import { SoloError } from "../../api/error.ts";
import { type Role, roleNames } from "../../api/role-names.ts";
import { duration } from "./global.ts";

const dayMs = 86_400_000;

/** A role of a client certificate: `null` for none. */
const role = custom<Role | null>({
  helpValue: [...roleNames, noRole()].join("|"),
  parse: async (text) => {
    const found = roleNames.find((name) => name === text);
    if (found !== undefined || text === noRole()) return found ?? null;
    throw new SoloError("usage", `--role expects ${roleNames.join(", ")} or ${noRole()}, got ${JSON.stringify(text)}`, {
      hint: "such as --role viewer",
    });
  },
});

/** What a certificate of a server is made from. */
export const serverCertificateFlags = {
  host: string({
    multiple: true,
    multipleNonGreedy: true,
    description: "Name or address by which clients reach the kernel, beside this machine's own",
    helpValue: "HOST",
  }),
};

export const clientCertificateFlags = {
  role: role({ description: "What the certificate allows in its tenant without a token [default: deployer]" }),
  days: duration({ description: "How long it is valid, such as 90d [default: 365d]" }),
};

/** Days, from a duration; a certificate lasts a day at least. */
export function daysOf(ms: number | undefined, byDefault: number): number {
  return ms === undefined ? byDefault : Math.max(1, Math.ceil(ms / dayMs));
}

/** `undefined` is no answer, `null` is: none. */
export function roleOf(given: Role | null | undefined): Role | null {
  return given === undefined ? "deployer" : given;
}

/** Of a server's: browsers refuse more than 398. */
export const serverDays = 397;
export const clientDays = 365;

function noRole(): string {
  return "none";
}
