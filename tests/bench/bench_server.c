/* SPDX-License-Identifier: Apache-2.0 */
/* Plays the Runtime API for one runtime process and measures it.
 *
 *   bench_server EVENT-FILE WARMUP COUNT CPU COMMAND...
 *
 * Starts the command with AWS_LAMBDA_RUNTIME_API set, pinned to the same CPU as itself (-1: not
 * pinned), gives it WARMUP + COUNT events and kills it. Prints one JSON line:
 *   start_us   from fork to the first request for an event
 *   rss_kb     resident memory of the process while it waits for its first event
 *   wall_us    median from sending an event to the next request for one (COUNT events)
 *   cpu_us     CPU time of the process for each of them, on average
 * Exit 1, with the reason, when the runtime answers with an error or ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "request.h"

#define CONNS_MAX  16 /* some runtimes use one connection for events and another for answers */
#define COUNT_MAX  1000000
#define SILENCE_MS 120000 /* a runtime that asks for nothing for this long hangs */
#define TICK_MS    100    /* how often a silent runtime is looked at */

struct conn {
    int fd;
    struct request request;
};

struct bench {
    pid_t pid;
    int listener;
    struct conn conns[CONNS_MAX];
    int nconns;
    char *event; /* the whole response with its head */
    size_t event_len;
    long warmup, count, done; /* done: answered events */
    int64_t started_ns, sent_ns, cpu_start_ns;
    double start_us;
    long rss_kb;
    int64_t *took_ns;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static pid_t child; /* for die() */

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "bench_server: ");
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n");
    va_end(args);
    if (child > 0)
        kill(child, SIGKILL);
    exit(1);
}

static int64_t child_cpu_ns(void)
{
    clockid_t clock;
    if (clock_getcpuclockid(child, &clock) != 0)
        die("no CPU clock of process %d", (int)child);
    return clock_ns(clock);
}

static long child_rss_kb(void)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmRSS: %ld kB", &kb) == 1)
            break;
    if (f)
        fclose(f);
    return kb;
}

/* The event as the response to "next", complete with its head. */
static void event_load(struct bench *b, const char *path)
{
    FILE *f = fopen(path, "re");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0)
        die("'%s': %s", path, strerror(errno));
    size_t size = (size_t)st.st_size;
    b->event = malloc(size + 1024);
    if (!b->event)
        die("no memory for an event of %zu bytes", size);
    int head = snprintf(b->event, 1024,
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        "Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n"
                        "Lambda-Runtime-Deadline-Ms: %lld\r\n"
                        "Lambda-Runtime-Invoked-Function-Arn: "
                        "arn:aws:lambda:us-east-1:123456789012:function:bench\r\n"
                        "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;"
                        "Parent=9a9197af755a6419;Sampled=0\r\n"
                        "Date: Sat, 21 Nov 2026 11:00:00 GMT\r\nContent-Length: %zu\r\n\r\n",
                        (long long)(clock_ns(CLOCK_REALTIME) / 1000000 + 900000), size);
    if (fread(b->event + head, 1, size, f) != size)
        die("'%s' cannot be read", path);
    b->event_len = (size_t)head + size;
    fclose(f);
}

static uint16_t listen_any(struct bench *b)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    b->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (b->listener < 0 || bind(b->listener, (struct sockaddr *)&at, len) != 0 ||
        listen(b->listener, CONNS_MAX) != 0 ||
        getsockname(b->listener, (struct sockaddr *)&at, &len) != 0)
        die("no listening socket: %s", strerror(errno));
    return ntohs(at.sin_port);
}

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        die("cannot run on CPU %d: %s", cpu, strerror(errno));
}

static void child_start(struct bench *b, char **argv, uint16_t port)
{
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)port);
    setenv("AWS_LAMBDA_RUNTIME_API", address, 1);
    b->started_ns = clock_ns(CLOCK_MONOTONIC);
    b->pid = fork();
    if (b->pid < 0)
        die("fork: %s", strerror(errno));
    if (b->pid == 0) {
        execvp(argv[0], argv);
        fprintf(stderr, "bench_server: '%s': %s\n", argv[0], strerror(errno));
        _exit(127);
    }
    child = b->pid;
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n < 0)
            die("the runtime closed its connection: %s", strerror(errno));
        bytes += n;
        len -= (size_t)n;
    }
}

static void send_text(int fd, const char *text)
{
    send_all(fd, text, strlen(text));
}

/* A request for an event: notes the times, sends it. true when all have been answered. */
static bool on_next(struct bench *b, struct conn *c)
{
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (b->sent_ns == 0) {
        b->start_us = (double)(now - b->started_ns) / 1e3;
        if (b->count == 0) {
            poll(NULL, 0, 5); /* until it sleeps */
            b->rss_kb = child_rss_kb();
            return true;
        }
    } else if (b->done > b->warmup) {
        b->took_ns[b->done - b->warmup - 1] = now - b->sent_ns;
    }
    if (b->done == b->warmup + b->count)
        return true;
    if (b->done == b->warmup)
        b->cpu_start_ns = child_cpu_ns();
    b->sent_ns = clock_ns(CLOCK_MONOTONIC);
    send_all(c->fd, b->event, b->event_len);
    return false;
}

