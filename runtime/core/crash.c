/* SPDX-License-Identifier: Apache-2.0 */
/* What on_crash calls runs inside a signal handler: no heap, no stdio, no locks, but for collect.
 */
#include "core/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "core/frames.h"
#include "core/log.h"

#define CRASH_STACK   65536
#define CRASH_REPORT  16384
#define CRASH_SECONDS 2 /* to report in */

static const struct {
    int number;
    bool has_address;
    const char *name;
} signals[] = {
    {SIGSEGV, true, "SIGSEGV (segmentation fault)"},
    {SIGBUS, true, "SIGBUS (bus error)"},
    {SIGFPE, true, "SIGFPE (arithmetic error, such as a division by zero)"},
    {SIGILL, true, "SIGILL (illegal instruction)"},
    {SIGABRT, false, "SIGABRT (aborted)"},
};

static char stack[CRASH_STACK] __attribute__((aligned(16)));
static const char *volatile request_id;
static volatile sig_atomic_t crashed; /* the signal that is being reported */

void crash_set_request(const char *id)
{
    request_id = id;
}

static uintptr_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

/* Where a call through a bad pointer came from: nothing can be unwound from such an address. */
static uintptr_t return_address(const ucontext_t *context)
{
#if defined(__x86_64__)
    return *(const uintptr_t *)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)context->uc_mcontext.regs[30];
#else
    (void)context;
    return 0;
#endif
}

static void put_headline(struct report *r, int sig, const siginfo_t *info)
{
    size_t row = 0;
    while (row < ARRAY_LEN(signals) - 1 && signals[row].number != sig)
        row++;
    const char *id = request_id;
    char time[LOG_TIME_LEN];
    log_time(time);
    report_put(r, time, sizeof time);
    report_text(r, "\t");
    report_text(r, id ? id : "-");
    report_text(r, "\tFATAL\tthe function crashed: ");
    report_text(r, signals[row].name);
    if (info->si_code <= 0) {
        report_text(r, ", sent by process ");
        report_number(r, (uint64_t)info->si_pid, 10);
    } else if (signals[row].has_address) {
        report_text(r, " at address 0x");
        report_number(r, (uintptr_t)info->si_addr, 16);
    }
    report_text(r, "\n");
}

/* The rest of the stack comes from the C library, which loads its unwinder for that: half a
 * millisecond that only a crash pays. It may fail in a process that is broken already; then
 * on_nested ends it. */
static void collect(struct frames *frames, uintptr_t pc)
{
    void *ips[FRAMES_MAX];
    int n = backtrace(ips, FRAMES_MAX), at = 0;
    while (at < n && (uintptr_t)ips[at] != pc)
        at++; /* over the frames of the signal handler */
    for (at++; at < n; at++)
        frames_add(frames, (uintptr_t)ips[at] - 1);
}

static void die_by(int sig)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t only;
    sigaction(sig, &plain, NULL);
    sigemptyset(&only);
    sigaddset(&only, sig);
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
}

/* A crash, or no end, while the first crash is reported. */
static void on_nested(int sig)
{
    (void)sig;
    die_by((int)crashed);
}

static void catch_nested(int sig)
{
    struct sigaction nested = {.sa_handler = on_nested, .sa_flags = SA_ONSTACK | SA_NODEFER};
    crashed = sig;
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        sigaction(signals[i].number, &nested, NULL);
    sigaction(SIGALRM, &nested, NULL);
    alarm(CRASH_SECONDS);
}

static void write_report(struct report *r)
{
    ssize_t n = write(STDERR_FILENO, r->text, r->len);
    (void)n; /* there is nowhere left to complain */
    r->len = 0;
}

static void on_crash(int sig, siginfo_t *info, void *user)
{
    static struct frames frames;
    static char text[CRASH_REPORT];
    const ucontext_t *context = user;
    uintptr_t pc = program_counter(context);
    struct report r = {text, 0, sizeof text};
    catch_nested(sig);
    put_headline(&r, sig, info);
    write_report(&r); /* before anything that trusts the stack */
    frames_add(&frames, pc);
    if (frames_resolve(&frames) == 0 && !frames.list[0].path) /* jumped to nowhere */
        frames_add(&frames, return_address(context) - 1);
    size_t known = frames.count;
    frames_resolve(&frames);
    frames_print(&frames, 0, &r);
    write_report(&r); /* what is certain first */

    collect(&frames, pc);
    frames_resolve(&frames);
    frames_print(&frames, known, &r);
    frames_print_modules(&frames, &r);
    write_report(&r);
    die_by(sig);
}

int crash_install(struct err *err)
{
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    if (sigaltstack(&alternate, NULL) != 0)
        return err_sys(err, "sigaltstack");
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (sigaction(signals[i].number, &action, NULL) != 0)
            return err_sys(err, "catch %s", signals[i].name);
    return 0;
}
