/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/runloop.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "env/watch.h"
#include "launch/command.h"

static int block_signals(struct runloop *r, void (*on_signal)(void *cls), void *cls,
                         struct err *err)
{
    sigset_t set = command_signals();
    /* a reader that is gone is an error of write, not a death */
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_sys(err, "block signals");
    r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->signal_fd < 0)
        return err_sys(err, "open a signalfd");
    r->signals = watch_open(&r->loop, r->signal_fd, false, on_signal, cls, err);
    return r->signals ? 0 : -1;
}

int runloop_open(struct runloop *r, void (*on_signal)(void *cls), void *cls, struct err *err)
{
    *r = (struct runloop){.signal_fd = -1};
    int status = uv_loop_init(&r->loop);
    if (status < 0)
        return err_set(err, ERR_SYSTEM, "open an event loop: %s", uv_strerror(status));
    if (block_signals(r, on_signal, cls, err) == 0)
        return 0;
    runloop_close(r);
    runloop_unblock();
    return -1;
}

void runloop_close(struct runloop *r)
{
    watch_close(r->signals);
    r->signals = NULL;
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
    attr_close(&r->signal_fd);
}

void runloop_unblock(void)
{
    sigset_t set = command_signals();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}
