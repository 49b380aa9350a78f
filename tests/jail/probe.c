/* SPDX-License-Identifier: Apache-2.0 */
/* Runs inside the jail and tells what it sees, one fact per line. Static and built plain, so that
 * it needs nothing of the jail. Usage: probe COMMAND ARGUMENT... COMMAND ... */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024ul * 1024)

static void say_errno(const char *what, int error)
{
    printf("%s %s\n", what, error ? strerrorname_np(error) : "ok");
}

static void cmd_ids(char **args)
{
    uid_t u[3];
    gid_t g[3];
    (void)args;
    getresuid(&u[0], &u[1], &u[2]);
    getresgid(&g[0], &g[1], &g[2]);
    printf("uids %u %u %u gids %u %u %u groups %d\n", u[0], u[1], u[2], g[0], g[1], g[2],
           getgroups(0, NULL));
    mode_t mask = umask(0);
    char cwd[256] = "", host[256] = "";
    (void)!getcwd(cwd, sizeof cwd);
    gethostname(host, sizeof host);
    printf("pid %d ppid %d session %d umask %03o cwd %s host %s\n", getpid(), getppid(), getsid(0),
           mask, cwd, host);
}

static void cmd_limits(char **args)
{
    static const struct {
        const char *name;
        int what;
    } rows[] = {{"nofile", RLIMIT_NOFILE},
                {"nproc", RLIMIT_NPROC},
                {"memlock", RLIMIT_MEMLOCK},
                {"stack", RLIMIT_STACK},
                {"core", RLIMIT_CORE}};
    (void)args;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rlimit limit;
        getrlimit((__rlimit_resource_t)rows[i].what, &limit);
        printf("%s %lld %lld\n", rows[i].name, (long long)limit.rlim_cur,
               (long long)limit.rlim_max);
    }
}

static void cmd_ls(char **args)
{
    DIR *dir = opendir(args[0]);
    if (!dir) {
        say_errno(args[0], errno);
        return;
    }
    printf("%s:", args[0]);
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            printf(" %s", e->d_name);
    printf(" .\n");
    closedir(dir);
}

static void cmd_fds(char **args)
{
    (void)args;
    printf("fds:");
    for (int fd = 0; fd < 65536; fd++) {
        char path[64], to[256];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, to, sizeof to - 1);
        if (n > 0)
            printf(" %d=%.*s", fd, n > 4 && memcmp(to, "pipe", 4) == 0 ? 4 : (int)n, to);
    }
    printf(" .\n");
}

static void cmd_cat(char **args)
{
    char text[65536];
    int fd = open(args[0], O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (n < 0)
        say_errno(args[0], errno);
    else
        fwrite(text, 1, (size_t)n, stdout);
    if (fd >= 0)
        close(fd);
}

static void cmd_stat(char **args)
{
    struct stat st;
    if (stat(args[0], &st) < 0)
        say_errno(args[0], errno);
    else
        printf("%s %o %u:%u\n", args[0], st.st_mode & 07777, st.st_uid, st.st_gid);
}

/* Makes a file there, and removes it. */
static void cmd_create(char **args)
{
    char path[512];
    snprintf(path, sizeof path, "%s/probe-file", args[0]);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    say_errno(args[0], fd < 0 ? errno : 0);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
}

static void cmd_write(char **args)
{
    int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t n = fd < 0 ? -1 : write(fd, args[1], strlen(args[1]));
    say_errno(args[0], n < 0 ? errno : 0);
    if (fd >= 0)
        close(fd);
}

/* Writes MiB by MiB, at most so many. */
static void cmd_fill(char **args)
{
    static char block[MIB];
    memset(block, 'x', sizeof block);
    int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), error = 0;
    unsigned long want = strtoul(args[1], NULL, 10), bytes = 0;
    while (fd >= 0 && bytes < want * MIB) {
        ssize_t n = write(fd, block, sizeof block);
        if (n < 0) {
            error = errno;
            break;
        }
        bytes += (unsigned long)n;
    }
    struct statvfs fs;
    statvfs(args[0], &fs);
    printf("filled %lu %s\n", bytes / MIB, error ? strerrorname_np(error) : "ok");
    if (fd >= 0)
        close(fd);
}

static void cmd_eat(char **args)
{
    size_t len = strtoul(args[0], NULL, 10) * MIB;
    char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; p != MAP_FAILED && i < len; i += 4096)
        p[i] = 1;
    printf("ate %s\n", args[0]);
}

/* Children that stay, until one more is refused. */
static void cmd_forks(char **args)
{
    int n = 0, error = 0, max = atoi(args[0]);
    while (n < max) {
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        if (pid < 0) {
            error = errno;
            break;
        }
        n++;
    }
    printf("forked %d %s\n", n, error ? strerrorname_np(error) : "ok");
}

