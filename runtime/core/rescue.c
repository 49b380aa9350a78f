/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rescue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/batch.h"
#include "core/log.h"
#include "core/post.h"
#include "core/respawn.h"

#define DOCUMENT_MAX 24576
#define CAUSE_MAX    12288 /* Lambda takes 64 KiB */
#define WHY_MAX      1024
#define SCRATCH_SIZE \
    (16u << 20) /* to decode what is left of a batch; its half of it is the answer */

static struct rescue *running;
static atomic_int owner; /* the thread that does it */
static volatile sig_atomic_t loop_stopped;
static volatile sig_atomic_t stage;
static volatile sig_atomic_t log_works;
static volatile sig_atomic_t posted; /* something was sent: a second answer would be refused */

static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* ---- documents ----------------------------------------------------------------------------- */

static void put_message(struct report *out, const struct rescue *r)
{
    report_json(out, r->message.text, r->message.len);
}

static void print_document(struct report *out, const struct rescue *r)
{
    size_t reserve = r->id.len < 1024 ? r->id.len * 6 + 64 : 64;
    report_text(out, "{\"errorMessage\":");
    put_message(out, r);
    report_text(out, ",\"errorType\":\"");
    report_text(out, r->type);
    report_text(out, "\",\"stackTrace\":");
    frames_print_json(r->frames, out, reserve);
    if (r->id.ptr && reserve > 64) {
        report_text(out, ",\"requestId\":");
        report_json(out, r->id.ptr, r->id.len);
    }
    report_text(out, "}");
}

static void put_cause_frame(struct report *out, const struct frame *frame)
{
    const char *file = frames_file(frame);
    report_text(out, "{\"path\":");
    report_json(out, file ? file : "", file ? strlen(file) : 0);
    report_text(out, ",\"line\":0,\"label\":\"");
    report_escaped(out, frame->name, strlen(frame->name));
    report_text(out, frame->name[0] ? "+0x" : "0x");
    report_number(out, frame->name[0] ? frame->offset : frame->ip - frame->base, 16);
    report_text(out, "\"}");
}

/* For X-Ray. */
static void print_cause(struct report *out, const struct rescue *r)
{
    const char *folder = respawn_variable("LAMBDA_TASK_ROOT");
    report_text(out, "{\"working_directory\":");
    report_json(out, folder ? folder : "", folder ? strlen(folder) : 0);
    report_text(out, ",\"exceptions\":[{\"type\":\"");
    report_text(out, r->type);
    report_text(out, "\",\"message\":");
    put_message(out, r);
    report_text(out, ",\"stack\":[");
    for (size_t i = 0; i < r->frames->count; i++) {
        size_t before = out->len;
        report_text(out, i ? "," : "");
        put_cause_frame(out, &r->frames->list[i]);
        if (out->cut || out->cap - out->len < 32) {
            report_rewind(out, before);
            break;
        }
    }
    report_text(out, "]}],\"paths\":[]}");
}

/* ---- stages -------------------------------------------------------------------------------- */

/* A line about the end of the process. */
static void write_line(const struct rescue *r, const char *words, const struct report *what)
{
    static char text[WHY_MAX], bytes[WHY_MAX * 2];
    struct report line = {.text = text, .cap = sizeof text};
    struct report buffer = {.text = bytes, .cap = sizeof bytes};
    report_text(&line, words);
    report_put(&line, what->text, what->len);
    struct entry e = {
        .level = LAMBDA_ERROR, .request_id = r->id.ptr, .text = line.text, .len = line.len};
    log_entry_in(&e, &buffer);
}

static void send_post(struct rescue *r, struct post *p)
{
    static char text[WHY_MAX];
    struct report why = {.text = text, .cap = sizeof text};
    p->nonce = r->nonce.ptr;
    p->nonce_len = r->nonce.len;
    posted = 1;
    if (post_send(p, r->keep, &why) != 0)
        write_line(r, "the answer is lost: ", &why);
}

/* A log that nobody reads takes nothing. */
static void stage_head(struct rescue *r)
{
    respawn_restore_limits();
    post_make_room(r->keep); /* to read what is mapped, too */
    r->head(r);
    log_works = 1;
}

static void stage_collect(struct rescue *r)
{
    r->collect(r);
}

static void stage_log(struct rescue *r)
{
    if (log_works)
        r->log(r);
}

static void stage_output(struct rescue *r)
{
    r->keep_output(r);
}

/* A batch answers which records are to come again. Its memory is new: nothing of the process has
 * touched it. */
