/* SPDX-License-Identifier: Apache-2.0 */
#include "core/respawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "core/stop.h"

#define VARIABLE           "_CLAMBDA_RESPAWN=" /* "COUNT", with a 't' when SIGTERM was held back */
#define LOG_FD             "_LAMBDA_TELEMETRY_LOG_FD"
#define STATE_SIZE         16384 /* without a call for memory: what environments usually need */
#define CLOSE_MOST         65536
#define RESPAWN_FOLDER_MAX 512 /* a longer one is not gone back to */
#define SELF               "/proc/self/exe"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* A copy, since the handler may change the environment, and a smashed stack takes it along. Behind
 * it: the pointers of arguments and environment, then their texts. The rows are what a function may
 * be started with other than usual; each costs a system call of the start. */
struct state {
    sigset_t mask;
    uint64_t ignored; /* bit N: signal N */
    mode_t umask;
    int flags[3]; /* of the descriptors 0, 1 and 2; -1: closed */
    struct rlimit limits[8];
    char **argv, **envp; /* envp: the place of VARIABLE, then what was there */
    char folder[RESPAWN_FOLDER_MAX];
};

static const int ignorable[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGPIPE, SIGALRM, SIGTERM,
                                SIGUSR1, SIGUSR2, SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU};
static const __rlimit_resource_t limited[] = {RLIMIT_CPU,   RLIMIT_FSIZE, RLIMIT_DATA,
                                              RLIMIT_STACK, RLIMIT_CORE,  RLIMIT_NOFILE,
                                              RLIMIT_AS,    RLIMIT_NPROC};
_Static_assert(ARRAY_LEN(limited) == 8, "one place for each");

static const struct state *state;
static unsigned count;
static bool happened, held; /* held: SIGTERM waits for respawn_take_term */
static char variable[sizeof VARIABLE + 16];

/* ---- at the start -------------------------------------------------------------------------- */

static void save_limits(struct state *s)
{
    for (size_t i = 0; i < ARRAY_LEN(limited); i++)
        if (getrlimit(limited[i], &s->limits[i]) != 0)
            s->limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
}