/* Acts on a complete request. true when the measurement is over. */
static bool on_request(struct bench *b, struct conn *c)
{
    static const char accepted[] =
        "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"
        "Date: Sat, 21 Nov 2026 11:00:00 GMT\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n";
    const struct request *r = &c->request;
    if (request_is(r, "GET", "/invocation/next"))
        return on_next(b, c);
    if (!request_is(r, "POST", "/response"))
        die("the runtime sent %.300s", r->bytes);
    b->done++;
    send_all(c->fd, accepted, sizeof accepted - 1);
    return false;
}

static void conn_accept(struct bench *b)
{
    int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0 || b->nconns == CONNS_MAX)
        die("too many connections");
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    b->conns[b->nconns] = (struct conn){.fd = fd};
    if (request_init(&b->conns[b->nconns].request) != 0)
        die("no memory");
    b->nconns++;
}

static void conn_close(struct bench *b, int i)
{
    close(b->conns[i].fd);
    request_fini(&b->conns[i].request);
    b->conns[i] = b->conns[--b->nconns];
}

/* Reads what has arrived. true when the measurement is over. */
static bool conn_read(struct bench *b, int i)
{
    struct conn *c = &b->conns[i];
    size_t room;
    char *at = request_room(&c->request, &room);
    ssize_t n = at ? recv(c->fd, at, room, 0) : -1;
    if (n <= 0) {
        conn_close(b, i);
        return false;
    }
    switch (request_add(&c->request, (size_t)n)) {
    case REQUEST_BAD:
        die("not HTTP: %.200s", c->request.bytes);
    case REQUEST_EXPECTS:
        send_text(c->fd, "HTTP/1.1 100 Continue\r\n\r\n");
        return false;
    case REQUEST_PARTIAL:
        return false;
    case REQUEST_COMPLETE:
        break;
    }
    bool over = on_request(b, c);
    request_reset(&c->request);
    return over;
}

/* Waits until a descriptor is ready; dies when the runtime has ended or hangs. */
static void wait_ready(struct bench *b, struct pollfd *fds, int nfds)
{
    for (int silent = 0; silent < SILENCE_MS; silent += TICK_MS) {
        if (poll(fds, (nfds_t)nfds, TICK_MS) > 0)
            return;
        if (b->nconns == 0 && waitpid(b->pid, NULL, WNOHANG) == b->pid) {
            child = 0;
            die("the runtime ended before its work was done");
        }
    }
    die("the runtime sent nothing for %d s", SILENCE_MS / 1000);
}

static void serve(struct bench *b)
{
    for (;;) {
        struct pollfd fds[CONNS_MAX + 1] = {{.fd = b->listener, .events = POLLIN}};
        for (int i = 0; i < b->nconns; i++)
            fds[i + 1] = (struct pollfd){.fd = b->conns[i].fd, .events = POLLIN};
        int nconns = b->nconns;
        wait_ready(b, fds, nconns + 1);
        for (int i = nconns; i > 0; i--)
            if (fds[i].revents && conn_read(b, i - 1))
                return;
        if (fds[0].revents)
            conn_accept(b);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void report(struct bench *b)
{
    printf("{\"start_us\": %.1f, \"rss_kb\": %ld", b->start_us, b->rss_kb);
    if (b->count > 0) {
        double cpu = (double)(child_cpu_ns() - b->cpu_start_ns) / 1e3 / (double)b->count;
        qsort(b->took_ns, (size_t)b->count, sizeof *b->took_ns, compare);
        printf(", \"wall_us\": %.2f, \"cpu_us\": %.2f", (double)b->took_ns[b->count / 2] / 1e3,
               cpu);
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    if (argc < 6) {
        fprintf(stderr, "usage: bench_server EVENT-FILE WARMUP COUNT CPU COMMAND...\n");
        return 2;
    }
    b.warmup = atol(argv[2]);
    b.count = atol(argv[3]);
    if (b.warmup < 0 || b.count < 0 || b.count > COUNT_MAX)
        die("WARMUP and COUNT are 0 to %d", COUNT_MAX);
    b.took_ns = calloc((size_t)b.count + 1, sizeof *b.took_ns);
    if (!b.took_ns)
        die("no memory");
    event_load(&b, argv[1]);
    if (atoi(argv[4]) >= 0)
        pin(atoi(argv[4]));
    child_start(&b, argv + 5, listen_any(&b));
    serve(&b);
    report(&b);
    kill(b.pid, SIGKILL);
    waitpid(b.pid, NULL, 0);
    while (b.nconns > 0)
        conn_close(&b, 0);
    close(b.listener);
    free(b.event);
    free(b.took_ns);
    return 0;
}
