/* SPDX-License-Identifier: Apache-2.0 */
/* Everything below crash_install runs inside a signal handler: no heap, no stdio, no locks. */
#include "core/crash.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unwind.h>

#include "core/frames.h"
#include "core/log.h"

#define CRASH_STACK  65536
#define CRASH_REPORT 16384

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

static _Unwind_Reason_Code on_frame(struct _Unwind_Context *unwind, void *user)
{
    int before = 0;
    uintptr_t ip = (uintptr_t)_Unwind_GetIPInfo(unwind, &before);
    if (ip)
        frames_add(user, before ? ip : ip - 1);
    return _URC_NO_REASON;
}

/* The stack from the instruction that failed: the frames of the signal handler go. */
static void collect(struct frames *frames, const ucontext_t *context)
{
    uintptr_t pc = program_counter(context);
    _Unwind_Backtrace(on_frame, frames);
    if (frames_start_at(frames, pc))
        return;
    frames->count = 0;
    frames_add(frames, pc);
    if (frames_resolve(frames) == 0 && !frames->list[0].path) /* jumped to nowhere */
        frames_add(frames, return_address(context) - 1);
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

static void on_crash(int sig, siginfo_t *info, void *context)
{
    static struct frames frames;
    static char text[CRASH_REPORT];
    /* A crash in here ends the process at once. */
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        sigaction(signals[i].number, &plain, NULL);

    struct report r = {text, 0, sizeof text};
    put_headline(&r, sig, info);
    size_t headline = r.len;
    collect(&frames, context);
    frames_resolve(&frames);
    frames_print(&frames, &r);
    ssize_t n = write(STDERR_FILENO, r.text, r.len ? r.len : headline);
    (void)n;
    /* Blocked while this handler runs: it strikes when the handler returns. */
    syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), sig);
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
