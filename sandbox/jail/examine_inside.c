/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside a jail and tries its limits out. Prints "WORD NUMBER" lines, as soon as each is
 * known: the program may be killed at any of them. Which numbers are right is the caller's part. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MIB         (1024l * 1024)
#define FILES_MORE  16 /* beyond what is expected */
#define FORKS_MORE  8
#define TMP_MORE    (8 * MIB)
#define TMP_STEP    MIB
#define TMP_LAST    (64l * 1024)
#define TICK_NS     500000
#define CONNECT_MS  300
#define METADATA    "169.254.169.254"
#define SLICE_LOOPS 2000

static void tell(const char *word, long long number)
{
    printf("%s %lld\n", word, number);
    fflush(stdout);
}

static long long now_us(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int wait_connected(int fd)
{
    struct pollfd ready = {fd, POLLOUT, 0};
    int error = EINPROGRESS;
    socklen_t len = sizeof error;
    if (poll(&ready, 1, CONNECT_MS) > 0)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
    return error;
}

/* 0, or errno; what a filter refuses is refused at once. */
static int try_connect(const void *address, socklen_t len)
{
    const struct sockaddr *to = address;
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, to, len) < 0 ? errno : 0;
    if (error == EINPROGRESS)
        error = wait_connected(fd);
    close(fd);
    return error;
}

static int try_internet(const char *address, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, address, &to.sin_addr);
    return try_connect(&to, sizeof to);
}

static int try_abstract(const char *name)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    if (len >= sizeof to.sun_path)
        return ENAMETOOLONG;
    memcpy(to.sun_path + 1, name, len);
    return try_connect(&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len));
}

/* What the kernel says about this process, in decimal. */
static void look_status(void)
{
    char line[256];
    unsigned long long capabilities = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (!value)
            continue;
        *value++ = 0;
        if (strncmp(line, "Cap", 3) == 0)
            capabilities |= strtoull(value, NULL, 16);
        if (strcmp(line, "NoNewPrivs") == 0 || strcmp(line, "Seccomp") == 0)
            tell(line, strtoll(value, NULL, 10));
    }
    if (!file)
        return;
    fclose(file);
    tell("capabilities", (long long)capabilities);
}

static void look_user(void)
{
    char line[128];
    unsigned long long mapped = 0, count;
    FILE *file = fopen("/proc/self/uid_map", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%*u %*u %llu", &count) == 1)
            mapped += count;
    if (file)
        fclose(file);
    tell("uid", getuid());
    tell("mapped", (long long)mapped);
    tell("setuid", setuid(0) < 0 ? errno : 0);
}

static void look_root(void)
{
    struct statvfs fs;
    struct stat st;
    if (statvfs("/", &fs) == 0)
        tell("readonly", (fs.f_flag & ST_RDONLY) != 0);
    tell("homes", access("/root", F_OK) == 0 || access("/home", F_OK) == 0);
    if (stat("/usr", &st) == 0)
        tell("usr_owner", st.st_uid);
    if (stat("/var/task/examine", &st) == 0)
        tell("task_owner", st.st_uid);
}

static void look_processes(void)
{
    int n = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *e; proc && (e = readdir(proc));)
        n += e->d_name[0] >= '1' && e->d_name[0] <= '9';
    if (proc)
        closedir(proc);
    tell("processes", n);
    tell("pid", getpid());
}

/* A call that every kernel allows and the policy refuses. */
static void look_calls(void)
{
    tell("personality", personality(ADDR_NO_RANDOMIZE) < 0 ? errno : 0);
}

static void try_files(long limit)
{
    long n = 0;
    int last = 3, fd;
    while (n < limit + FILES_MORE && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
        last = fd;
        n++;
    }
    int error = n < limit + FILES_MORE ? errno : 0;
    close_range(3, (unsigned)last, 0);
    tell("files_errno", error);
    tell("files", last + 1);
}

/* Space is taken without being written, where the file system can. */
static int take_space(int fd, long at, long len)
{
    if (fallocate(fd, 0, at, len) == 0)
        return 0;
    if (errno != EOPNOTSUPP)
        return errno;
    static char zeroes[TMP_LAST];
    for (long end = at + len; at < end;) {
        ssize_t n = pwrite(fd, zeroes, (size_t)(end - at < TMP_LAST ? end - at : TMP_LAST), at);
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        at += n;
    }
    return 0;
}

static void try_tmp(long limit)
{
    static const char path[] = "/tmp/examine";
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : 0;
    long at = 0, step = TMP_STEP;
    while (fd >= 0 && at < limit + TMP_MORE) {
        error = take_space(fd, at, step);
        if (error == 0)
            at += step;
        else if (error == ENOSPC && step > TMP_LAST)
            step = TMP_LAST;
        else
            break;
    }
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    tell("tmp_errno", error);
    tell("tmp_bytes", at);
}

static void try_forks(long limit)
{
    long n = 1; /* this one */
    int error = 0;
    while (n < limit + FORKS_MORE && !error) {
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        if (pid < 0)
            error = errno;
        else
            n++;
    }
    tell("forks_errno", error);
    tell("forks", n);
}

/* look ABSTRACT FILES TMP_BYTES PROCESSES METADATA */
static void do_look(char **argv)
{
    look_status();
    look_user();
    look_root();
    look_processes();
    look_calls();
    tell("abstract", try_abstract(argv[0]));
    if (atoi(argv[4]))
        tell("metadata", try_internet(METADATA, 80));
    try_files(atol(argv[1]));
    try_tmp(atol(argv[2]));
    try_forks(atol(argv[3]));
    tell("looked", 1);
}

/* net PORT */
static void do_net(char **argv)
{
    tell("loopback", try_internet("127.0.0.1", atoi(argv[0])));
}

/* spin CPU_US: the time that this much work takes. Starts at a signal, so that the start of the
 * program is not slowed down. */
static void do_spin(char **argv)
{
    sigset_t set;
    int taken;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    tell("ready", 1);
    sigwait(&set, &taken);
    long long want = atoll(argv[0]), used;
    long long start = now_us(CLOCK_MONOTONIC), before = now_us(CLOCK_PROCESS_CPUTIME_ID);
    do {
        for (volatile int i = 0; i < SLICE_LOOPS; i++)
            ;
        used = now_us(CLOCK_PROCESS_CPUTIME_ID) - before;
    } while (used < want);
    tell("wall_us", now_us(CLOCK_MONOTONIC) - start);
    tell("cpu_us", used);
}

/* eat BYTES, with content that cannot be shared */
static void do_eat(char **argv)
{
    long bytes = atol(argv[0]), page = sysconf(_SC_PAGESIZE);
    unsigned char *at =
        mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        tell("eat_errno", errno);
        return;
    }
    for (long i = 0; i < bytes; i += page)
        memcpy(at + i, &i, sizeof i);
    tell("eaten", bytes);
}

/* tick: until killed */
static void do_tick(char **argv)
{
    (void)argv;
    while (write(STDOUT_FILENO, ".", 1) == 1)
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
}

static const struct {
    const char *name;
    int arguments;
    void (*run)(char **argv);
} deeds[] = {
    {"look", 5, do_look}, {"net", 1, do_net},   {"spin", 1, do_spin},
    {"eat", 1, do_eat},   {"tick", 0, do_tick},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof deeds / sizeof *deeds; i++)
        if (strcmp(argv[1], deeds[i].name) == 0 && argc == deeds[i].arguments + 2) {
            deeds[i].run(argv + 2);
            return 0;
        }
    fputs("examine is a part of 'clambda doctor', which runs it in a jail\n", stderr);
    return 2;
}
