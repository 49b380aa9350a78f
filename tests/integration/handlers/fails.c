/* SPDX-License-Identifier: Apache-2.0 */
/* Fails as the event says, and writes to all the places where output can go. */
#include <lambda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a program that the handler runs says when it writes to a pipe that nobody reads. */
static int reply_of_program(lambda_ctx *ctx)
{
    char said[64];
    FILE *program = popen("sh -c 'kill -PIPE $$; echo ignored' || true", "r");
    size_t len = program ? fread(said, 1, sizeof said, program) : 0;
    if (program)
        pclose(program);
    return lambda_reply(ctx, said, len);
}

/* Leaves no memory to be had from the C library. */
static int fail_without_memory(lambda_ctx *ctx)
{
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_AS, &limit);
    void *volatile taken; /* compilers leave out what nobody reads */
    for (size_t size = 65536; size; size /= 2)
        while ((taken = malloc(size)))
            continue;
    return lambda_error(ctx, "Hungry", "no memory left");
}

/* A child that returns from here as if it were the process that was called. */
static int fork_and_return(lambda_ctx *ctx)
{
    pid_t child = fork();
    if (child == 0)
        return lambda_reply(ctx, "\"child\"", 7);
    waitpid(child, NULL, 0);
    return lambda_reply(ctx, "\"parent\"", 8);
}

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    if (strcmp(event.ptr, "typed") == 0)
        return lambda_error(ctx, "EmptyBody", "nothing in \"%s\"\nat all", event.ptr);
    if (strcmp(event.ptr, "untyped") == 0)
        return 7;
    if (strcmp(event.ptr, "odd") == 0)
        return lambda_error(ctx, "my odd-type\r\nX-Injected: 1", "odd");
    if (strcmp(event.ptr, "large") == 0)
        return lambda_reply(ctx, event.ptr, 7u << 20);
    if (strcmp(event.ptr, "unchecked") == 0 || strcmp(event.ptr, "corrected") == 0)
        lambda_reply(ctx, event.ptr, 7u << 20);
    if (strcmp(event.ptr, "memory") == 0)
        return fail_without_memory(ctx);
    if (strcmp(event.ptr, "fork") == 0)
        return fork_and_return(ctx);
    if (strcmp(event.ptr, "pipe") == 0)
        return reply_of_program(ctx);
    if (strcmp(event.ptr, "corrected") == 0)
        return lambda_reply(ctx, "1", 1);
    lambda_log(ctx, LAMBDA_DEBUG, "debug %s", event.ptr);
    lambda_log(ctx, LAMBDA_INFO, "info %s\nnext", event.ptr);
    printf("printed %s without a newline", event.ptr);
    return 0;
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));
