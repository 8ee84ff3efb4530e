/** Names of services, tenants, groups and contexts: what a URL label, a folder and a shell word can all carry. */
export const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** How messages describe {@link namePattern}. */
export const nameForm = "1 to 64 of A-Z a-z 0-9 _ -";

export const defaultTenant = "default";
