/** @jsxImportSource preact */
import type { Permission } from "../../api/permissions.ts";

export interface NotAllowedProps {
  readonly what: string;
  readonly permission: Permission;
  /** What the token must be for, when its permission is not what lacks. */
  readonly resource?: "tenant" | "*";
}

/** In the place of what the token may not see: that is no error. */
export function NotAllowed({ what, permission, resource = "tenant" }: NotAllowedProps) {
  return (
    <div class="empty">
      <p>
        Your token does not show {what}: that needs the permission <code>{permission}</code>
        {resource === "*" ? " on the whole kernel" : ""}.
      </p>
      <p class="hint">
        Its owner can grant it:{" "}
        <code>
          solo capability grant --resource {resource === "*" ? "'*'" : resource} --permissions {permission}
        </code>
      </p>
    </div>
  );
}
