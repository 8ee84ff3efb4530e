import type { KeptRegistration, RegistrationTable } from "../../src/discover/index.ts";

/** What a registry keeps, in memory: another registry over it is the next kernel's. */
export function memoryTable(): RegistrationTable {
  const kept = new Map<string, KeptRegistration>();
  return {
    all: () => [...kept.values()],
    save: (registration) => void kept.set(registration.handle, registration),
    renew: (handle, expires) => {
      const registration = kept.get(handle);
      if (registration !== undefined) kept.set(handle, { ...registration, expires });
    },
    remove: (handles) => {
      for (const handle of handles) kept.delete(handle);
    },
  };
}
