/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "check.h"
#include "env/fault.h"

#define ID "8a5c0f1e-0000-4000-8000-000000000001"

static const struct {
    struct fault fault;
    const char *type, *payload;
} rows[] = {
    {{FAULT_KIND_TIMEOUT, 1000, NULL},
     "Sandbox.Timedout",
     "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: " ID
     " Error: Task timed out after 1.00 seconds\"}"},
    {{FAULT_KIND_TIMEOUT, 50, NULL},
     "Sandbox.Timedout",
     "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: " ID
     " Error: Task timed out after 0.05 seconds\"}"},
    {{FAULT_KIND_EXIT, 0, NULL},
     "Runtime.ExitError",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
     " Error: Runtime exited without providing a reason\"}"},
    {{FAULT_KIND_EXIT, 3, NULL},
     "Runtime.ExitError",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
     " Error: Runtime exited with error: exit status 3\"}"},
    {{FAULT_KIND_SIGNAL, 11, NULL},
     "Runtime.ExitError",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
     " Error: Runtime exited with error: signal: segmentation fault\"}"},
    {{FAULT_KIND_SIGNAL, 31, NULL},
     "Runtime.ExitError",
     "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: " ID
     " Error: Runtime exited with error: signal: signal 31\"}"},
    {{FAULT_KIND_OOM, 9, NULL},
     "Runtime.OutOfMemory",
     "{\"errorType\":\"Runtime.OutOfMemory\",\"errorMessage\":\"RequestId: " ID
     " Error: Runtime exited with error: signal: killed\"}"},
    {{FAULT_KIND_NO_BOOTSTRAP, 0, NULL},
     "Runtime.InvalidEntrypoint",
     "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: " ID
     " Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]\"}"},
    {{FAULT_KIND_EXEC, EACCES, "/var/task/bootstrap"},
     "Runtime.InvalidEntrypoint",
     "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: " ID
     " Error: fork/exec /var/task/bootstrap: permission denied\"}"},
    {{FAULT_KIND_EXEC, ENOEXEC, "/opt/bootstrap"},
     "Runtime.InvalidEntrypoint",
     "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: " ID
     " Error: fork/exec /opt/bootstrap: exec format error\"}"},
    {{FAULT_KIND_EXEC, ENOENT, "/var/task/bootstrap"},
     "Runtime.InvalidEntrypoint",
     "{\"errorType\":\"Runtime.InvalidEntrypoint\",\"errorMessage\":\"RequestId: " ID
     " Error: fork/exec /var/task/bootstrap: no such file or directory\"}"},
    {{FAULT_KIND_TOO_LARGE, 0, NULL},
     "Function.ResponseSizeTooLarge",
     "{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size (6291556 "
     "bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}"},
    {{FAULT_KIND_TRUNCATED, 0, NULL}, "Runtime.TruncatedResponse", NULL},
    {{FAULT_KIND_BAD_MODE, 0, NULL}, "Runtime.InvalidResponseModeHeader", NULL},
};

static void test_payloads(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf b;
        buf_init(&b, 4096);
        fault_payload(&rows[i].fault, ID, &b);
        CHECK_STR(fault_error_type(&rows[i].fault), rows[i].type);
        if (rows[i].payload)
            CHECK_STR(b.ptr, rows[i].payload);
        else
            CHECK_HAS(b.ptr, rows[i].type);
    }
}

static const struct {
    struct jail_exit how;
    enum fault_kind kind;
    int code;
} exits[] = {
    {{.exec_failed = true, .exec_errno = EACCES, .oom = true}, FAULT_KIND_EXEC, EACCES},
    {{.signaled = true, .code = 9, .oom = true}, FAULT_KIND_OOM, 9},
    {{.signaled = true, .code = 9}, FAULT_KIND_SIGNAL, 9},
    {{.code = 0}, FAULT_KIND_EXIT, 0},
    {{.code = 127}, FAULT_KIND_EXIT, 127},
};

static void test_exits(void)
{
    for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
        struct fault f = fault_from_exit(&exits[i].how, "/var/task/bootstrap");
        CHECK_INT(f.kind, exits[i].kind);
        CHECK_INT(f.code, exits[i].code);
    }
}

static const struct check_test tests[] = {{"payloads", test_payloads}, {"exits", test_exits}};

CHECK_MAIN(tests)
