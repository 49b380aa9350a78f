/* SPDX-License-Identifier: Apache-2.0 */
/* Dies as the event says. */
#include <lambda.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int overflow(volatile char *above)
{
    volatile char here[4096];
    here[0] = above[0];
    return overflow(here) + here[1];
}

static void crash_segv(void)
{
    *(volatile int *)16 = 1;
}

static void crash_overflow(void)
{
    volatile char first[1] = {0};
    overflow(first);
}

static void crash_call(void)
{
    void (*volatile nowhere)(void) = NULL;
    nowhere();
}

static void crash_fpe(void)
{
    raise(SIGFPE);
}

static void crash_ill(void)
{
    __builtin_trap();
}

static void crash_bus(void)
{
    raise(SIGBUS);
}

static void crash_heap(void)
{
    void *volatile block = malloc(100);
    free(block);
    free(block);
}

/* Ends with a stack pointer and an address that are both nowhere. */
static void crash_stack(void)
{
#if defined(__x86_64__)
    __asm__ volatile("mov $16, %rsp\n\tmov $32, %rax\n\tjmp *%rax");
#elif defined(__aarch64__)
    __asm__ volatile("mov x0, #16\n\tmov sp, x0\n\tmov x0, #32\n\tbr x0");
#endif
}

static const struct {
    const char *name;
    void (*fn)(void);
} crashes[] = {
    {"segv", crash_segv}, {"overflow", crash_overflow}, {"call", crash_call},
    {"fpe", crash_fpe},   {"ill", crash_ill},           {"bus", crash_bus},
    {"abort", abort},     {"heap", crash_heap},         {"stack", crash_stack},
};

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (strcmp(event.ptr, crashes[i].name) == 0)
            crashes[i].fn();
    return lambda_error(ctx, "StillAlive", "%s did not crash", event.ptr);
}

LAMBDA_MODULE(LAMBDA_RAW(on_event));
