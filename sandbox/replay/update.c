/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env/ids.h"
#include "launch/digest.h"
#include "launch/output.h"
#include "launch/places.h"
#include "trace/read.h"
#include "trace/write.h"

/* A recording that is written anew. */
struct file {
    char *path;      /* heap, without links */
    char *temporary; /* heap; NULL: nothing was written */
};

struct replay_update {
    const struct replay_options *options;
    char digest[DIGEST_SIZE];
    struct trace_writer *writer; /* of the last file */
    size_t at, nfiles;           /* at: of the options' traces; SIZE_MAX before the first */
    struct file *files;
};

static int check_recording(const char *path, struct err *err)
{
    enum trace_kind kind;
    struct stat st;
    bool piped = strcmp(path, "-") == 0;
    if (!piped && stat(path, &st) < 0)
        return err_sys(err, "'%.200s'", path);
    if (!piped && S_ISREG(st.st_mode)) {
        if (trace_sniff(path, NULL, &kind, err) < 0)
            return -1;
        if (kind == TRACE_KIND_RECORDING)
            return 0;
    }
    return err_set(
        err, ERR_USAGE,
        "'%.200s' is no recording: --update writes into recordings only; 'clambda invoke "
        "FUNCTION -e FILE --record t.jsonl' or 'replay ... --record t.jsonl' makes one",
        path);
}

static int check_once(const struct replay_options *o, size_t at, struct err *err)
{
    for (size_t i = 0; i < at; i++)
        if (place_is_same(o->traces[i], o->traces[at]))
            return err_set(err, ERR_USAGE,
                           "'%.200s' is named twice: --update writes each recording once",
                           o->traces[at]);
    return 0;
}

int replay_update_open(const struct replay_options *o, struct replay_update **out, struct err *err)
{
    *out = NULL;
    for (size_t i = 0; i < o->ntraces; i++)
        if (check_recording(o->traces[i], err) < 0 || check_once(o, i, err) < 0)
            return -1;
    AUTO_FREE struct replay_update *u = calloc(1, sizeof *u);
    AUTO_FREE struct file *files = calloc(o->ntraces, sizeof *files);
    if (!u || !files)
        return err_set(err, ERR_MEMORY, "no memory for the names of recordings");
    u->options = o;
    u->at = SIZE_MAX;
    if (digest_launch(&o->launch, u->digest, err) < 0)
        return -1;
    u->files = TAKE(files);
    *out = TAKE(u);
    return 0;
}

/* Hidden, and with the old ending, which says whether it is packed. */
static char *make_name(const char *path, struct err *err)
{
    char id[IDS_UUID_SIZE], *name = NULL;
    const char *base = strrchr(path, '/') + 1;
    size_t len = strlen(path);
    const char *ending = len > 3 && strcmp(path + len - 3, ".gz") == 0 ? ".gz" : "";
    if (ids_uuid(id, err) < 0)
        return NULL;
    if (asprintf(&name, "%.*s.%.8s.clambda%s", (int)(base - path), path, id, ending) < 0) {
        err_set(err, ERR_MEMORY, "no memory for a name");
        return NULL;
    }
    return name;
}

static int close_writer(struct replay_update *u, struct err *err)
{
    struct trace_writer *writer = u->writer;
    u->writer = NULL;
    return trace_writer_close(writer, err);
}

/* Owner and mode are those of the file that it will replace, as far as they can be. */
static int begin_file(struct replay_update *u, const char *source, struct err *err)
{
    struct stat st;
    if (close_writer(u, err) < 0)
        return -1;
    struct file *f = &u->files[u->nfiles++];
    f->path = realpath(source, NULL);
    if (!f->path || stat(f->path, &st) < 0)
        return err_sys(err, "'%.200s'", source);
    f->temporary = make_name(f->path, err);
    if (!f->temporary)
        return -1;
    const struct trace_write_options o = {.path = f->temporary,
                                          .function = u->options->launch.settings.name,
                                          .digest = u->digest,
                                          .redact = u->options->launch.record.redact};
    u->writer = trace_writer_open(&o, err);
    if (!u->writer)
        return err_wrap(err, "--update");
    if (chown(f->temporary, st.st_uid, st.st_gid) < 0 && st.st_uid != geteuid())
        output_note("warning: '%.200s' will belong to you: its owner cannot be kept", source);
    if (chmod(f->temporary, st.st_mode & 0777) < 0)
        return err_sys(err, "mode of '%.200s'", f->temporary);
    return 0;
}

int replay_update_add(struct replay_update *u, const struct trace_entry *recorded,
                      const struct trace_entry *now, struct err *err)
{
    struct trace_entry entry = *now;
    if (!u->writer || strcmp(recorded->source, u->options->traces[u->at]) != 0) {
        while (++u->at < u->options->ntraces &&
               strcmp(recorded->source, u->options->traces[u->at]) != 0)
            ;
        if (u->at >= u->options->ntraces)
            return err_set(err, ERR_INPUT, "'%.200s' is none of the recordings", recorded->source);
        if (begin_file(u, u->options->traces[u->at], err) < 0)
            return -1;
    }
    /* when it was, and which it was, stays: pace and exports of logs go by it */
    entry.time_ms = recorded->time_ms;
    if (recorded->request_id.ptr)
        entry.request_id = recorded->request_id;
    return trace_write(u->writer, &entry, err);
}

int replay_update_publish(struct replay_update *u, size_t differing, struct err *err)
{
    if (close_writer(u, err) < 0)
        return -1;
    if (differing == 0) {
        output_note("nothing differs: the recordings stay as they are");
        return 0;
    }
    for (size_t i = 0; i < u->nfiles; i++) {
        struct file *f = &u->files[i];
        if (rename(f->temporary, f->path) < 0)
            return err_sys(err, "give '%.200s' its new answers", f->path);
        free(f->temporary);
        f->temporary = NULL;
        output_note("'%.200s' has the new answers", f->path);
    }
    return 0;
}

void replay_update_close(struct replay_update *u)
{
    struct err ignored = {0};
    if (!u)
        return;
    (void)!close_writer(u, &ignored);
    for (size_t i = 0; i < u->nfiles; i++) {
        if (u->files[i].temporary)
            unlink(u->files[i].temporary);
        free(u->files[i].temporary);
        free(u->files[i].path);
    }
    free(u->files);
    free(u);
}