/* Children that fork as well, without end. */
static void cmd_bomb(char **args)
{
    (void)args;
    for (;;)
        (void)!fork();
}

static void cmd_spin(char **args)
{
    long ms = strtol(args[0], NULL, 10);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

/* A number in a file that grows for ever. */
static void cmd_count(char **args)
{
    int fd = open(args[0], O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    for (long n = 1;; n++) {
        char text[32];
        int len = snprintf(text, sizeof text, "%ld\n", n);
        (void)!pwrite(fd, text, (size_t)len, 0);
        if (n % 100 == 0)
            printf("%ld\n", n);
        usleep(100);
    }
}

static void cmd_sleep(char **args)
{
    (void)args;
    printf("asleep\n");
    for (;;)
        pause();
}

static void cmd_connect(char **args)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(args[1]))};
    inet_pton(AF_INET, args[0], &to.sin_addr);
    int failed = connect(fd, (struct sockaddr *)&to, sizeof to);
    say_errno("connect", failed < 0 ? errno : 0);
    if (failed == 0)
        (void)!write(fd, "hello", 5);
    close(fd);
}

static void cmd_signal(char **args)
{
    sigset_t set;
    int sig = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    (void)args;
    printf("waiting\n");
    sigwait(&set, &sig);
    printf("signal %d\n", sig);
}

static void cmd_exit(char **args)
{
    fflush(stdout);
    _exit(atoi(args[0]));
}

static void cmd_raise(char **args)
{
    fflush(stdout);
    kill(getpid(), atoi(args[0]));
}

/* One system call in a child: its errno, or how the child ended. 50 ms are for those that block. */
static void try_call(const long a[7])
{
    int ends[2];
    if (pipe(ends) < 0)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct itimerval timer = {.it_value.tv_usec = 50000};
        int error;
        setpgid(0, 0);
        setitimer(ITIMER_REAL, &timer, NULL);
        error = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) < 0 ? errno : 0;
        syscall(SYS_write, ends[1], &error, sizeof error);
        syscall(SYS_exit_group, 0);
    }
    close(ends[1]);
    int error = -1, status = 0;
    (void)!read(ends[0], &error, sizeof error);
    close(ends[0]);
    waitpid(child, &status, 0);
    kill(-child, SIGKILL);
    printf("%ld %ld %ld %ld %s\n", a[0], a[1], a[2], a[3],
           WIFSIGNALED(status) && error < 0 ? (WTERMSIG(status) == SIGSYS ? "SIGSYS" : "ran")
           : error <= 0                     ? "ran"
                                            : strerrorname_np(error));
}

/* A file of lines "NUMBER ARG0 ARG1 ... ARG5". */
static void cmd_calls(char **args)
{
    FILE *in = fopen(args[0], "re");
    long a[7];
    while (in && fscanf(in, "%li %li %li %li %li %li %li", &a[0], &a[1], &a[2], &a[3], &a[4], &a[5],
                        &a[6]) == 7)
        try_call(a);
    printf("done\n");
    if (in)
        fclose(in);
}

/* The compatibility entry of x86-64: getpid, as i386 has it. */
static void cmd_compat(char **args)
{
    (void)args;
    fflush(stdout);
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    printf("compat %ld\n", result);
#else
    kill(getpid(), SIGSYS);
#endif
}

static const struct {
    const char *name;
    int args;
    void (*run)(char **args);
} commands[] = {
    {"ids", 0, cmd_ids},         {"limits", 0, cmd_limits}, {"ls", 1, cmd_ls},
    {"fds", 0, cmd_fds},         {"cat", 1, cmd_cat},       {"stat", 1, cmd_stat},
    {"create", 1, cmd_create},   {"write", 2, cmd_write},   {"fill", 2, cmd_fill},
    {"eat", 1, cmd_eat},         {"forks", 1, cmd_forks},   {"bomb", 0, cmd_bomb},
    {"spin", 1, cmd_spin},       {"count", 1, cmd_count},   {"sleep", 0, cmd_sleep},
    {"connect", 2, cmd_connect}, {"signal", 0, cmd_signal}, {"exit", 1, cmd_exit},
    {"raise", 1, cmd_raise},     {"calls", 1, cmd_calls},   {"compat", 0, cmd_compat},
};

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        size_t c = 0;
        while (c < sizeof commands / sizeof *commands && strcmp(commands[c].name, argv[i]) != 0)
            c++;
        if (c == sizeof commands / sizeof *commands || i + commands[c].args >= argc) {
            fprintf(stderr, "probe: what is '%s'?\n", argv[i]);
            return 2;
        }
        commands[c].run(argv + i + 1);
        i += commands[c].args;
    }
    return 0;
}
