/* SPDX-License-Identifier: Apache-2.0 */
/* Every hook writes its name and process to the file MODES_FILE. MODES_FAIL names a hook that
 * fails. The event is a command; the answer says who gave it. */
#include <fcntl.h>
#include <lambda.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int events;
static int64_t started_ms;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void note(const char *what)
{
    char line[80];
    int len = snprintf(line, sizeof line, "%s %d\n", what, (int)getpid());
    const char *path = getenv("MODES_FILE");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return;
    if (write(fd, line, (size_t)len) != len)
        abort();
    close(fd);
}

static int hook(lambda_ctx *ctx, const char *name)
{
    const char *fail = getenv("MODES_FAIL");
    note(name);
    if (fail && strcmp(fail, name) == 0)
        return lambda_error(ctx, "NoLuck", "%s did not work", name);
    return 0;
}

static void at_exit(void)
{
    note("atexit");
}

static int on_init(lambda_ctx *ctx)
{
    atexit(at_exit);
    started_ms = now_ms();
    printf("an unfinished line, ");
    return hook(ctx, "init");
}

static int before_1(lambda_ctx *ctx)
{
    return hook(ctx, "before-1");
}

static int before_2(lambda_ctx *ctx)
{
    return hook(ctx, "before-2");
}

static int after_1(lambda_ctx *ctx)
{
    return hook(ctx, "after-1");
}

static int after_2(lambda_ctx *ctx)
{
    return hook(ctx, "after-2");
}

static int on_shutdown(lambda_ctx *ctx)
{
    char text[40]; /* 300 or 500 ms behind a signal, which came between the start and now */
    int64_t deadline = lambda_deadline_ms(ctx), now = now_ms();
    snprintf(text, sizeof text, "in-time-%d",
             deadline >= started_ms + 300 && deadline <= now + 500);
    note(text);
    return hook(ctx, "shutdown");
}

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    char answer[512];
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    events++;
    if (strcmp(event.ptr, "\"exit\"") == 0)
        _exit(7);
    if (strcmp(event.ptr, "\"kill\"") == 0)
        raise(SIGKILL);
    if (strcmp(event.ptr, "\"crash\"") == 0)
        abort();
    if (strcmp(event.ptr, "\"say\"") == 0) {
        lambda_log(ctx, LAMBDA_INFO, "logged");
        printf("printed\n");
    }
    if (strcmp(event.ptr, "\"hang\"") == 0)
        for (;;)
            pause();
    if (strcmp(event.ptr, "\"wait\"") == 0) { /* until the test makes the file */
        struct stat st;
        while (stat(getenv("MODES_GATE"), &st) != 0)
            usleep(1000);
    }
    int len = snprintf(answer, sizeof answer, "{\"pid\":%d,\"events\":%d,\"trace\":\"%s\"}",
                       (int)getpid(), events, trace ? trace : "");
    return lambda_reply(ctx, answer, (size_t)len);
}

LAMBDA_MODULE(LAMBDA_INIT(on_init), LAMBDA_BEFORE_SNAPSHOT(before_1),
              LAMBDA_BEFORE_SNAPSHOT(before_2), LAMBDA_AFTER_RESTORE(after_1),
              LAMBDA_AFTER_RESTORE(after_2), LAMBDA_RAW(on_event), LAMBDA_SHUTDOWN(on_shutdown));
