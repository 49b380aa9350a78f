/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"

#define ID_SIZE     37
#define TABLE_SLOTS (REPLAY_MEASURED_MAX * 2)

/* What a log tells of one invocation. */
struct measured {
    char id[ID_SIZE]; /* empty: free */
    bool cold, cold_known;
    enum trace_status status;
    int64_t duration_us, init_us, memory_mb, max_memory_mb;
};

struct replay_source {
    struct trace_reader *reader;
    const char **paths; /* without the exports; heap */
    size_t npaths;
    struct measured *table; /* heap, by hash; NULL: no export */
    size_t count;
};

static size_t hash(const char *id, size_t len)
{
    uint64_t h = hash_bytes(id, len);
    return (size_t)(h ^ h >> 32);
}

/* Where the id is, or a free place. */
static struct measured *find(struct replay_source *s, struct trace_text id)
{
    size_t i = hash(id.ptr, id.len) % TABLE_SLOTS;
    while (s->table[i].id[0] &&
           (strlen(s->table[i].id) != id.len || memcmp(s->table[i].id, id.ptr, id.len) != 0))
        i = (i + 1) % TABLE_SLOTS;
    return &s->table[i];
}

static int remember(struct replay_source *s, const struct trace_entry *e, struct err *err)
{
    if (e->request_id.len == 0 || e->request_id.len >= ID_SIZE)
        return 0;
    struct measured *m = find(s, e->request_id);
    if (!m->id[0] && ++s->count > REPLAY_MEASURED_MAX)
        return err_set(err, ERR_LIMIT,
                       "'%.200s' has more than %d invocations, which is what is remembered of "
                       "exports: split it",
                       e->source, REPLAY_MEASURED_MAX);
    *m = (struct measured){.cold = e->cold,
                           .cold_known = e->cold_known,
                           .status = e->status,
                           .duration_us = e->duration_us,
                           .init_us = e->init_us,
                           .memory_mb = e->memory_mb,
                           .max_memory_mb = e->max_memory_mb};
    memcpy(m->id, e->request_id.ptr, e->request_id.len);
    return 0;
}

static int read_export(struct replay_source *s, const struct trace_read_options *o,
                       const char *path, struct err *err)
{
    struct trace_read_options one = *o;
    struct trace_entry entry;
    int status;
    one.paths = &path;
    one.npaths = 1;
    if (!s->table)
        s->table = calloc(TABLE_SLOTS, sizeof *s->table);
    if (!s->table)
        return err_set(err, ERR_MEMORY, "no memory for the measurements of a log");
    struct trace_reader *reader = trace_open(&one, err);
    if (!reader)
        return -1;
    while ((status = trace_next(reader, &entry, err)) > 0)
        if (!entry.event.ptr && remember(s, &entry, err) < 0) {
            status = -1;
            break;
        }
    trace_close(reader);
    return status;
}

/* What is read once, and by the reader: nothing may be taken from it to see what it is. */
static bool is_piped(const char *path)
{
    struct stat st;
    return strcmp(path, "-") == 0 ||
           (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

static int sort_paths(struct replay_source *s, const struct trace_read_options *o, struct err *err)
{
    s->paths = calloc(o->npaths + 1, sizeof *s->paths);
    if (!s->paths)
        return err_set(err, ERR_MEMORY, "no memory for the names of traces");
    for (size_t i = 0; i < o->npaths; i++) {
        enum trace_kind kind = TRACE_KIND_EVENT;
        if (!is_piped(o->paths[i]) && trace_sniff(o->paths[i], o->kind, &kind, err) < 0)
            return -1;
        if (kind != TRACE_KIND_LOG_EXPORT)
            s->paths[s->npaths++] = o->paths[i];
        else if (read_export(s, o, o->paths[i], err) < 0)
            return -1;
    }
    if (s->npaths)
        return 0;
    return err_set(err, ERR_INPUT,
                   "'%.200s' has measurements only, no events: a log does not hold them; name the "
                   "events, too",
                   o->paths[0]);
}

struct replay_source *replay_source_open(const struct trace_read_options *o, struct err *err)
{
    struct replay_source *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(err, ERR_MEMORY, "no memory for reading traces");
        return NULL;
    }
    if (sort_paths(s, o, err) == 0) {
        struct trace_read_options rest = *o;
        rest.paths = s->paths;
        rest.npaths = s->npaths;
        s->reader = trace_open(&rest, err);
    }
    if (s->reader)
        return s;
    replay_source_close(s);
    return NULL;
}

/* What the trace itself knows counts first. */
static void measure(struct replay_source *s, struct trace_entry *e)
{
    const struct measured *m;
    if (!s->table || e->request_id.len == 0 || e->request_id.len >= ID_SIZE)
        return;
    m = find(s, e->request_id);
    if (!m->id[0])
        return;
    if (e->duration_us == TRACE_UNKNOWN)
        e->duration_us = m->duration_us;
    if (e->init_us == TRACE_UNKNOWN)
        e->init_us = m->init_us;
    if (e->memory_mb == TRACE_UNKNOWN)
        e->memory_mb = m->memory_mb;
    if (e->max_memory_mb == TRACE_UNKNOWN)
        e->max_memory_mb = m->max_memory_mb;
    if (e->status == TRACE_STATUS_UNKNOWN)
        e->status = m->status;
    if (!e->cold_known) {
        e->cold = m->cold;
        e->cold_known = m->cold_known;
    }
}

int replay_source_next(struct replay_source *s, struct trace_entry *out, struct err *err)
{
    int status = trace_next(s->reader, out, err);
    if (status <= 0)
        return status;
    if (!out->event.ptr)
        return err_set(err, ERR_INPUT,
                       "'%.200s', line %zu: measurements without an event, in a trace that has "
                       "events: name the log's export as a file of its own",
                       out->source, out->line);
    measure(s, out);
    return 1;
}

bool replay_source_is_empty(const struct replay_source *s)
{
    return trace_is_empty(s->reader);
}

enum trace_kind replay_source_kind(const struct replay_source *s)
{
    return trace_kind(s->reader);
}

void replay_source_progress(const struct replay_source *s, uint64_t *out_done, uint64_t *out_total)
{
    trace_progress(s->reader, out_done, out_total);
}

void replay_source_close(struct replay_source *s)
{
    if (!s)
        return;
    trace_close(s->reader);
    free(s->paths);
    free(s->table);
    free(s);
}
