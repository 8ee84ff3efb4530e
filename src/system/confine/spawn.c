/*
 * What happens between vfork(2) and execve(2) of a confined program. It runs in a child that shares the parent's memory
 * while the parent's thread waits, so only calls that are safe after vfork are made, and nothing is allocated.
 * Compiled by Bun's own C compiler when the first confined program is started; therefore without headers.
 * The layout of `struct order` is written by spawn-confined.ts: 8 bytes a field.
 */
typedef unsigned long word;

struct limit { word resource, soft, hard; };

struct order {
  const char *path;
  char *const *argv;
  char *const *envp;
  const char *cwd;
  word input, output, error;  /* descriptors that become 0, 1 and 2 */
  word ruleset;               /* descriptor of a Landlock ruleset, or -1 */
  word restrict_flags;
  const void *filter;         /* struct sock_fprog of a seccomp filter, or null */
  const struct limit *limits;
  word limit_count;
  word drop_capabilities;     /* a bit for each capability that leaves the bounding set */
  const word *groups;         /* descriptors of control groups' tasks, closed by -1 */
  const char *preference;     /* of the system when memory runs out, or null */
  const void *watch;          /* struct sock_fprog of a seccomp filter whose calls are told to a listener, or null */
  word watcher;               /* unix socket over which the listener is sent */
  word pass;                  /* a fourth argument of execve by which that filter knows it */
  word namespaces;            /* CLONE_NEW flags of the namespaces that it gets, or 0 */
  const char *user, *group;   /* lines for uid_map and gid_map of a user namespace among them */
  word proc_rights;           /* Landlock's rights on a /proc of its own */
  word started;               /* out: the first process in the namespaces */
  word step;                  /* out: which step failed … */
  word failure;               /* … and its errno; 0 when the program was executed */
};

/* The C library's functions, as dlsym(3) finds them: nothing is linked, so no development files are needed. */
struct libc {
  int (*vfork)(void);
  int (*setsid)(void);
  int (*dup2)(int, int);
  int (*chdir)(const char *);
  int (*setrlimit)(int, const void *);
  int (*prctl)(int, word, word, word, word);
  long (*syscall)(long, word, word, word, word);
  int (*execve)(const char *, char *const *, char *const *);
  void (*exit)(int);
  int (*sigprocmask)(int, const void *, void *);
  void *(*signal)(int, void *);
  int *(*errno_location)(void);
  long (*write)(int, const void *, word);
  long (*sendmsg)(int, const void *, int);
  int (*unshare)(int);
  int (*mount)(const char *, const char *, const char *, word, const void *);
  int (*clone)(int (*)(void *), void *, int, void *);
};

enum {
  STEP_DESCRIPTORS = 1, STEP_CWD, STEP_LIMITS, STEP_PRIVILEGES, STEP_CAPABILITIES, STEP_LANDLOCK, STEP_FILTER, STEP_EXECUTE, STEP_GROUP,
  STEP_WATCH, STEP_NAMESPACES
};
enum { SYS_landlock_add_rule = 445, SYS_landlock_restrict_self = 446, SYS_close_range = 436 };
#ifdef __x86_64__
enum { SYS_seccomp = 317, SYS_execve = 59, SYS_openat = 257 };
#else
enum { SYS_seccomp = 277, SYS_execve = 221, SYS_openat = 56 };
#endif
/* NEW_LISTENER; WAIT_KILLABLE_RECV: a call that the listener has seen is not interrupted, and made again, by signals. */
enum { SECCOMP_SET_MODE_FILTER = 1, SECCOMP_LISTENER_FLAGS = 8 | 32 };
enum { SOL_SOCKET = 1, SCM_RIGHTS = 1, MSG_NOSIGNAL = 0x4000 };
enum { PR_SET_SECCOMP = 22, SECCOMP_MODE_FILTER = 2, PR_CAPBSET_DROP = 24, PR_SET_NO_NEW_PRIVS = 38 };
enum { AT_FDCWD = -100, O_WRONLY = 1, O_PATH = 010000000, LANDLOCK_RULE_PATH_BENEATH = 1 };
enum { CLONE_VM = 0x100, CLONE_VFORK = 0x4000, CLONE_PARENT = 0x8000, CLONE_NEWUSER = 0x10000000, SIGCHLD = 17 };
enum { MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_REC = 0x4000, MS_SLAVE = 0x80000 };
enum { SIG_SETMASK = 2, LAST_SIGNAL = 64, LAST_CAPABILITY = 63 };

static void fail(const struct libc *libc, struct order *order, int step) {
  order->step = step;
  order->failure = *libc->errno_location();
  libc->exit(126);
}

/* Sends a descriptor over a unix socket (unix(7), cmsg(3)). */
static long send_descriptor(const struct libc *libc, int socket, int descriptor) {
  struct { word length; int level, type, descriptor, padding; } control = { 20, SOL_SOCKET, SCM_RIGHTS, descriptor, 0 };
  struct { const void *bytes; word length; } part = { "0", 1 };
  struct { word name, name_length; const void *parts; word count; const void *control; word control_length, flags; }
      message = { 0, 0, &part, 1, &control, sizeof control, 0 };
  return libc->sendmsg(socket, &message, MSG_NOSIGNAL);
}

/* From here on the calls that the filter names wait for the listener: none of them may be made before execve. */
static void be_watched(const struct libc *libc, struct order *order) {
  long listener = libc->syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_LISTENER_FLAGS, (word)order->watch, 0);
  if (listener < 0 || send_descriptor(libc, order->watcher, listener) < 0) fail(libc, order, STEP_WATCH);
}

