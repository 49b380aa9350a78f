/* SPDX-License-Identifier: Apache-2.0 */
/* A handler that leaves something behind, or nothing: what it does is the event's "do". */
#include <fcntl.h>
#include <lambda.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static unsigned long seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

static void *rest(void *arg)
{
    if (arg)
        for (;;)
            pause();
    return NULL;
}

static int leak(size_t size)
{
    static char *volatile last; /* no compiler may leave it out */
    last = malloc(size);
    if (last)
        memset(last, 1, size);
    return last ? 0 : -1;
}

static int leak_memory(void)
{
    return leak(30000);
}

static int leak_little(void)
{
    return leak(3000);
}

static int leak_descriptor(void)
{
    return open("/dev/null", O_RDONLY);
}

static int leak_thread(void)
{
    static char stays;
    pthread_t t;
    return pthread_create(&t, NULL, rest, &stays);
}

static int leak_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        rest("stays");
    return pid;
}

static int add_to(const char *path, size_t size)
{
    static char bytes[1 << 16];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, bytes, size);
    if (fd >= 0)
        close(fd);
    return n == (ssize_t)size ? 0 : -1;
}

static int leak_tmp(void)
{
    return add_to("/tmp/log", 6000);
}

static int leak_file(void)
{
    char path[] = "/tmp/XXXXXX";
    return close(mkstemp(path));
}

/* Much, of a size that nobody foresees, and all of it given back. */
static int make_noise(void)
{
    pthread_t t;
    char *p = malloc(chance(1 << 20) + 1);
    int fd = open("/dev/null", O_RDONLY), failed = 0;
    if (p)
        memset(p, 1, chance(4096) + 1);
    failed |= pthread_create(&t, NULL, rest, NULL) || pthread_join(t, NULL);
    failed |= add_to("/tmp/scratch", chance(1 << 16) + 1) || unlink("/tmp/scratch");
    free(p);
    close(fd);
    return failed ? -1 : 0;
}

static int eat(void)
{
    enum { SIZE = 200 << 20 };
    char *p = malloc(SIZE);
    if (p)
        memset(p, 1, SIZE);
    /* it is there while it is touched: no compiler may leave it out */
    int there = p ? ((volatile char *)p)[SIZE - 1] : 0;
    free(p);
    return there == 1 ? 0 : -1;
}

static int spin(void)
{
    for (volatile unsigned i = 0; i < 3000000; i++)
        ;
    return 0;
}

static const struct {
    const char *name;
    int (*run)(void);
} deeds[] = {
    {"\"memory\"", leak_memory}, {"\"little\"", leak_little},   {"\"descriptor\"", leak_descriptor},
    {"\"thread\"", leak_thread}, {"\"process\"", leak_process}, {"\"tmp\"", leak_tmp},
    {"\"file\"", leak_file},     {"\"noise\"", make_noise},     {"\"eat\"", eat},
    {"\"spin\"", spin},
};

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    static unsigned count;
    char text[64];
    const char *given = strstr(event.ptr, "\"seed\":");
    unsigned n = ++count;
    if (given)
        seed = strtoul(given + 7, NULL, 10) + n;
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        if (strstr(event.ptr, deeds[i].name) && deeds[i].run() < 0)
            return lambda_error(ctx, "Failed", "%s", deeds[i].name);
    if (strstr(event.ptr, "\"die\""))
        _exit(3);
    if (strstr(event.ptr, "\"random\""))
        (void)!getrandom(&n, sizeof n, 0);
    if (!strstr(event.ptr, "\"count\"") && !strstr(event.ptr, "\"random\""))
        return lambda_reply(ctx, "{\"ok\":true}", 11);
    return lambda_reply(ctx, text,
                        (size_t)snprintf(text, sizeof text, "{\"n\":{\"value\":%u}}", n));
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));
