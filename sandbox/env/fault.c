/* SPDX-License-Identifier: Apache-2.0 */
#include "env/fault.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "env/channel.h"

#define TEXT_MAX 512

/* As the Go library names them, which Lambda's own supervisor is written with. */
static const char *const signal_names[] = {
    [1] = "hangup",
    [2] = "interrupt",
    [3] = "quit",
    [4] = "illegal instruction",
    [5] = "trace/breakpoint trap",
    [6] = "aborted",
    [7] = "bus error",
    [8] = "floating point exception",
    [9] = "killed",
    [10] = "user defined signal 1",
    [11] = "segmentation fault",
    [12] = "user defined signal 2",
    [13] = "broken pipe",
    [14] = "alarm clock",
    [15] = "terminated",
};

static void text_timeout(const struct fault *f, char *out)
{
    snprintf(out, TEXT_MAX, "Task timed out after %.2f seconds", f->code / 1000.0);
}

static void text_exit(const struct fault *f, char *out)
{
    if (f->code)
        snprintf(out, TEXT_MAX, "Runtime exited with error: exit status %d", f->code);
    else
        snprintf(out, TEXT_MAX, "Runtime exited without providing a reason");
}

static void text_signal(const struct fault *f, char *out)
{
    const char *name = NULL;
    if (f->code > 0 && (size_t)f->code < ARRAY_LEN(signal_names))
        name = signal_names[f->code];
    if (name)
        snprintf(out, TEXT_MAX, "Runtime exited with error: signal: %s", name);
    else
        snprintf(out, TEXT_MAX, "Runtime exited with error: signal: signal %d", f->code);
}

static void text_no_bootstrap(const struct fault *f, char *out)
{
    (void)f;
    snprintf(out, TEXT_MAX,
             "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
}

static void text_exec(const struct fault *f, char *out)
{
    /* Go's errno texts are the C library's with a small first letter */
    char reason[128];
    snprintf(reason, sizeof reason, "%s", strerror(f->code));
    reason[0] = (char)tolower((unsigned char)reason[0]);
    snprintf(out, TEXT_MAX, "fork/exec %s: %s", f->path ? f->path : "/var/task/bootstrap", reason);
}

static void text_too_large(const struct fault *f, char *out)
{
    (void)f;
    snprintf(out, TEXT_MAX,
             "Response payload size exceeded maximum allowed payload size (%d bytes).",
             ENV_RESPONSE_MAX);
}

static void text_truncated(const struct fault *f, char *out)
{
    (void)f;
    snprintf(out, TEXT_MAX, "Response was truncated: the connection closed before its end");
}

static void text_bad_mode(const struct fault *f, char *out)
{
    (void)f;
    snprintf(out, TEXT_MAX, "Invalid response mode header");
}

static const struct {
    const char *type;
    void (*text)(const struct fault *f, char *out);
    bool bare; /* the message stands first and names no request */
} rows[FAULT_KIND_COUNT] = {
    [FAULT_KIND_NONE] = {"Runtime.Unknown", text_signal, false},
    [FAULT_KIND_TIMEOUT] = {"Sandbox.Timedout", text_timeout, false},
    [FAULT_KIND_EXIT] = {"Runtime.ExitError", text_exit, false},
    [FAULT_KIND_SIGNAL] = {"Runtime.ExitError", text_signal, false},
    [FAULT_KIND_OOM] = {"Runtime.OutOfMemory", text_signal, false},
    [FAULT_KIND_NO_BOOTSTRAP] = {"Runtime.InvalidEntrypoint", text_no_bootstrap, false},
    [FAULT_KIND_EXEC] = {"Runtime.InvalidEntrypoint", text_exec, false},
    [FAULT_KIND_TOO_LARGE] = {"Function.ResponseSizeTooLarge", text_too_large, true},
    [FAULT_KIND_TRUNCATED] = {"Runtime.TruncatedResponse", text_truncated, false},
    [FAULT_KIND_BAD_MODE] = {"Runtime.InvalidResponseModeHeader", text_bad_mode, false},
};

const char *fault_error_type(const struct fault *f)
{
    return rows[f->kind].type;
}

void fault_payload(const struct fault *f, const char *request_id, struct buf *out)
{
    char text[TEXT_MAX], message[TEXT_MAX + 64];
    rows[f->kind].text(f, text);
    if (rows[f->kind].bare) {
        buf_adds(out, "{\"errorMessage\":");
        buf_add_json_string(out, text, strlen(text));
        buf_addf(out, ",\"errorType\":\"%s\"}", rows[f->kind].type);
        return;
    }
    snprintf(message, sizeof message, "RequestId: %s Error: %s", request_id, text);
    buf_addf(out, "{\"errorType\":\"%s\",\"errorMessage\":", rows[f->kind].type);
    buf_add_json_string(out, message, strlen(message));
    buf_addc(out, '}');
}

struct fault fault_from_exit(const struct jail_exit *e, const char *path)
{
    if (e->exec_failed)
        return (struct fault){FAULT_KIND_EXEC, e->exec_errno, path};
    if (e->oom)
        return (struct fault){FAULT_KIND_OOM, 9, NULL};
    if (e->signaled)
        return (struct fault){FAULT_KIND_SIGNAL, e->code, NULL};
    return (struct fault){FAULT_KIND_EXIT, e->code, NULL};
}
