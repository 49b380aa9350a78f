/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: a Runtime API client of bare C and one socket that decodes nothing and answers null.
 * What a runtime needs beyond this is its own cost. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (8 << 20)

static char host[64];

static int connect_api(const char *address)
{
    const char *colon = strrchr(address, ':');
    if (!colon || (size_t)(colon - address) >= sizeof host)
        return -1;
    memcpy(host, address, (size_t)(colon - address));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
        return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return -1;
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

/* Value of a header in the block, NULL when absent. */
static const char *header_find(const char *block, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = strstr(block, "\r\n"); p; p = strstr(p, "\r\n")) {
        p += 2;
        if (strncasecmp(p, name, len) == 0 && p[len] == ':')
            return p + len + 1 + strspn(p + len + 1, " ");
    }
    return NULL;
}

/* Reads one response into buffer. 0, or -1 when the server is gone. */
static int response_read(int fd, char *buffer)
{
    size_t have = 0, want = 0;
    do {
        ssize_t n = read(fd, buffer + have, BUFFER_SIZE - 1 - have);
        if (n <= 0)
            return -1;
        have += (size_t)n;
        if (want == 0) {
            buffer[have] = '\0';
            const char *end = strstr(buffer, "\r\n\r\n");
            const char *length = end ? header_find(buffer, "Content-Length") : NULL;
            if (length)
                want = (size_t)(end + 4 - buffer) + strtoul(length, NULL, 10);
        }
    } while (want == 0 || have < want);
    return 0;
}

static int send_all(int fd, const char *text, int len)
{
    return write(fd, text, (size_t)len) == len ? 0 : -1;
}

int main(void)
{
    const char *address = getenv("AWS_LAMBDA_RUNTIME_API");
    int fd = address ? connect_api(address) : -1;
    char *buffer = malloc(BUFFER_SIZE);
    if (fd < 0 || !buffer)
        return 1;
    char next[256], answer[512];
    int next_len = snprintf(next, sizeof next,
                            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"
                            "Host: %s\r\n\r\n",
                            address);
    for (;;) {
        if (send_all(fd, next, next_len) != 0 || response_read(fd, buffer) != 0)
            return 0;
        const char *id = header_find(buffer, "Lambda-Runtime-Aws-Request-Id");
        if (!id)
            return 1;
        int len = snprintf(answer, sizeof answer,
                           "POST /2018-06-01/runtime/invocation/%.*s/response HTTP/1.1\r\n"
                           "Host: %s\r\nContent-Type: application/json\r\n"
                           "Content-Length: 4\r\n\r\nnull",
                           (int)strcspn(id, "\r"), id, address);
        if (send_all(fd, answer, len) != 0 || response_read(fd, buffer) != 0)
            return 0;
    }
}
