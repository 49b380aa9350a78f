/* SPDX-License-Identifier: Apache-2.0 */
/* Does what the event says, mostly something that ends badly. CRASH_AT=load, init or shutdown does
 * it there. */
#include <fcntl.h>
#include <lambda.h>
#include <lambda/kinesis.h>
#include <lambda/sqs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
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

/* Everything above on the stack, arguments and environment of the process with it. */
static void crash_smash(void)
{
    for (volatile char *p = __builtin_frame_address(0);; p++)
        *p = 'x';
}

/* What malloc knows of its blocks is gone, and no lock of it is free. */
static void crash_arena(void)
{
    char *volatile block = malloc(40);
    memset(block - 16, 0x5a, 4096);
    for (int i = 0; i < 100; i++)
        free(malloc((size_t)i * 64));
    abort();
}

static void crash_closed(void)
{
    syscall(SYS_close_range, 0u, ~0u, 0u);
    crash_segv();
}

static void crash_files(void)
{
    while (open("/dev/null", O_RDONLY) >= 0)
        continue;
    crash_segv();
}

/* No descriptor is to be had, by a limit of its own. */
static void crash_few(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &files);
    crash_segv();
}

/* A signal waits that would end a process that does not catch it. */
static void crash_waiting(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    kill(getpid(), SIGUSR1);
    crash_segv();
}

static void crash_term(void)
{
    kill(getpid(), SIGTERM);
    crash_segv();
}

/* Nobody reads what is written. */
static void fill(int fd)
{
    int ends[2];
    pipe(ends);
    dup2(ends[1], fd);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, "x", 1) == 1)
        continue;
    fcntl(fd, F_SETFL, 0);
}

static void crash_mute(void)
{
    fill(STDOUT_FILENO);
    fill(STDERR_FILENO);
    printf("half a line");
    crash_segv();
}

static void *in_thread(void *unused)
{
    crash_segv();
    return unused;
}

static void crash_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
}

static void crash_threads(void)
{
    pthread_t thread;
    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
}

static void crash_exit(void)
{
    exit(EXIT_SUCCESS);
}

/* The handler would come to its end, as soon as the test makes the file CRASH_GATE. */
static void crash_beside(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, in_thread, NULL);
    while (access(getenv("CRASH_GATE"), F_OK) != 0)
        usleep(1000);
}

/* An unfinished line, and then nothing more. */
static void crash_talking(void)
{
    printf("half a line");
    crash_segv();
}

/* Changes all that a program inherits. */
static void crash_mess(void)
{
    struct rlimit files;
    struct itimerval soon = {.it_value = {0, 300000}};
    sigset_t mask;
    sigfillset(&mask);
    sigdelset(&mask, SIGSEGV);
    chdir("/");
    umask(0);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &files);
    setitimer(ITIMER_PROF, &soon, NULL);
    setenv("MESS", "1", 1);
    unsetenv("PATH");
    fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
    dup2(open("/dev/null", O_RDONLY), 40);
    crash_segv();
}

static const struct {
    const char *name;
    void (*fn)(void);
} crashes[] = {
    {"segv", crash_segv},       {"overflow", crash_overflow}, {"call", crash_call},
    {"fpe", crash_fpe},         {"ill", crash_ill},           {"bus", crash_bus},
    {"abort", abort},           {"heap", crash_heap},         {"stack", crash_stack},
    {"smash", crash_smash},     {"arena", crash_arena},       {"closed", crash_closed},
    {"files", crash_files},     {"thread", crash_thread},     {"threads", crash_threads},
    {"talking", crash_talking}, {"mess", crash_mess},         {"few", crash_few},
    {"waiting", crash_waiting}, {"term", crash_term},         {"mute", crash_mute},
    {"beside", crash_beside},   {"exit", crash_exit},
};

static void crash(const char *name)
{
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (strcmp(name, crashes[i].name) == 0)
            crashes[i].fn();
}

static void crash_at(const char *place)
{
    const char *wanted = getenv("CRASH_AT");
    const char *how = getenv("CRASH_BY");
    if (wanted && strcmp(wanted, place) == 0)
        crash(how ? how : "segv");
}

static int reply(lambda_ctx *ctx, const char *text)
{
    return lambda_reply(ctx, text, strlen(text));
}

static int answer_child(lambda_ctx *ctx)
{
    char text[64];
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        crash_segv();
    waitpid(child, &status, 0);
    snprintf(text, sizeof text, "the child died by %d", WTERMSIG(status));
    return reply(ctx, text);
}

/* As after an exec that failed. */
static int answer_exits(lambda_ctx *ctx)
{
    pid_t child = fork();
    if (child == 0)
        exit(EXIT_FAILURE);
    waitpid(child, NULL, 0);
    return reply(ctx, "one is left");
}

