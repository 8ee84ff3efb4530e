/*
 * The same as a WebAssembly module: it may open /data, and tries to get out of it.
 * Built by: clang-14 --target=wasm32-wasi --sysroot=/usr -O2 -s -o hostile.wasm hostile.c
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int count;

static void tell(const char *name, int failed) {
  printf("%s\"%s\": \"%s\"", count++ ? ", " : "", name, failed ? "refused" : "done");
}

static void opens(const char *name, const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  char bytes[16];
  int failed = file == NULL || (mode[0] == 'r' ? fread(bytes, 1, sizeof bytes, file) == 0 : fputs("hostile", file) < 0);
  if (file && fclose(file) != 0) failed = 1;
  tell(name, failed);
}

int main(void) {
  printf("RESULTS {");
  opens("its own file", "/data/own.txt", "r");
  opens("writing into its folder", "/data/new.txt", "w");
  opens("the passwords", "/etc/shadow", "r");
  opens("a file above its folder", "/data/../secret.txt", "r");
  opens("a file above its folder, by the root", "/../secret.txt", "r");
  opens("writing above its folder", "/data/../planted", "w");
  opens("a link that leads out of its folder", "/data/link", "r");
  opens("a file through a linked folder", "/data/folder/secret.txt", "r");
  opens("the environment of others", "/proc/1/environ", "r");
  tell("a link of its own to the passwords", symlink("/etc/shadow", "/data/mine") != 0 || fopen("/data/mine", "r") == NULL);
  tell("a hard link out of its folder", link("/data/../secret.txt", "/data/hard") != 0);
  tell("moving a file out of its folder", rename("/data/own.txt", "/data/../moved") != 0);
  tell("a folder beside its own", mkdir("/data/../beside", 0700) != 0);
  printf("}\n");
  return 0;
}
