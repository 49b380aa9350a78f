/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/build.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "check.h"

/* What a child does before it dies; what its parent has sent by then. */
static const struct row {
    const char *name;
    bool reports, asked;
    int result;
} rows[] = {
    {"a report", true, false, sizeof(struct build_report)},
    {"a report beside a message that nobody reads", true, true, sizeof(struct build_report)},
    {"nothing", false, false, 0},
    {"nothing, and a message that nobody reads", false, true, 0},
};

static void test_reports(void)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        struct build_report sent = {.kind = REPORT_FAILED}, got = {0};
        int ends[2], fd = -1;
        pid_t pid = 0;
        CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        err_set(&sent.err, ERR_INPUT, "no '/nowhere'");
        if (row->asked)
            CHECK_INT(build_send(ends[0], "t", 1, -1), 0);
        if (row->reports)
            CHECK_INT(build_send(ends[1], &sent, sizeof sent, -1), 0);
        close(ends[1]);
        ssize_t n = build_receive(ends[0], &got, &fd, &pid);
        if (n != row->result)
            printf("# %s:\n", row->name);
        CHECK_INT(n, row->result);
        if (row->reports)
            CHECK_STR(got.err.msg, "no '/nowhere'");
        if (row->reports)
            CHECK_INT(build_receive(ends[0], &got, &fd, &pid), 0);
        CHECK_INT(fd, -1);
        close(ends[0]);
    }
}

static const struct check_test table[] = {
    {"reports", test_reports},
};
CHECK_MAIN(table)
