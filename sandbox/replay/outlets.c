/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outlets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "launch/places.h"
#include "replay/written.h"

/* Settings may name one file twice, spelled in two ways: its lines stand one behind the other. */
static int share(const struct replay_outlets *out, const struct stat *st)
{
    struct stat other;
    for (size_t i = 0; i < out->count; i++)
        if (fstat(out->items[i].fd, &other) == 0 && other.st_dev == st->st_dev &&
            other.st_ino == st->st_ino)
            return fcntl(out->items[i].fd, F_DUPFD_CLOEXEC, 0);
    return -1;
}

static int open_outlet(struct replay_outlets *out, const char *path, struct err *err)
{
    /* a pipe without a reader is no place to wait for one */
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat st;
    if (fd < 0) {
        err_sys(err, "open '%.200s'", path);
        if (err->sys == EISDIR || err->sys == ENXIO)
            err->kind = ERR_INPUT;
        return err_place(err);
    }
    if (fstat(fd, &st) < 0)
        return err_sys(err, "look at '%.200s'", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_INPUT, "'%.200s' is no regular file", path);
    int shared = share(out, &st);
    out->items[out->count++] = (struct replay_outlet){path, shared < 0 ? TAKE_FD(fd) : shared};
    return 0;
}

int replay_outlets_open(struct replay_outlets *out, const struct mapping_settings *s,
                        const struct replay_options *o, struct err *err)
{
    const char *const paths[REPLAY_OUTLETS_MAX] = {s->dlq, s->on_failure, s->on_success};
    static const char *const names[REPLAY_OUTLETS_MAX] = {"dlq", "on-failure", "on-success"};
    const char *smallest = replay_written_smallest(o);
    *out = (struct replay_outlets){.claim_fd = -1};
    if (smallest && place_claim(smallest, &out->claim_fd, err) < 0) {
        out->claim_fd = -1;
        return err_wrap(err, "name another file in --smallest");
    }
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (paths[i] && open_outlet(out, paths[i], err) < 0)
            return err_wrap(err, "'%s' of --source", names[i]);
    return 0;
}

int replay_outlets_empty(struct replay_outlets *out, struct err *err)
{
    for (size_t i = 0; i < out->count && !out->emptied; i++)
        if (ftruncate(out->items[i].fd, 0) < 0)
            return err_sys(err, "empty '%.200s'", out->items[i].path);
    out->emptied = true;
    return 0;
}

void replay_outlets_close(struct replay_outlets *out)
{
    for (size_t i = 0; i < out->count; i++)
        attr_close(&out->items[i].fd);
    out->count = 0;
    attr_close(&out->claim_fd);
}

static int write_all(int fd, const char *bytes, size_t len, struct err *err)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "write");
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

int replay_outlets_deliver(void *outlets, const char *path, const char *line, size_t len,
                           struct err *err)
{
    const struct replay_outlets *out = outlets;
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->items[i].path, path) != 0)
            continue;
        bool ended = len > 0 && line[len - 1] == '\n';
        if (write_all(out->items[i].fd, line, len, err) == 0 &&
            write_all(out->items[i].fd, "\n", ended ? 0 : 1, err) == 0)
            return 0;
        return err_wrap(err, "'%.200s'", path);
    }
    return 0;
}