static void save_process(struct state *s)
{
    sigprocmask(SIG_BLOCK, NULL, &s->mask);
    if (held)
        sigdelset(&s->mask, SIGTERM);
    for (size_t i = 0; i < ARRAY_LEN(ignorable); i++) {
        struct sigaction action;
        if (sigaction(ignorable[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            s->ignored |= 1ull << ignorable[i];
    }
    s->umask = umask(0);
    umask(s->umask);
    for (int fd = 0; fd < 3; fd++)
        s->flags[fd] = fcntl(fd, F_GETFL);
    save_limits(s);
    if (!getcwd(s->folder, sizeof s->folder))
        s->folder[0] = '\0';
}

/* Reads what the image before this one says, and hides it from the function. */
static void take_count(void)
{
    const char *text = getenv("_CLAMBDA_RESPAWN");
    if (!text)
        return;
    happened = true;
    while (*text >= '0' && *text <= '9' && count < 1000)
        count = count * 10 + (unsigned)(*text++ - '0');
    held = *text == 't';
    unsetenv("_CLAMBDA_RESPAWN");
}

static size_t measure(char **list, size_t *texts)
{
    size_t n = 0;
    for (; list[n]; n++)
        *texts += strlen(list[n]) + 1;
    return n;
}

static char *copy_list(char **from, char **to, char *texts)
{
    for (; *from; from++) {
        size_t size = strlen(*from) + 1;
        *to++ = memcpy(texts, *from, size);
        texts += size;
    }
    *to = NULL;
    return texts;
}

int respawn_save(char **argv, struct err *err)
{
    static char usual[STATE_SIZE] __attribute__((aligned(16)));
    size_t texts = 0;
    take_count();
    size_t nargs = measure(argv, &texts), nvars = measure(environ, &texts);
    size_t pointers = (nargs + 1 + 1 + nvars + 1) * sizeof(char *);
    size_t size = sizeof *state + pointers + texts;
    struct state *s = size <= sizeof usual ? (void *)usual
                                           : mmap(NULL, size, PROT_READ | PROT_WRITE,
                                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return err_sys(err, "reserve %zu bytes for the environment", size);
    save_process(s);
    s->argv = (char **)(s + 1);
    s->envp = s->argv + nargs + 1;
    s->envp[0] = variable;
    char *at = copy_list(argv, s->argv, (char *)(s->envp + 1 + nvars + 1));
    copy_list(environ, s->envp + 1, at);
    state = s;
    return 0;
}

void respawn_take_term(void)
{
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    if (held)
        sigprocmask(SIG_UNBLOCK, &term, NULL);
    held = false;
}

unsigned respawn_count(void)
{
    return count;
}

bool respawn_happened(void)
{
    return happened;
}

void respawn_forget(void)
{
    count = 0;
}

const char *respawn_variable(const char *name)
{
    size_t len = strlen(name);
    for (char **p = state ? state->envp + 1 : NULL; p && *p; p++)
        if (strncmp(*p, name, len) == 0 && (*p)[len] == '=')
            return *p + len + 1;
    return NULL;
}

/* ---- at the end ---------------------------------------------------------------------------- */

static void on_nothing(int sig)
{
    (void)sig;
}

/* A signal that waits is gone with its being ignored; one that still comes does nothing, and what
 * is caught is not caught any more after the exec. SIGTERM waits on. The signals of crashes are
 * caught by who calls. */
static void restore_signals(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t others;
    sigfillset(&others);
    sigdelset(&others, SIGTERM);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        sigdelset(&others, crashes[i]);
    for (int sig = 1; sig < NSIG; sig++) {
        struct sigaction ignore = {.sa_handler = SIG_IGN}, nothing = {.sa_handler = on_nothing};
        bool ignored = sig < 64 && (state->ignored >> sig & 1);
        if (ignored || sigismember(&others, sig) == 1)
            sigaction(sig, &ignore, NULL);
        if (!ignored && sigismember(&others, sig) == 1)
            sigaction(sig, &nothing, NULL);
    }
    static const int timers[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
    static const struct itimerval never;
    for (size_t i = 0; i < ARRAY_LEN(timers); i++)
        setitimer((__itimer_which_t)timers[i], &never, NULL);
}

/* SIGTERM stays blocked until the new image can take it; one that has come already comes again. */
static void restore_mask(void)
{
    sigset_t mask = state->mask;
    if (!sigismember(&mask, SIGTERM))
        memcpy(variable + strlen(variable), "t", 2);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (stop_requested())
        kill(getpid(), SIGTERM);
}

void respawn_restore_limits(void)
{
    for (size_t i = 0; state && i < ARRAY_LEN(limited); i++) {
        struct rlimit now;
        if (getrlimit(limited[i], &now) != 0 || setrlimit(limited[i], &state->limits[i]) == 0)
            continue;
        now.rlim_cur = state->limits[i].rlim_cur; /* a hard limit that was lowered stays so */
        if (now.rlim_cur > now.rlim_max)
            now.rlim_cur = now.rlim_max;
        setrlimit(limited[i], &now);
    }
}

static void restore_process(void)
{
    umask(state->umask);
    if (state->folder[0] && chdir(state->folder) != 0)
        errno = 0; /* it is gone: then it stays where it is */
    respawn_restore_limits();
}

/* Closed at once where the kernel cannot do it at the exec. */
static void close_between(unsigned first, unsigned last)
{
#ifdef SYS_close_range
    if (first > last || syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0 ||
        syscall(SYS_close_range, first, last, 0) == 0)
        return;
#endif
    struct rlimit open_files;
    unsigned most = CLOSE_MOST;
    if (getrlimit(RLIMIT_NOFILE, &open_files) == 0 && open_files.rlim_max < most)
        most = (unsigned)open_files.rlim_max;
    for (unsigned fd = first; fd <= last && fd < most; fd++)
        close((int)fd);
}

int respawn_log_descriptor(void)
{
    const char *text = respawn_variable(LOG_FD);
    int fd = 0;
    for (; text && *text >= '0' && *text <= '9' && fd < CLOSE_MOST; text++)
        fd = fd * 10 + (*text - '0');
    return fd < 3 ? -1 : fd;
}

/* All but 0, 1, 2 and the one for log lines. */
static void close_descriptors(void)
{
    int log = respawn_log_descriptor();
    unsigned kept = log < 0 ? 2 : (unsigned)log;
    if (log >= 0)
        fcntl(log, F_SETFD, 0);
    close_between(3, kept - 1);
    close_between(kept + 1, UINT_MAX);
}

void respawn_fill_standard(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY); /* takes the lowest number: fd */
}

static void restore_standard(void)
{
    respawn_fill_standard();
    for (int fd = 0; fd < 3; fd++)
        if (state->flags[fd] >= 0)
            fcntl(fd, F_SETFL, state->flags[fd]);
}

static void write_count(unsigned value)
{
    char digits[12];
    size_t at = sizeof digits, len = sizeof VARIABLE - 1;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    memcpy(variable, VARIABLE, len);
    memcpy(variable + len, digits + at, sizeof digits - at);
}

void respawn_self(unsigned next)
{
    if (!state) {
        errno = ENOSYS;
        return;
    }
    char path[PATH_MAX];
    ssize_t len = readlink(SELF, path, sizeof path - 1);
    write_count(next);
    restore_signals();
    restore_standard();
    restore_process();
    close_descriptors();
    restore_mask();
    if (len > 0) { /* by its name, which ps shows then */
        path[len] = '\0';
        execve(path, state->argv, state->envp);
    }
    execve(SELF, state->argv, state->envp);
}
