#include <stdio.h>
#include <stdlib.h>

/* Prints the prime numbers up to a limit: primes.wasm [LIMIT]. Exits with 2 when the limit is no positive number. */
int main(int argc, char **argv) {
  const char *text = argc > 1 ? argv[1] : "100";
  char *end;
  long limit = strtol(text, &end, 10);
  if (*end != '\0' || limit < 1) {
    fprintf(stderr, "usage: primes LIMIT, a positive number; got %s\n", text);
    return 2;
  }
  long found = 0;
  for (long n = 2; n <= limit; n++) {
    int prime = 1;
    for (long d = 2; d * d <= n && prime; d++) prime = n % d != 0;
    if (!prime) continue;
    found++;
    printf("%ld\n", n);
  }
  printf("%ld primes up to %ld\n", found, limit);
  return 0;
}
