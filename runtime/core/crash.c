/* SPDX-License-Identifier: Apache-2.0 */
/* What the signal handlers call runs anywhere in the code of others: no heap, no stdio, no locks.
 */
#include "core/crash.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/post.h"
#include "core/rescue.h"
#include "core/respawn.h"
#include "core/settings.h"
#include "core/symbols.h"
#include "core/unwind.h"
#include "core/watch.h"

#define CRASH_STACK   65536
#define CRASH_REPORT  16384
#define CRASH_MESSAGE 512
#define CRASHES_MOST  3 /* in a row, the last of which is the process's end */

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

enum phase { PHASE_START, PHASE_LOOP, PHASE_END };

static struct {
    struct rapi_text id, nonce;
    const int *fd;
    enum phase phase;
    bool recover, worker;
    pid_t pid;
} now;

static char stack[CRASH_STACK] __attribute__((aligned(16)));

/* Of the crash, or of the hang that is explained; never of both at once. */
static struct frames frames;
static char message[CRASH_MESSAGE];
static char report[CRASH_REPORT];
static const ucontext_t *context;

void crash_set_connection(const int *fd)
{
    now.fd = fd;
}

void crash_set_request(const struct rapi_event *event)
{
    now.phase = PHASE_LOOP;
    if (event) {
        now.nonce = event->invocation_id;
        now.id = event->request_id;
        if (now.fd)
            post_learn(*now.fd);
        return;
    }
    if (now.id.ptr)
        respawn_forget();
    now.id.ptr = NULL;
}

void crash_set_ending(void)
{
    now.phase = PHASE_END;
}

void crash_set_worker(void)
{
    now.worker = true;
    now.pid = getpid();
}

/* ---- words --------------------------------------------------------------------------------- */

static void put_reason(struct report *r, int sig, const siginfo_t *info)
{
    size_t row = 0;
    while (row < ARRAY_LEN(signals) - 1 && signals[row].number != sig)
        row++;
    report_text(r, "the function crashed: ");
    report_text(r, signals[row].name);
    if (info->si_code <= 0) {
        report_text(r, ", sent by process ");
        report_number(r, (uint64_t)info->si_pid, 10);
    } else if (signals[row].has_address) {
        report_text(r, " at address 0x");
        report_number(r, (uintptr_t)info->si_addr, 16);
    }
}

static void put_hang(struct report *r, int64_t left_ms)
{
    report_text(r, "the handler is still running ");
    report_number(r, (uint64_t)(left_ms < 0 ? -left_ms : left_ms), 10);
    report_text(r, left_ms < 0 ? " ms after its deadline" : " ms before its deadline");
}

/* With stack NULL: the line alone. */
static void write_entry(enum lambda_level level, const char *type, const struct report *text,
                        const struct report *json)
{
    struct report r = {.text = report, .cap = sizeof report};
    text->text[text->len] = '\0'; /* its cap leaves room */
    struct entry e = {
        .level = level, .request_id = now.id.ptr, .text = text->text, .len = text->len};
    if (json) {
        e.error_type = type;
        e.error_message = text->text;
        e.stack = json->text;
        e.stack_len = json->len;
    }
    log_entry_in(&e, &r);
}

/* In text the line comes at once, before anything that trusts the stack; in JSON it is one with the
 * frames. */
static void write_head(enum lambda_level level, const struct report *text)
{
    if (!log_is_json())
        write_entry(level, NULL, text, NULL);
}

static void collect_frames(void)
{
    unwind_context(context, &frames);
    frames_resolve(&frames);
    symbols_find(&frames);
}

static void write_frames(enum lambda_level level, const char *type, const struct report *text)
{
    static char bytes[CRASH_REPORT];
    struct report r = {.text = bytes, .cap = sizeof bytes};
    if (log_is_json()) {
        frames_print_json(&frames, &r, 16);
        write_entry(level, type, text, &r);
    } else if (log_has_level(level)) {
        frames_print(&frames, 0, &r);
        frames_print_modules(&frames, &r);
        report_flush(&r, STDERR_FILENO);
    }
}

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* of this program */

/* The functions of the languages' libraries and our own say little about where something went
 * wrong. */
static bool is_telling(const struct frame *frame)
{
    static const char *const dull[] = {"libc.", "libc-", "libstdc++.", "libgcc_s.", "libpthread"};
    const char *file = frames_file(frame);
    bool telling = file && frame->base && frame->base != (uintptr_t)__ehdr_start;
    for (size_t i = 0; telling && i < ARRAY_LEN(dull); i++)
        telling = strncmp(file, dull[i], strlen(dull[i])) != 0;
    return telling;
}

static void add_place(struct report *r)
{
    size_t i = 0;
    while (i < frames.count && !is_telling(&frames.list[i]))
        i++;
    if (i == frames.count)
        return;
    const struct frame *frame = &frames.list[i];
    report_text(r, " in ");
    if (frame->name[0]) {
        report_text(r, frame->name);
        report_text(r, " (");
    }
    report_text(r, frames_file(frame));
    report_text(r, "+0x");
    report_number(r, frame->ip - frame->base, 16);
    report_text(r, frame->name[0] ? ")" : "");
}

/* A line that the handler has begun would be lost. The stream is not locked and its memory not
 * trusted: write refuses what is not there. */
