/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"

#define LIMIT 100000

static char path[] = "/tmp/clambda-file.XXXXXX";

static void test_sizes(void)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, LIMIT - 1, LIMIT};
    static char bytes[LIMIT];
    for (size_t i = 0; i < LIMIT; i++)
        bytes[i] = (char)(i * 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct err err;
        size_t len = 1;
        FILE *file = fopen(path, "w");
        CHECK(file && fwrite(bytes, 1, sizes[i], file) == sizes[i]);
        fclose(file);
        char *got = file_read(path, LIMIT, &len, &err);
        CHECK(got != NULL);
        CHECK_MEM(got ? got : "", got ? len : SIZE_MAX, bytes, sizes[i]);
        CHECK(got && got[len] == '\0');
        free(got);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *path;
        size_t limit;
        enum err_kind kind;
        const char *text;
    } rows[] = {
        {"/nonexistent/file", 10, ERR_SYSTEM, "open '/nonexistent/file': No such file"},
        {"/tmp", 10, ERR_SYSTEM, "read '/tmp': Is a directory"},
        {"/dev/zero", 10, ERR_LIMIT, "'/dev/zero' has more than 10 bytes"},
        {"/dev/zero", 1 << 20, ERR_LIMIT, "'/dev/zero' has more than 1048576 bytes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        size_t len = 42;
        CHECK(file_read(rows[i].path, rows[i].limit, &len, &err) == NULL);
        CHECK_INT(err.kind, rows[i].kind);
        CHECK_HAS(err.msg, rows[i].text);
        CHECK_INT(len, 42);
    }
}

static void test_pipe(void)
{
    int ends[2];
    char name[32];
    struct err err;
    size_t len = 0;
    CHECK_INT(pipe(ends), 0);
    CHECK_INT(write(ends[1], "abc", 3), 3);
    close(ends[1]);
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
    char *got = file_read(name, LIMIT, &len, &err);
    CHECK_MEM(got ? got : "", len, "abc", 3);
    free(got);
    close(ends[0]);
}

static const struct check_test tests[] = {
    {"sizes", test_sizes},
    {"refused", test_refused},
    {"pipe", test_pipe},
};

int main(int argc, char **argv)
{
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    close(fd);
    int status = check_main(tests, sizeof tests / sizeof *tests, argc, argv);
    unlink(path);
    return status;
}
