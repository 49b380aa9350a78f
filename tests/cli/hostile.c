/* SPDX-License-Identifier: Apache-2.0 */
/* A function on a runtime of its own (one socket, no library) that does what its event says: the
 * first word of the member "do", then a number. Environment: INIT, the same for before the first
 * next. Built static, so that it runs with nothing but a kernel. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MB (1L << 20)

extern char **environ;

static char request_id[64], body[8192], answer[65536];
static int *ticks; /* of a background process, shared */

static int dial(void)
{
    const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
    char host[64];
    struct sockaddr_in to = {.sin_family = AF_INET};
    const char *colon = api ? strchr(api, ':') : NULL;
    if (!colon)
        _exit(70);
    snprintf(host, sizeof host, "%.*s", (int)(colon - api), api);
    to.sin_port = htons((uint16_t)atoi(colon + 1));
    inet_pton(AF_INET, host, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        _exit(71);
    return fd;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes += n;
        len -= (size_t)n;
    }
}

/* Status code; the answer's text is left in body. */
static int receive(int fd)
{
    static char reply[16384];
    size_t len = 0, want = sizeof reply - 1;
    while (len < want) {
        ssize_t n = recv(fd, reply + len, want - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        reply[len] = '\0';
        char *end = strstr(reply, "\r\n\r\n");
        char *length = strcasestr(reply, "\ncontent-length:");
        if (end && length)
            want = (size_t)(end + 4 - reply) + strtoul(length + 16, NULL, 10);
    }
    char *id = strcasestr(reply, "\nlambda-runtime-aws-request-id: ");
    if (id)
        sscanf(id + 32, "%63[0-9a-f-]", request_id);
    char *end = strstr(reply, "\r\n\r\n");
    snprintf(body, sizeof body, "%s", end ? end + 4 : "");
    close(fd);
    return len > 12 ? atoi(reply + 9) : 0;
}

static void ping(void)
{
    static const char request[] =
        "GET /2018-06-01/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    int fd = dial();
    send_all(fd, request, sizeof request - 1);
    receive(fd);
}

static int post(const char *what, const char *headers, const char *bytes, size_t len,
                size_t claimed)
{
    char head[512];
    int fd = dial();
    int n = snprintf(head, sizeof head,
                     "POST /2018-06-01/runtime/%s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     what, headers, claimed);
    send_all(fd, head, (size_t)n);
    send_all(fd, bytes, len);
    if (len < claimed) {
        ping(); /* answered when the server has read what was sent */
        close(fd);
        return 0;
    }
    return receive(fd);
}

static int respond_with(const char *headers, const char *bytes, size_t len, size_t claimed)
{
    char path[128];
    snprintf(path, sizeof path, "invocation/%s/response", request_id);
    return post(path, headers, bytes, len, claimed);
}

static void respond(const char *text)
{
    respond_with("", text, strlen(text), strlen(text));
}

static void next(void)
{
    static const char request[] =
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    /* refused while the server has not seen the end of a connection that broke */
    for (int i = 0; i < 500; i++) {
        int fd = dial();
        send_all(fd, request, sizeof request - 1);
        int status = receive(fd);
        if (status == 200)
            return;
        if (status != 403)
            break;
        usleep(10000);
    }
    _exit(72);
}

static void do_echo(long n)
{
    (void)n;
    respond(body);
}

static void do_allocate(long n)
{
    for (long i = 0; i < n; i++) {
        char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            break;
        memset(p, 1, MB);
    }
    respond("\"allocated\"");
}

/* The kernel kills a child, not the runtime. */
static void do_child_allocate(long n)
{
    pid_t child = fork();
    if (child == 0) {
        do_allocate(n);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    sleep(2);
    respond("\"survived\"");
}

static void do_sleep(long n)
{
    usleep((useconds_t)n * 1000);
    respond("\"slept\"");
}

static void do_linger(long n)
{
    respond("\"early\"");
    usleep((useconds_t)n * 1000);
}

static void do_tmp(long n)
{
    static char block[MB];
    int fd = open("/tmp/big", O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    long written = 0;
    int failed = 0;
    memset(block, 'x', sizeof block);
    while (fd >= 0 && written < n && !failed) {
        if (write(fd, block, sizeof block) == sizeof block)
            written++;
        else
            failed = errno;
    }
    close(fd);
    unlink("/tmp/big");
    snprintf(answer, sizeof answer, "{\"written\":%ld,\"failed\":\"%s\"}", written,
             failed == ENOSPC   ? "ENOSPC"
             : failed || fd < 0 ? "other"
                                : "");
    respond(answer);
}

static void do_exit(long n)
{
    _exit((int)n);
}

static void do_signal(long n)
{
    signal((int)n, SIG_DFL);
    kill(getpid(), (int)n);
    pause();
}

static void do_fork(long n)
{
    long count = 0;
    while (count < n) {
        pid_t child = fork();
        if (child == 0)
            for (;;)
                pause();
        if (child < 0)
            break;
        count++;
    }
    snprintf(answer, sizeof answer, "{\"forked\":%ld,\"again\":%s}", count,
             count < n && errno == EAGAIN ? "true" : "false");
    respond(answer);
}

static void do_fork_bomb(long n)
{
    (void)n;
    for (;;)
        fork();
}

static void do_large(long n)
{
    char *bytes = malloc((size_t)n);
    memset(bytes, '7', (size_t)n);
    respond_with("", bytes, (size_t)n, (size_t)n);
    free(bytes);
}

static void do_truncate(long n)
{
    respond_with("", "\"half", 5, (size_t)n);
}

static void do_mode(long n)
{
    (void)n;
    respond_with("Lambda-Runtime-Function-Response-Mode: rushing\r\n", "1", 1, 1);
}

static void do_error(long n)
{
    static const char text[] = "{\"errorType\":\"Odd\", \"errorMessage\":\"as asked\",\"x\":[]}";
    char path[128];
    (void)n;
    snprintf(path, sizeof path, "invocation/%s/error", request_id);
    post(path, "Lambda-Runtime-Function-Error-Type: Function.Odd\r\n", text, sizeof text - 1,
         sizeof text - 1);
}

static void do_init_error(long n)
{
    static const char text[] =
        "{\"errorMessage\":\"no config\",\"errorType\":\"Config\",\"requestId\":\"\"}";
    post("init/error", "Lambda-Runtime-Function-Error-Type: Runtime.BadConfig\r\n", text,
         sizeof text - 1, sizeof text - 1);
    _exit((int)n);
}

static void do_print(long n)
{
    static char line[1024];
    memset(line, 'p', sizeof line);
    line[sizeof line - 1] = '\n';
    for (long i = 0; n < 0 || i < n; i++)
        if (write(1, line, sizeof line) < 0)
            _exit(73);
    respond("\"printed\"");
}

static void print_line(size_t n)
{
    char *bytes = malloc(n + 1);
    memset(bytes, 'l', n);
    bytes[n] = '\n';
    for (size_t at = 0; n && at <= n;) {
        ssize_t done = write(1, bytes + at, n + 1 - at);
        if (done <= 0)
            _exit(74);
        at += (size_t)done;
    }
    free(bytes);
}

/* One line of n bytes, then two more on both pipes, the last one without its end. */
static void do_line(long n)
{
    print_line((size_t)n);
    if (write(1, "after\n", 6) < 0 || write(2, "unfinished", 10) < 0)
        _exit(74);
    respond("\"lined\"");
}

/* Memory, /tmp and a background process that counts every 10 ms; prints a line of n bytes. */
static void do_count(long n)
{
    static int calls;
    char text[32] = "";
    print_line((size_t)n);
    int fd = open("/tmp/count", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    ssize_t len = read(fd, text, sizeof text - 1);
    int kept = len > 0 ? atoi(text) : 0;
    int written = snprintf(text, sizeof text, "%d", kept + 1);
    if (pwrite(fd, text, (size_t)written, 0) < 0)
        _exit(75);
    close(fd);
    if (!ticks) {
        ticks =
            mmap(NULL, sizeof *ticks, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (fork() == 0)
            for (;; ++*ticks)
                usleep(10000);
    }
    snprintf(answer, sizeof answer, "{\"calls\":%d,\"tmp\":%d,\"ticks\":%d}", ++calls, kept + 1,
             *ticks);
    respond(answer);
}

static void on_signal(int sig)
{
    (void)sig;
}

/* A background process that timers of its own continue whenever somebody stops it, for ten seconds;
 * then as do_count. Each fires once: a signal to stop discards one to continue that waits, and a
 * timer whose signal was lost does not fire again. */
static void do_wake(long n)
{
    pid_t parent = getpid();
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGCONT};
    if (fork() == 0) {
        signal(SIGCONT, on_signal);
        for (int i = 1; i <= 200; i++) {
            struct itimerspec once = {.it_value = {i / 20, i % 20 * 50000000L}};
            if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
                timer_settime(timer, 0, &once, NULL) < 0)
                _exit(76);
        }
        while (kill(parent, 0) == 0)
            usleep(1000);
        _exit(0);
    }
    usleep(100000);
    do_count(n);
}

static void do_env(long n)
{
    size_t at = 1;
    (void)n;
    strcpy(answer, "[");
    for (char **e = environ; *e; e++)
        at += (size_t)snprintf(answer + at, sizeof answer - at, "%s\"%s\"", e == environ ? "" : ",",
                               *e);
    strcpy(answer + at, "]");
    respond(answer);
}

static void do_text(long n)
{
    (void)n;
    respond("{\n  \"a\": [1,\n 2]\n}\n");
}

/* The bytes of the event's member "hex", as a line on both pipes and as the answer. */
static void do_raw(long n)
{
    static char bytes[4096];
    const char *hex = strstr(body, "\"hex\":\"");
    size_t len = 0;
    unsigned byte;
    for (hex = hex ? hex + 7 : ""; len < sizeof bytes - 1 && sscanf(hex, "%2x", &byte) == 1;
         hex += 2)
        bytes[len++] = (char)byte;
    bytes[len] = '\n';
    for (int fd = 1; fd <= 2; fd++)
        if (write(fd, bytes, len + 1) < 0)
            _exit(73);
    (void)n;
    respond_with("", bytes, len, len);
}

static const struct {
    const char *name;
    void (*fn)(long n);
} deeds[] = {
    {"echo", do_echo},
    {"allocate", do_allocate},
    {"child-allocate", do_child_allocate},
    {"sleep", do_sleep},
    {"linger", do_linger},
    {"tmp", do_tmp},
    {"exit", do_exit},
    {"signal", do_signal},
    {"fork", do_fork},
    {"fork-bomb", do_fork_bomb},
    {"large", do_large},
    {"truncate", do_truncate},
    {"mode", do_mode},
    {"error", do_error},
    {"init-error", do_init_error},
    {"print", do_print},
    {"line", do_line},
    {"count", do_count},
    {"wake", do_wake},
    {"env", do_env},
    {"text", do_text},
    {"raw", do_raw},
};

static void act(const char *text)
{
    char name[32] = "";
    long n = 0;
    sscanf(text, "%31[a-z-] %ld", name, &n);
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(deeds[i].name, name) == 0) {
            deeds[i].fn(n);
            return;
        }
    }
    do_echo(0);
}

int main(void)
{
    const char *init = getenv("INIT");
    /* never outside of a jail: what it does would hurt the machine */
    if (getuid() != 993)
        _exit(76);
    /* "sleep once 20000": only when /tmp is fresh */
    if (init && strncmp(init, "once ", 5) == 0) {
        init = access("/tmp/once", F_OK) == 0 ? NULL : init + 5;
        close(open("/tmp/once", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
    if (init && strncmp(init, "sleep ", 6) == 0)
        usleep((useconds_t)atol(init + 6) * 1000);
    else if (init)
        act(init);
    for (;;) {
        next();
        const char *deed = strstr(body, "\"do\":\"");
        act(deed ? deed + 6 : "echo");
    }
}