static int write_text(const struct libc *libc, const char *path, const char *text) {
  word length = 0;
  long descriptor = libc->syscall(SYS_openat, AT_FDCWD, (word)path, O_WRONLY, 0);
  while (text[length]) length++;
  return descriptor >= 0 && libc->write(descriptor, text, length) == (long)length;
}

/* What is at /proc shows the processes of this namespace only; the rules speak of the other one. */
static void own_proc(const struct libc *libc, struct order *order) {
  struct { word rights; int parent; } rule = { order->proc_rights, -1 };
  if (libc->mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0) != 0) fail(libc, order, STEP_NAMESPACES);
  if ((long)order->ruleset < 0) return;
  rule.parent = libc->syscall(SYS_openat, AT_FDCWD, (word)"/proc", O_PATH, 0);
  if (libc->syscall(SYS_landlock_add_rule, order->ruleset, LANDLOCK_RULE_PATH_BENEATH, (word)&rule, 0) != 0)
    fail(libc, order, STEP_NAMESPACES);
}

static void confine(const struct libc *libc, struct order *order, const word *none) {
  word index;
  libc->setsid();
  for (index = 0; (long)order->groups[index] >= 0; index++)
    if (libc->write(order->groups[index], "0", 1) != 1) fail(libc, order, STEP_GROUP);
  if (order->preference) write_text(libc, "/proc/self/oom_score_adj", order->preference);
  if (order->namespaces) own_proc(libc, order);
  if (libc->dup2(order->input, 0) < 0 || libc->dup2(order->output, 1) < 0 || libc->dup2(order->error, 2) < 0)
    fail(libc, order, STEP_DESCRIPTORS);
  if (libc->chdir(order->cwd) != 0) fail(libc, order, STEP_CWD);
  for (index = 0; index < order->limit_count; index++)
    if (libc->setrlimit(order->limits[index].resource, &order->limits[index].soft) != 0) fail(libc, order, STEP_LIMITS);
  for (index = 0; index <= LAST_CAPABILITY; index++)
    if ((order->drop_capabilities >> index & 1) && libc->prctl(PR_CAPBSET_DROP, index, 0, 0, 0) != 0)
      fail(libc, order, STEP_CAPABILITIES);
  if (libc->prctl(PR_SET_NO_NEW_PRIVS, 1L, 0, 0, 0) != 0) fail(libc, order, STEP_PRIVILEGES);
  if ((long)order->ruleset >= 0 && libc->syscall(SYS_landlock_restrict_self, order->ruleset, order->restrict_flags, 0, 0) != 0)
    fail(libc, order, STEP_LANDLOCK);
  if (order->watch) be_watched(libc, order);
  if (libc->syscall(SYS_close_range, 3, 0xffffffffL, 0, 0) != 0) fail(libc, order, STEP_DESCRIPTORS);
  for (index = 1; index <= LAST_SIGNAL; index++) libc->signal(index, (void *)0);
  libc->sigprocmask(SIG_SETMASK, none, (void *)0);
  if (order->filter && libc->prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (word)order->filter, 0, 0) != 0)
    fail(libc, order, STEP_FILTER);
  if (order->watch)
    libc->syscall(SYS_execve, (word)order->path, (word)order->argv, (word)order->envp, order->pass);
  else
    libc->execve(order->path, order->argv, order->envp);
  fail(libc, order, STEP_EXECUTE);
}

struct start { const struct libc *libc; struct order *order; const word *none; };

static int confine_first(void *argument) {
  const struct start *start = argument;
  confine(start->libc, start->order, start->none);
  return 126;
}

/*
 * Makes namespaces in the child, whose next child is the first process in them, and the parent's own all the same: its pid
 * is `started`.
 */
static void start_in_namespaces(const struct libc *libc, struct order *order, const word *none) {
  struct start start = { libc, order, none };
  word stack[4096];
  int pid;
  if (libc->unshare(order->namespaces) != 0) fail(libc, order, STEP_NAMESPACES);
  if (order->namespaces & CLONE_NEWUSER
      && !(write_text(libc, "/proc/self/setgroups", "deny") && write_text(libc, "/proc/self/uid_map", order->user)
           && write_text(libc, "/proc/self/gid_map", order->group)))
    fail(libc, order, STEP_NAMESPACES);
  if (libc->mount("none", "/", 0, MS_REC | MS_SLAVE, 0) != 0) fail(libc, order, STEP_NAMESPACES);
  pid = libc->clone(confine_first, stack + 4096, CLONE_VM | CLONE_VFORK | CLONE_PARENT | SIGCHLD, &start);
  if (pid < 0) fail(libc, order, STEP_NAMESPACES);
  order->started = pid;
  libc->exit(0);
}

/* The pid of the child, which has become the program or has failed: see `failure`. */
int spawn_confined(const struct libc *libc, struct order *order) {
  word all[16], none[16], former[16];
  int index, pid;
  for (index = 0; index < 16; index++) { all[index] = ~0UL; none[index] = 0; }
  /* A handler of the parent must not run in the child, on the parent's memory. */
  libc->sigprocmask(SIG_SETMASK, all, former);
  pid = libc->vfork();
  if (pid == 0 && order->namespaces) start_in_namespaces(libc, order, none);
  if (pid == 0) confine(libc, order, none);
  if (pid < 0) { order->step = 0; order->failure = *libc->errno_location(); }
  libc->sigprocmask(SIG_SETMASK, former, (void *)0);
  return pid;
}
