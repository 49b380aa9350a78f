/* SPDX-License-Identifier: Apache-2.0 */
#include "env/watch.h"

#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

struct watch {
    uv_poll_t poll; /* first: libuv gives it back */
    int fd;
    bool owned;
    void (*ready)(void *cls);
    void *cls;
};

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    (void)events;
    /* a hang-up comes as a status or as readable: the reader finds out */
    (void)status;
    w->ready(w->cls);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct watch *watch_open(struct uv_loop_s *loop, int fd, bool owned, void (*ready)(void *cls),
                         void *cls, struct err *err)
{
    struct watch *w = calloc(1, sizeof *w);
    int status = w ? uv_poll_init(loop, &w->poll, fd) : UV_ENOMEM;
    if (status < 0) {
        err_set(err, ERR_SYSTEM, "watch a descriptor: %s", uv_strerror(status));
        if (owned)
            close(fd);
        free(w);
        return NULL;
    }
    w->poll.data = w;
    w->fd = fd;
    w->owned = owned;
    w->ready = ready;
    w->cls = cls;
    status = uv_poll_start(&w->poll, UV_READABLE | UV_DISCONNECT, on_ready);
    if (status < 0) {
        err_set(err, ERR_SYSTEM, "watch a descriptor: %s", uv_strerror(status));
        watch_close(w);
        return NULL;
    }
    return w;
}

int watch_fd(const struct watch *w)
{
    return w->fd;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    uv_close((uv_handle_t *)&w->poll, on_closed);
    if (w->owned)
        close(w->fd);
}
