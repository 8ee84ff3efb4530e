"""A hostile program: attempts what ATTEMPTS (JSON: name -> kind and arguments) says, and prints one line of JSON with what came of it."""
import ctypes, json, os, platform, resource, signal, socket, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)


def system_call(value):
    if value < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return value


def read(path):
    with open(os.path.expandvars(path), "rb") as file:
        return file.read(64).decode("latin-1")


def write(path):
    with open(os.path.expandvars(path), "w") as file:
        file.write("hostile")


def through_link(target):
    link = os.path.join(os.environ["TMPDIR"], "link-%d" % time.monotonic_ns())
    os.symlink(target, link)
    return read(link)


def hard_link(target):
    link = os.path.join(os.environ["TMPDIR"], "hard")
    os.link(target, link)
    return read(link)


def connect(port, protocol=0, fast_open=False):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) as peer:
        peer.settimeout(2)
        if fast_open:
            peer.sendto(b"hello", 0x20000000, ("127.0.0.1", port))
        else:
            peer.connect(("127.0.0.1", port))
        return peer.recv(5).decode()


def listen(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()


def ask_kernel(path):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        peer.sendall(b"GET /v1/services HTTP/1.1\r\nhost: solo\r\nconnection: close\r\n\r\n")
        status = peer.recv(64).decode().split(" ")[1]
        if status == "401":
            raise PermissionError(13, "401")
        return status


def tell(pid):
    os.kill(pid, signal.SIGURG)


def trace(pid):
    system_call(libc.ptrace(16, pid, 0, 0))


def namespaces(flags):
    system_call(libc.unshare(flags))


def descriptors(most):
    opened = []
    try:
        while len(opened) <= most:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    finally:
        for fd in opened:
            os.close(fd)


def fill(most):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with open(os.path.join(os.environ["TMPDIR"], "filler"), "wb", buffering=0) as file:
        written = 0
        while written <= most:
            written += file.write(b"x" * 65536)


def child(path):
    output = subprocess.run(["cat", path], capture_output=True, env={"PATH": "/usr/bin:/bin"})
    if output.returncode != 0:
        raise PermissionError(13, output.stderr.decode())
    return output.stdout.decode("latin-1")[:64]


def truncate(path):
    os.truncate(path, 0)


def packets(_):
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


def abstract(name):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect("\0" + name)


def set_clock(_):
    time.clock_settime(time.CLOCK_REALTIME, time.time())


def change_root(path):
    os.chroot(path)


def numbered(x64, arm64=None):
    """A system call; most newer ones have the same number on every architecture."""
    system_call(libc.syscall(x64 if arm64 is None or platform.machine() == "x86_64" else arm64, 8, 0, 0, 0, 0))


def open_socket(family, kind, protocol=0):
    socket.socket(family, kind, protocol).close()


def limit_of(pid):
    resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def slow_down(which):
    os.setpriority(which, 0, 19)


def send(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        return peer.sendto(b"hello", ("127.0.0.1", port))


def became_root(_):
    with open("/proc/self/status") as status:
        if "NoNewPrivs:\t1" in status.read():
            raise PermissionError(1, "no_new_privs")


kinds = dict(read=read, write=write, through_link=through_link, hard_link=hard_link, connect=connect, listen=listen,
             ask_kernel=ask_kernel, tell=tell, trace=trace, namespaces=namespaces, descriptors=descriptors, fill=fill,
             child=child, became_root=became_root, truncate=truncate, packets=packets, abstract=abstract,
             set_clock=set_clock, change_root=change_root, numbered=numbered,
             open_socket=open_socket, limit_of=limit_of, slow_down=slow_down, send=send)


def attempt_all():
    results = {}
    for name, [kind, *arguments] in json.loads(os.environ["ATTEMPTS"]).items():
        try:
            results[name] = "done: %s" % kinds[kind](*arguments)
        except OSError as error:
            results[name] = "refused: %s" % error
    print("RESULTS " + json.dumps(results), flush=True)


if __name__ == "__main__":
    attempt_all()
    signal.pause()
