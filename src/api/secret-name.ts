/** What a secret may be called: it is a file's name as well. Apart from the schemas, which a command need not load. */
export const secretNameForm = "1 to 128 of A-Z a-z 0-9 _ . -, beginning with a letter or _";
export const secretNamePattern = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