static void save_stdout(struct rescue *r)
{
    (void)r;
#ifdef __GLIBC__
    const FILE *f = stdout;
    size_t len = (size_t)(f->_IO_write_ptr - f->_IO_write_base);
    if (!f->_IO_write_base || !len || len > BUFSIZ * 8)
        return;
    ssize_t n = write(STDOUT_FILENO, f->_IO_write_base, len);
    if (n > 0)
        n = write(STDOUT_FILENO, "\n", 1);
#endif
}

static void write_beginning(struct rescue *r)
{
    write_head(LAMBDA_FATAL, &r->message);
}

static void collect(struct rescue *r)
{
    if (!context)
        return;
    collect_frames();
    add_place(&r->message);
}

static void write_log(struct rescue *r)
{
    write_frames(LAMBDA_FATAL, r->type, &r->message);
}

/* ---- what is done -------------------------------------------------------------------------- */

static struct rescue *prepare(const char *type, int sig)
{
    static struct rescue r;
    r = (struct rescue){.head = write_beginning,
                        .collect = collect,
                        .log = write_log,
                        .keep_output = save_stdout,
                        .type = type,
                        .message = {.text = message, .cap = sizeof message - 1},
                        .frames = &frames,
                        .sig = sig,
                        .keep = now.fd ? *now.fd : -1};
    frames_clear(&frames);
    return &r;
}

static void plan(struct rescue *r, bool recover)
{
    bool running = now.phase == PHASE_LOOP && now.id.ptr;
    r->starting = now.phase == PHASE_START;
    r->answer = recover && (running || r->starting);
    r->respawn = recover && now.phase == PHASE_LOOP && !now.worker;
    r->id.ptr = running ? now.id.ptr : NULL;
    r->id.len = running ? now.id.len : 0;
    r->nonce.ptr = running ? now.nonce.ptr : NULL;
    r->nonce.len = running ? now.nonce.len : 0;
}

static void count(struct rescue *r)
{
    r->count = respawn_count() + 1;
    r->respawn = r->respawn && r->count < CRASHES_MOST;
}

/* Of a child that the handler forked: it may even share this memory (vfork). */
static _Noreturn void die_as_child(int sig, const siginfo_t *info, const ucontext_t *where)
{
    char text[CRASH_MESSAGE];
    struct report r = {.text = text, .cap = sizeof text - 1};
    report_text(&r, "in a process of its own, ");
    put_reason(&r, sig, info);
    write_head(LAMBDA_FATAL, &r);
    context = where;
    frames_clear(&frames);
    collect_frames();
    write_frames(LAMBDA_FATAL, "Runtime.Crash", &r);
    rescue_die(sig);
}

static void on_crash(int sig, siginfo_t *info, void *user)
{
    if (getpid() != now.pid)
        die_as_child(sig, info, user);
    rescue_claim(sig);
    context = user;
    struct rescue *r = prepare("Runtime.Crash", sig);
    put_reason(&r->message, sig, info);
    plan(r, now.recover);
    count(r);
    rescue_run(r);
}

/* The platform would see an end without a reason. What the process's handlers of the end have done
 * before this one is done. */
static void on_exit_called(void)
{
    sigset_t others;
    if (now.phase == PHASE_END || getpid() != now.pid || !now.recover)
        return;
    sigfillset(&others);
    crash_unmask(&others);
    sigprocmask(SIG_BLOCK, &others, NULL);
    rescue_claim(0);
    context = NULL;
    struct rescue *r = prepare("Runtime.ExitError", 0);
    report_text(&r->message, "the function called exit, which ends the process");
    plan(r, true);
    count(r);
    rescue_run(r);
}

void crash_explain_hang(const ucontext_t *where, int64_t left_ms)
{
    struct report r = {.text = message, .cap = sizeof message - 1};
    context = where;
    put_hang(&r, left_ms);
    report_text(&r, ", here:");
    write_head(LAMBDA_WARN, &r);
    frames_clear(&frames);
    collect_frames();
    write_frames(LAMBDA_WARN, "Function.StillRunning", &r);
}

void crash_give_up(const ucontext_t *where, int64_t left_ms)
{
    rescue_claim(SIGKILL);
    context = where;
    struct rescue *r = prepare("Function.DeadlineExceeded", SIGKILL);
    put_hang(&r->message, left_ms);
    plan(r, true);
    r->count = respawn_count();
    rescue_run(r);
}

void crash_unmask(sigset_t *set)
{
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        sigdelset(set, signals[i].number);
}

int crash_install(const struct settings *settings, const char *agent, struct err *err)
{
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    now.recover = settings->crash_recovery;
    post_prepare(settings->api, agent);
    watch_set_margin(settings->margin_ms);
    if (settings->bad_margin)
        log_line(LAMBDA_WARN, NULL,
                 "LAMBDA_DEADLINE_MARGIN_MS '%.40s' is no number of milliseconds up to %d: no "
                 "margin is taken",
                 settings->bad_margin, SETTINGS_MARGIN_MAX);
    now.pid = getpid();
    if (atexit(on_exit_called) != 0)
        return err_sys(err, "look at the end of the process");
    if (sigaltstack(&alternate, NULL) != 0)
        return err_sys(err, "sigaltstack");
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    crash_unmask(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        if (sigaction(signals[i].number, &action, NULL) != 0)
            return err_sys(err, "catch %s", signals[i].name);
    return 0;
}
