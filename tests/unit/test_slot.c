/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of living and of dead owners, in a folder of the test's own. */
#include "jail/slot.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static char removed[4][64];
static int nremoved;

static int remember(const char *note, struct err *err)
{
    (void)err;
    if (nremoved < 4)
        snprintf(removed[nremoved++], sizeof removed[0], "%s", note);
    return 0;
}

static char folder[64];

static void folder_make(void)
{
    strcpy(folder, "/tmp/clambda-slots-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    nremoved = 0;
}

/* Whoever gave up a slot has left no file. */
static void folder_remove(void)
{
    CHECK_INT(rmdir(folder), 0);
}

static void test_two_owners(void)
{
    struct slot a = {.fd = -1}, b = {.fd = -1};
    struct err err = {0};
    folder_make();
    CHECK_INT(slot_take(&a, folder, remember, &err), 0);
    CHECK_INT(slot_take(&b, folder, remember, &err), 0);
    CHECK(a.index != b.index && a.index < SLOT_COUNT && b.index < SLOT_COUNT);
    unsigned index = a.index;
    slot_give(&a);
    slot_give(&a);
    CHECK_INT(slot_take(&a, folder, remember, &err), 0);
    CHECK(a.index <= index);
    slot_give(&a);
    slot_give(&b);
    CHECK_STR(err.msg, "");
    folder_remove();
}

/* A child notes two things and is killed: they are handed out, in order, to whoever comes next. */
static void test_dead_owner(void)
{
    struct slot s = {.fd = -1};
    struct err err = {0};
    int ends[2];
    char ready;
    folder_make();
    CHECK_INT(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (slot_take(&s, folder, remember, &err) < 0 || slot_note(&s, "/test/one", &err) < 0 ||
            slot_note(&s, "/test/two", &err) < 0 || write(ends[1], "r", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK_INT(read(ends[0], &ready, 1), 1);
    nremoved = 0;
    CHECK(slot_sweep(folder, remember, &err) == 0);
    CHECK_INT(nremoved, 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CHECK(slot_sweep(folder, remember, &err) == 1);
    CHECK_INT(nremoved, 2);
    CHECK_STR(removed[0], "/test/one");
    CHECK_STR(removed[1], "/test/two");
    nremoved = 0;
    CHECK(slot_sweep(folder, remember, &err) == 0);
    CHECK_INT(nremoved, 0);
    close(ends[0]);
    close(ends[1]);
    folder_remove();
}

static void test_full_notes(void)
{
    struct slot s = {.fd = -1};
    struct err err = {0};
    char line[1024];
    int n = 0;
    folder_make();
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = 0;
    CHECK_INT(slot_take(&s, folder, remember, &err), 0);
    while (n < 100 && slot_note(&s, line, &err) == 0)
        n++;
    CHECK_INT(n, SLOT_NOTES_MAX / (int)sizeof line);
    CHECK_INT(err.kind, ERR_LIMIT);
    slot_give(&s);
    folder_remove();
}

static void test_wrong_folder(void)
{
    struct slot s = {.fd = -1};
    struct err err = {0};
    folder_make();
    CHECK_INT(chmod(folder, 0755), 0);
    CHECK_INT(slot_take(&s, folder, remember, &err), -1);
    CHECK_INT(err.kind, ERR_HOST);
    CHECK_HAS(err.msg, folder);
    folder_remove();
    CHECK_INT(slot_take(&s, "/nowhere/slots", remember, &err), -1);
    CHECK_HAS(err.msg, "/nowhere/slots");
}

static const struct check_test table[] = {
    {"two_owners", test_two_owners},
    {"dead_owner", test_dead_owner},
    {"full_notes", test_full_notes},
    {"wrong_folder", test_wrong_folder},
};
CHECK_MAIN(table)
