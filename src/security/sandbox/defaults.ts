/**
 * What every confined program may reach, since without it hardly any would start: the system's programs and libraries,
 * names and certificates, its own view of /proc. Nothing of it belongs to a user or to Solo. Measured with what Debian and
 * Fedora ship; a path that a machine does not have is passed over.
 */
export const systemPrograms: readonly string[] = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/opt",
  "/nix/store",
  "/gnu/store",
];

/** One by one, since /etc also holds what only its owner may read: passwords' hashes, host keys. */
export const systemFiles: readonly string[] = [
  "/etc/alternatives",
  "/etc/ca-certificates",
  "/etc/ca-certificates.conf",
  "/etc/crypto-policies",
  "/etc/debian_version",
  "/etc/default/locale",
  "/etc/fonts",
  "/etc/gai.conf",
  "/etc/group",
  "/etc/host.conf",
  "/etc/hostname",
  "/etc/hosts",
  "/etc/inputrc",
  "/etc/java-17-openjdk",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/ld.so.preload",
  "/etc/locale.alias",
  "/etc/locale.conf",
  "/etc/localtime",
  "/etc/magic",
  "/etc/magic.mime",
  "/etc/mime.types",
  "/etc/networks",
  "/etc/nsswitch.conf",
  "/etc/os-release",
  "/etc/passwd",
  "/etc/pki/ca-trust",
  "/etc/pki/tls/cert.pem",
  "/etc/pki/tls/certs",
  "/etc/pki/tls/openssl.cnf",
  "/etc/profile",
  "/etc/protocols",
  "/etc/python3",
  "/etc/resolv.conf",
  "/etc/services",
  "/etc/shells",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/terminfo",
  "/etc/timezone",
  // What runs under Landlock can't trace other processes, so their environments and memory stay closed to it (ptrace(2)).
  "/proc",
  "/run/systemd/resolve",
  "/sys/devices/system/cpu",
  "/sys/devices/system/node",
  "/sys/fs/cgroup",
  "/sys/kernel/mm/transparent_hugepage",
];

/** Devices without memory. */
export const systemDevices: readonly string[] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/** TCP to a name server, when an answer is too long for UDP. */
export const dnsPort = 53;

/**
 * Capabilities that a program started by root keeps (capabilities(7)): CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID,
 * SETUID, NET_BIND_SERVICE. They let a server change to another user. All others are taken from it: tracing, mounting,
 * raw sockets, modules, the clock, …
 */
export const keptCapabilities: ReadonlySet<number> = new Set([0, 1, 3, 4, 5, 6, 7, 10]);