/* What a program inherits, and its process id. */
static int answer_state(lambda_ctx *ctx)
{
    char text[1024], folder[256] = "";
    struct rlimit files = {0, 0};
    sigset_t mask;
    struct sigaction usr1, hup;
    struct itimerval timer;
    mode_t mode = umask(0);
    umask(mode);
    getcwd(folder, sizeof folder);
    getrlimit(RLIMIT_NOFILE, &files);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigaction(SIGUSR1, NULL, &usr1);
    sigaction(SIGHUP, NULL, &hup);
    getitimer(ITIMER_PROF, &timer);
    snprintf(text, sizeof text,
             "pid %d folder %s umask %o files %lu mask %d%d%d usr1 %d hup %d timer %d mess %d "
             "path %d marker %d flags %o fd40 %d",
             (int)getpid(), folder, (unsigned)mode, (unsigned long)files.rlim_cur,
             sigismember(&mask, SIGUSR2), sigismember(&mask, SIGTERM), sigismember(&mask, SIGALRM),
             usr1.sa_handler == SIG_IGN, hup.sa_handler == SIG_IGN,
             timer.it_value.tv_usec || timer.it_value.tv_sec, getenv("MESS") != NULL,
             getenv("PATH") != NULL, getenv("_CLAMBDA_RESPAWN") != NULL,
             (unsigned)fcntl(1, F_GETFL), fcntl(40, F_GETFD));
    return reply(ctx, text);
}

static int answer_hang(lambda_ctx *ctx)
{
    while (lambda_remaining_ms(ctx))
        usleep(100000);
    return reply(ctx, "at last");
}

static int answer_spin(lambda_ctx *ctx)
{
    while (lambda_remaining_ms(ctx))
        continue;
    return reply(ctx, "in the end");
}

/* Counts interrupted waits. */
static int answer_quick(lambda_ctx *ctx)
{
    return reply(ctx, usleep(150000) ? "interrupted" : "undisturbed");
}

static int answer_stream(lambda_ctx *ctx)
{
    if (lambda_stream_open(ctx, NULL) != 0 || lambda_stream_write(ctx, "begun", 5) != 0)
        return -1;
    crash_segv();
    return 0;
}

static const struct {
    const char *name;
    int (*fn)(lambda_ctx *ctx);
} answers[] = {
    {"exits", answer_exits},   {"child", answer_child}, {"state", answer_state},
    {"hang", answer_hang},     {"spin", answer_spin},   {"quick", answer_quick},
    {"stream", answer_stream},
};

static int on_event(lambda_ctx *ctx, lambda_str event)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(event.ptr, answers[i].name) == 0)
            return answers[i].fn(ctx);
    crash(event.ptr);
    return lambda_error(ctx, "StillAlive", "%s did not crash", event.ptr);
}

/* A record "fail" fails, one "hang" takes long, others are crashes. */
static int on_text(lambda_ctx *ctx, const char *text)
{
    if (strcmp(text, "fail") == 0)
        return lambda_error(ctx, "BadRecord", "as it says");
    if (strcmp(text, "list") == 0)
        return reply(ctx, "{\"batchItemFailures\":[{\"itemIdentifier\":\"m-0\"}]}");
    if (strcmp(text, "talk") == 0)
        return reply(ctx, "done");
    if (strcmp(text, "hang") == 0)
        answer_hang(ctx);
    crash(text);
    return 0;
}

static int on_message(lambda_ctx *ctx, const struct lambda_sqs_message *m)
{
    return on_text(ctx, m->body.ptr);
}

static int on_record(lambda_ctx *ctx, const struct lambda_kinesis_record *r)
{
    char text[16];
    snprintf(text, sizeof text, "%.*s", (int)r->kinesis.data.len,
             (const char *)r->kinesis.data.ptr);
    return on_text(ctx, text);
}

static int on_init(lambda_ctx *ctx)
{
    (void)ctx;
    crash_at("init");
    return 0;
}

static int on_shutdown(lambda_ctx *ctx)
{
    (void)ctx;
    crash_at("shutdown");
    puts("ended");
    return 0;
}

static __attribute__((constructor)) void on_load(void)
{
    crash_at("load");
}

LAMBDA_MODULE(LAMBDA_INIT(on_init), LAMBDA_SQS_EACH(on_message), LAMBDA_KINESIS_EACH(on_record),
              LAMBDA_RAW(on_event));
LAMBDA_MODULE_AS(ending, LAMBDA_RAW(on_event), LAMBDA_SHUTDOWN(on_shutdown));
