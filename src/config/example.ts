import text from "../../config.example.toml" with { type: "text" };

export const example: string = text;
