/* Runs file operations named by its arguments, one line of output each: files OP ARG… -- OP ARG… */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int report(const char *op, int result) {
  if (result < 0) printf("%s: %s\n", op, strerror(errno));
  else printf("%s: ok\n", op);
  return result;
}

static void cat(const char *path) {
  char buffer[4096];
  int fd = open(path, O_RDONLY);
  if (fd < 0) { report("read", fd); return; }
  ssize_t length = read(fd, buffer, sizeof buffer);
  if (length < 0) report("read", -1);
  else printf("read: %.*s\n", (int)length, buffer);
  close(fd);
}

static void put(const char *path, const char *text, int flags) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0666);
  if (fd < 0) { report("write", fd); return; }
  report("write", write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1);
  close(fd);
}

/* Seeks, writes in the middle, reads the end, cuts the file. */
static void edit(const char *path) {
  char buffer[16] = {0};
  int fd = open(path, O_RDWR);
  if (fd < 0) { report("edit", fd); return; }
  lseek(fd, 2, SEEK_SET);
  write(fd, "XY", 2);
  off_t at = lseek(fd, -3, SEEK_END);
  read(fd, buffer, 3);
  char first[4] = {0};
  pread(fd, first, 3, 0);
  ftruncate(fd, 5);
  struct stat status;
  fstat(fd, &status);
  printf("edit: at %d, end %s, start %s, size %d\n", (int)at, buffer, first, (int)status.st_size);
  close(fd);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void list(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) { report("list", -1); return; }
  char *names[1024];
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir)) && count < 1024;) {
    if (entry->d_name[0] == '.') continue;
    char name[512];
    snprintf(name, sizeof name, "%s%s", entry->d_name, entry->d_type == DT_DIR ? "/" : "");
    names[count++] = strdup(name);
  }
  closedir(dir);
  qsort(names, count, sizeof *names, by_name);
  printf("list: %d", count);
  for (int i = 0; i < count && i < 8; i++) printf(" %s", names[i]);
  printf("\n");
}

static void status(const char *path, int follow) {
  struct stat found;
  if ((follow ? stat : lstat)(path, &found) < 0) { report("stat", -1); return; }
  const char *type = S_ISDIR(found.st_mode) ? "folder" : S_ISLNK(found.st_mode) ? "link" : "file";
  printf("stat: %s %d\n", type, (int)found.st_size);
}

/* Opens and closes often: a descriptor must be usable again after it was closed. */
static void churn(const char *path) {
  for (int i = 0; i < 5000; i++) {
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fd > 100) { printf("churn: descriptor %d\n", fd); return; }
    close(fd);
  }
  printf("churn: ok\n");
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *op = argv[i];
    if (!strcmp(op, "cat")) cat(argv[++i]);
    else if (!strcmp(op, "put")) { put(argv[i + 1], argv[i + 2], O_TRUNC); i += 2; }
    else if (!strcmp(op, "new")) { put(argv[i + 1], argv[i + 2], O_EXCL); i += 2; }
    else if (!strcmp(op, "append")) { put(argv[i + 1], argv[i + 2], O_APPEND); i += 2; }
    else if (!strcmp(op, "edit")) edit(argv[++i]);
    else if (!strcmp(op, "list")) list(argv[++i]);
    else if (!strcmp(op, "stat")) status(argv[++i], 1);
    else if (!strcmp(op, "lstat")) status(argv[++i], 0);
    else if (!strcmp(op, "churn")) churn(argv[++i]);
    else if (!strcmp(op, "mkdir")) report(op, mkdir(argv[++i], 0777));
    else if (!strcmp(op, "rmdir")) report(op, rmdir(argv[++i]));
    else if (!strcmp(op, "unlink")) report(op, unlink(argv[++i]));
    else if (!strcmp(op, "rename")) { report(op, rename(argv[i + 1], argv[i + 2])); i += 2; }
    else if (!strcmp(op, "link")) { report(op, link(argv[i + 1], argv[i + 2])); i += 2; }
    else if (!strcmp(op, "symlink")) { report(op, symlink(argv[i + 1], argv[i + 2])); i += 2; }
    else { printf("unknown operation %s\n", op); return 1; }
  }
  return 0;
}
