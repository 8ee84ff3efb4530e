/** The roles that a capability can be granted, apart from what they allow: a command line needs only their names. */
export const roleNames = ["admin", "deployer", "viewer", "service", "ci"] as const;
export type Role = (typeof roleNames)[number];
