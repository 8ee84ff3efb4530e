/* Everything a program gets beside files: system MODE ARG… */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (!strcmp(mode, "args")) {
    for (int i = 0; i < argc; i++) printf("[%s]", argv[i]);
    printf(" %s %s\n", getenv("COLOR"), getenv("SOLO_KEY") ? "key" : "no key");
  } else if (!strcmp(mode, "exit")) {
    fprintf(stderr, "leaving\n");
    exit(atoi(argv[2]));
  } else if (!strcmp(mode, "trap")) {
    printf("before\n");
    fflush(stdout);
    __builtin_trap();
  } else if (!strcmp(mode, "input")) {
    printf("%d\n", getchar() == EOF);
  } else if (!strcmp(mode, "sleep")) {
    double begin = seconds(CLOCK_MONOTONIC);
    usleep(30000);
    double slept = seconds(CLOCK_MONOTONIC) - begin;
    printf("%d %d\n", slept >= 0.03 && slept < 5, seconds(CLOCK_REALTIME) > 1.6e9);
  } else if (!strcmp(mode, "poll")) {
    struct pollfd fds[1] = {{.fd = 1, .events = POLLOUT}};
    printf("%d\n", poll(fds, 1, 5000));
  } else if (!strcmp(mode, "random")) {
    unsigned char bytes[64] = {0};
    int set = 0;
    getentropy(bytes, sizeof bytes);
    for (int i = 0; i < 64; i++) set += bytes[i] != 0;
    printf("%d\n", set > 32);
  } else if (!strcmp(mode, "wait")) {
    printf("line one\n");
    fprintf(stderr, "and an error\n");
    for (;;) sleep(1);
  }
  return 0;
}