static void stage_batch(struct rescue *r)
{
    if (!r->answer || r->starting)
        return;
    char *memory = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return;
    struct report body = {.text = memory, .cap = RAPI_BODY_MAX};
    struct arena scratch = {.base = memory + SCRATCH_SIZE / 2, .cap = SCRATCH_SIZE / 2};
    if (batch_rescue(&body, &scratch) != 0 || body.cut)
        return;
    struct post p = {.path = "/invocation/",
                     .id = r->id.ptr,
                     .id_len = r->id.len,
                     .action = "/response",
                     .body = body.text,
                     .body_len = body.len};
    send_post(r, &p);
}

static void stage_error(struct rescue *r)
{
    static char document_text[DOCUMENT_MAX], cause_text[CAUSE_MAX];
    struct report document = {.text = document_text, .cap = sizeof document_text};
    struct report cause = {.text = cause_text, .cap = sizeof cause_text};
    if (!r->answer || posted)
        return;
    print_document(&document, r);
    print_cause(&cause, r);
    struct post p = {.path = r->starting ? "/init/error" : "/invocation/",
                     .id = r->starting ? NULL : r->id.ptr,
                     .id_len = r->starting ? 0 : r->id.len,
                     .action = r->starting ? "" : "/error",
                     .type = r->type,
                     .cause = &cause,
                     .body = document.text,
                     .body_len = document.len};
    send_post(r, &p);
}

static void stage_respawn(struct rescue *r)
{
    static char text[32];
    struct report why = {.text = text, .cap = sizeof text};
    if (!r->respawn)
        return;
    respawn_self(r->count);
    report_text(&why, "errno ");
    report_number(&why, (uint64_t)errno, 10);
    write_line(r, "the process cannot start itself again: ", &why);
}

static void stage_die(struct rescue *r)
{
    rescue_die(r->sig);
}

static const struct {
    void (*run)(struct rescue *r);
    int ms; /* that it may take */
} stages[] = {
    {stage_head, 1000},  {stage_collect, 1000}, {stage_log, 1000},     {stage_output, 1000},
    {stage_batch, 2000}, {stage_error, 2000},   {stage_respawn, 1000}, {stage_die, 1000},
};

static _Noreturn void go_on(void)
{
    for (;;) {
        size_t now = (size_t)stage++;
        if (now >= ARRAY_LEN(stages))
            rescue_die(running->sig);
        struct itimerval end = {.it_value = {stages[now].ms / 1000, stages[now].ms % 1000 * 1000}};
        setitimer(ITIMER_REAL, &end, NULL);
        stages[now].run(running);
    }
}

/* ---- signals ------------------------------------------------------------------------------- */

static pid_t thread_id(void)
{
    return (pid_t)syscall(SYS_gettid);
}

static _Noreturn void wait_for_end(void)
{
    for (;;)
        pause();
}

/* A crash, or no end, within a stage. */
static void on_nested(int sig)
{
    if (owner == thread_id())
        go_on();
    if (sig != SIGALRM)
        wait_for_end(); /* another thread crashes as well */
    syscall(SYS_tgkill, getpid(), (pid_t)owner, SIGALRM);
}

static void catch_nested(void)
{
    struct sigaction nested = {.sa_handler = on_nested, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigset_t wanted;
    sigemptyset(&wanted);
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++) {
        sigaction(deadly[i], &nested, NULL);
        sigaddset(&wanted, deadly[i]);
    }
    sigaction(SIGALRM, &nested, NULL);
    sigaddset(&wanted, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &wanted, NULL);
}

/* The thread of the loop is the process's first. Its own rescue_claim stops it; how many ms that
 * may take is limited, since it may have blocked the signal. */
static void stop_loop(void)
{
    const struct timespec step = {0, 100000};
    syscall(SYS_tgkill, getpid(), getpid(), SIGBUS);
    for (int i = 0; i < 1000 && !loop_stopped; i++)
        nanosleep(&step, NULL);
}

void rescue_claim(int sig)
{
    int none = 0;
    pid_t self = thread_id();
    if (owner == self)
        rescue_die(sig);
    bool first = self == getpid();
    if (atomic_compare_exchange_strong(&owner, &none, (int)self)) {
        if (!first)
            stop_loop();
        return;
    }
    if (first)
        loop_stopped = 1;
    wait_for_end();
}

void rescue_run(struct rescue *r)
{
    running = r;
    catch_nested();
    go_on();
}

void rescue_die(int sig)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t only;
    if (!sig)
        _exit(EXIT_FAILURE);
    sigemptyset(&only);
    sigaddset(&only, sig);
    sigaction(sig, &plain, NULL);
    syscall(SYS_tgkill, getpid(), thread_id(), sig);
    sigprocmask(SIG_UNBLOCK, &only, NULL);
    _exit(128 + sig);
}
